"""What reports of two dates share: coded words, columns, and the table of measures then and now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from reports.answers import Answer
from reports.changes import Measure, Row, compare
from reports.kinds import (
    CHANGE_MEASURED,
    CHANGE_POINTS,
    COUNT,
    DATE,
    LONG_TEXT,
    MEASURED,
    POINTS,
    coded,
)
from reports.notices import merged
from reports.parts import Column, Table, Words

NO_EARLIER = Words(
    "The marts hold no earlier date to compare with.", "集市中没有可比较的更早日期。"
)
NO_WARNINGS = Words(
    "There are no states of warnings as of this date: the job indicators had no features.",
    "该日没有预警状态：indicators 作业无可用特征。",
)
STATUS = coded(
    {"none": "not listed 未列入", "watch": "watch 关注", "escalated": "escalated 升级"}, 18
)
LEVEL = coded(
    {
        **{"none": "none 正常", "amber": "amber 黄", "red": "red 红"},
        "cannot_say": "cannot say 无法判断",
    },
    18,
)
WARNING_CHANGE = coded(
    {
        **{"rose": "rose 升级", "fell": "fell 缓和", "cleared": "cleared 解除"},
        **{"first_said": "first said 首次可判", "silent": "silent 无数据"},
    },
    18,
)
DIRECTION = coded(
    {
        **{"worse": "▼ worse 变差", "better": "▲ better 变好"},
        **{"other": "other 变动", "same": "same 不变"},
    },
    16,
)
MEASURE_COLUMNS = (
    Column("measure_en", Words("Measure", "指标")),
    Column("measure_zh", Words("In Chinese", "中文")),
    Column("unit", Words("Unit", "单位")),
    Column("before", Words("Before", "前次"), MEASURED),
    Column("now", Words("Now", "本次"), MEASURED),
    Column("change", Words("Change", "变动"), CHANGE_MEASURED),
    Column("direction", Words("For the", "方向"), DIRECTION),
)
ENTERPRISE_COLUMNS = (
    Column("enterprise_id", Words("Enterprise", "企业")),
    Column("enterprise_name", Words("Name", "名称")),
)
SAYS_COLUMNS = (
    Column("says_en", Words("It warns that", "预警含义（英文）"), LONG_TEXT),
    Column("says_zh", Words("In Chinese", "中文"), LONG_TEXT),
)
CHANGED_WARNING_COLUMNS = (
    Column("change", Words("Change", "变动"), WARNING_CHANGE),
    Column("level_before", Words("Level before", "前次级别"), LEVEL),
    Column("level", Words("Level now", "本次级别"), LEVEL),
    *SAYS_COLUMNS,
    Column("value_before", Words("Watched value before", "前次监测值"), MEASURED),
    Column("watched_value", Words("Watched value now", "本次监测值"), MEASURED),
    Column("weight_before", Words("Weight before", "前次权重"), POINTS),
    Column("weight_points", Words("Weight now", "本次权重"), POINTS),
    Column("since_date", Words("Since", "起始日"), DATE),
    Column("indicator", Words("Indicator", "指标")),
)
WARNING_COUNT_COLUMNS = (
    *SAYS_COLUMNS,
    Column("on_before_count", Words("Firms warned before", "前次预警企业"), COUNT),
    Column("on_count", Words("Firms warned now", "本次预警企业"), COUNT),
    Column("on_change", Words("Change", "变动"), CHANGE_MEASURED),
    Column("rose_count", Words("rose", "升级"), COUNT),
    Column("first_said_count", Words("first said", "首次可判"), COUNT),
    Column("silent_count", Words("silent", "无数据"), COUNT),
    Column("fell_count", Words("fell", "缓和"), COUNT),
    Column("cleared_count", Words("cleared", "解除"), COUNT),
    Column("indicator", Words("Indicator", "指标")),
)
STEP_COLUMNS = (
    Column("points_change", Words("Points gained or lost", "分值变动"), CHANGE_POINTS),
    Column("reason_en", Words("By", "原因（英文）"), LONG_TEXT),
    Column("reason_zh", Words("In Chinese", "中文"), LONG_TEXT),
    Column("value_before", Words("Feature before", "前次特征值"), MEASURED),
    Column("value", Words("Feature now", "本次特征值"), MEASURED),
    Column("points_before", Words("Points before", "前次分值"), POINTS),
    Column("points", Words("Points now", "本次分值"), POINTS),
    Column("feature", Words("Feature", "特征")),
)


def then_and_now(
    measures: Sequence[Measure], before: Row | None, now: Row, sources: tuple[Answer, ...]
) -> Table:
    """The table of measures on both dates."""
    rows = compare(measures, before or {}, now)
    title = Words("Then and now", "前后对比")
    return Table(title, "Then and now", MEASURE_COLUMNS, merged(sources, rows), NO_EARLIER)


def changed(answer: Answer, rows: Iterable[dict[str, Any]]) -> Answer:
    """Rows that were made of an answer's, with its SQL and tables."""
    return Answer(answer.sql, tuple(rows), answer.versions, answer.missing)
