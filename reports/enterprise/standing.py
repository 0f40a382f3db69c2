"""Sections of the enterprise report: reasons of the score, dimensions, warnings, data trust."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from reports.answers import Lake
from reports.change_charts import shift_chart, steps_chart
from reports.changes import of_date
from reports.comparisons import DIRECTION, LEVEL, NO_WARNINGS, SAYS_COLUMNS, changed
from reports.enterprise import questions
from reports.enterprise.facts import Facts
from reports.kinds import (
    CHANGE_POINTS,
    COUNT,
    DATE,
    LONG_TEXT,
    MEASURED,
    POINTS,
    SHARE,
    YES_NO,
    coded,
    plain_text,
)
from reports.parts import Chart, Column, Section, Table, Words
from reports.portfolio.calibration import NO_MODEL

REASON_COLUMNS = (
    Column("points", Words("Points", "分值"), CHANGE_POINTS),
    Column("reason_en", Words("Reason", "原因（英文）"), LONG_TEXT),
    Column("reason_zh", Words("In Chinese", "中文"), LONG_TEXT),
    Column("value", Words("Feature value", "特征值"), MEASURED),
    Column("bin", Words("Bin", "分箱")),
    Column("feature", Words("Feature", "特征")),
)
DIMENSION_COLUMNS = (
    Column("domain", Words("Domain", "领域")),
    Column("title_en", Words("Dimension", "维度（英文）")),
    Column("title_zh", Words("In Chinese", "中文")),
    Column("before", Words("Before", "前次"), POINTS),
    Column("now", Words("Now", "本次"), POINTS),
    Column("change", Words("Change", "变动"), CHANGE_POINTS),
    Column("overall_value", Words("Among all firms", "全体位次"), POINTS),
    Column("peer_group", Words("Peers", "同行组")),
    Column("present_ratio", Words("Inputs with data", "有数据的输入"), SHARE),
    Column("says_en", Words("What it says", "含义（英文）"), LONG_TEXT),
    Column("says_zh", Words("In Chinese", "中文"), LONG_TEXT),
)
INPUT_COLUMNS = (
    Column("title_en", Words("Dimension", "维度（英文）")),
    Column("title_zh", Words("In Chinese", "中文")),
    Column("description_en", Words("Feature", "特征（英文）"), LONG_TEXT),
    Column("description_zh", Words("In Chinese", "中文"), LONG_TEXT),
    Column("unit", Words("Unit", "单位")),
    Column("weight", Words("Weight", "权重"), MEASURED),
    Column("better", Words("Better", "优者")),
    Column("before", Words("Before", "前次"), MEASURED),
    Column("now", Words("Now", "本次"), MEASURED),
    Column("direction", Words("For the", "方向"), DIRECTION),
    Column("feature", Words("Name", "名称")),
)
WARNING_COLUMNS = (
    Column("level", Words("Level", "级别"), LEVEL),
    Column("since_date", Words("Since", "起始日"), DATE),
    *SAYS_COLUMNS,
    Column("watched_value", Words("Watched value", "监测值"), MEASURED),
    Column("amber", Words("Amber from", "黄色阈值"), MEASURED),
    Column("red", Words("Red from", "红色阈值"), MEASURED),
    Column("bad", Words("Bad side", "不利方向")),
    Column("scale", Words("Scale", "口径")),
    Column("is_counted", Words("Counts", "计入"), YES_NO),
    Column("weight_points", Words("Weight", "权重"), POINTS),
    Column("due_days", Words("Due within, days", "处理期限（天）"), COUNT),
    Column("action_en", Words("What is to be done", "处置（英文）"), LONG_TEXT),
    Column("action_zh", Words("In Chinese", "中文"), LONG_TEXT),
    Column("owner", Words("Owner", "负责人")),
    Column("indicator", Words("Indicator", "指标")),
)
LISTED_COLUMNS = (
    Column("weight_points", Words("Weight", "权重"), POINTS),
    Column("level", Words("Level", "级别"), LEVEL),
    Column("domain", Words("Domain", "领域")),
    *SAYS_COLUMNS,
    Column("since_date", Words("Since", "起始日"), DATE),
    Column("cleared_date", Words("Cleared", "解除日"), DATE),
)
TRUST_COLUMNS = (
    Column("as_of_date", Words("As of", "截至"), DATE),
    Column("month_start_date", Words("Month", "月份"), DATE),
    Column("data_trust_points", Words("Data trust", "数据可信度"), POINTS),
    Column("check_count", Words("Checks that could say", "可判检查"), COUNT),
    Column("review_count", Words("Checks for review", "需复核检查"), COUNT),
    Column("worst_check", Words("Costs most trust", "影响最大的检查")),
)
CONTRADICTION_COLUMNS = (
    Column("month_start_date", Words("Month", "月份"), DATE),
    Column("check_name", Words("Check", "检查")),
    Column(
        "verdict",
        Words("Verdict", "结论"),
        coded({"excess": "excess 偏高", "shortfall": "shortfall 偏低"}),
    ),
    Column("measured", Words("Measured", "实测"), MEASURED),
    Column("expected", Words("Expected", "预期"), MEASURED),
    Column("score_ratio", Words("Score", "得分"), SHARE),
    Column("is_for_review", Words("For review", "需复核"), YES_NO),
)
# What weighs less is no reason of a status (loomline.indicators.watch_list.LEAST_REASON).
LEAST_WEIGHT = 0.1
NO_TRUST = Words(
    "No consistency of its records has been judged as of this date.", "该日尚无数据一致性判断。"
)
NO_DIMENSIONS = Words(
    "It has no value dimensions as of this date: it has no features of the families.",
    "该日无价值维度：无可用特征。",
)


def reasons(facts: Facts) -> Section:
    """The score and what each feature gave or took."""
    _, now = facts.pair(facts.scores)
    rows = sorted(now["reasons"], key=lambda one: one["points"]) if now else []
    charts: tuple[Chart, ...] = ()
    if rows:
        labels = [plain_text(one["feature"]) for one in rows]
        points = [float(one["points"]) for one in rows]
        title = Words("Points of each feature", "各特征分值")
        charts = (Chart(title, steps_chart("points 分", labels, points)),)
    return Section(
        key="score",
        title=Words("Why it has its score", "评分原因"),
        introduction=Words(
            "Points are against the portfolio's neutral point: base points plus the points of all "
            "features give the score.",
            "分值相对组合中性点：基础分加全部特征分值等于评分。",
        ),
        charts=charts,
        tables=(
            Table(
                Words("Reasons of the score", "评分原因"),
                *("Reasons", REASON_COLUMNS, changed(facts.scores, rows), NO_MODEL),
            ),
        ),
        sources=(facts.scores,),
    )


def dimensions(facts: Facts) -> Section:
    """Each value dimension beside the median of its peers, then and now, and the features in it."""
    return Section(
        key="dimensions",
        title=Words("Value dimensions against its trade", "价值维度与同行对比"),
        introduction=Words(
            "Each is the share of its peers that it is ahead of, in points; the dashed line is the "
            "median firm of its trade, or of all where its trade is not known or too small.",
            "数值为其领先同行的比例（分）；虚线为行业中位企业，行业未知或过小时为全体企业。",
        ),
        charts=tuple(_dimension_charts(facts)),
        tables=(
            Table(
                Words("All dimensions, the largest move first", "全部维度，变动最大者在前"),
                "Dimensions",
                DIMENSION_COLUMNS,
                changed(facts.dimensions, facts.dimension_moves),
                NO_DIMENSIONS,
                on_page=False,
            ),
            Table(
                Words("Features behind the dimensions", "维度背后的特征"),
                "Dimension features",
                INPUT_COLUMNS,
                changed(facts.features, chain.from_iterable(facts.inputs.values())),
                NO_DIMENSIONS,
                on_page=False,
            ),
        ),
        sources=(facts.dimensions, facts.features),
    )


def _dimension_charts(facts: Facts) -> Iterator[Chart]:
    told = [
        row
        for row in sorted(facts.dimension_moves, key=lambda row: str(row["title_en"]))
        if row["now"] is not None or row["before"] is not None
    ]
    for domain in sorted({row["domain"] for row in told}):
        rows = [row for row in told if row["domain"] == domain]
        labels = [f"{row['title_en']} {row['title_zh']}" for row in rows]
        before, now = [row["before"] for row in rows], [row["now"] for row in rows]
        chart = shift_chart("share of peers behind it, % 领先同行比例", labels, before, now, 50)
        yield Chart(Words(domain.capitalize(), DOMAINS.get(domain, "")), chart)


DOMAINS = {
    **{"conduct": "经营行为", "finance": "财务", "market": "市场"},
    **{"production": "生产", "resources": "资源"},
}


def warnings(facts: Facts) -> Section:
    """The warnings that are on, since when, and the reasons of its status."""
    states = facts.now(facts.states)
    on = [row for row in states if row["level"] in ("amber", "red")]
    on.sort(key=lambda row: (row["level"] != "red", -row["weight_points"], row["indicator"]))
    heavy = [row for row in states if row["weight_points"] >= LEAST_WEIGHT]
    heavy.sort(key=lambda row: (-row["weight_points"], row["indicator"]))
    return Section(
        key="warnings",
        title=Words("Warnings and the watch list", "预警与关注名单"),
        introduction=Words(
            "Amber and red, red first, each with the date from which it has lasted. Its status is "
            "made of the mean weight of its domains, each by its strongest warnings; one that has "
            "cleared weighs on, less each day.",
            "红色在前，附起始日。状态取决于各领域最强预警的平均权重；已解除的预警权重逐日衰减。",
        ),
        tables=(
            Table(
                Words("Warnings that are on", "当前预警"),
                *("Warnings", WARNING_COLUMNS, changed(facts.states, map(dict, on))),
                Words("No indicator is amber or red.", "无黄色或红色指标。")
                if states
                else NO_WARNINGS,
            ),
            Table(
                Words("What weighs on its status", "状态权重来源"),
                *("Status reasons", LISTED_COLUMNS, changed(facts.states, map(dict, heavy))),
                Words("No warning weighs on it.", "无计入的预警。") if states else NO_WARNINGS,
            ),
        ),
        sources=(facts.states,),
    )


def trust(lake: Lake) -> Section:
    """How far its records bear one another out, and what contradicts what."""
    months, found = lake.ask(questions.TRUST), lake.ask(questions.CONTRADICTIONS)
    now = of_date(months.rows, lake.as_of_date)
    empty = NO_TRUST if not now else Words("Nothing contradicts.", "各项记录无矛盾。")
    return Section(
        key="trust",
        title=Words("How far its data can be trusted", "数据可信度"),
        introduction=Words(
            "What one record says set against another, by month; a full hundred where nothing "
            "contradicts.",
            "按月将一项记录与另一项对照；无矛盾则为满分。",
        ),
        tables=(
            Table(
                Words("Data trust by month", "逐月数据可信度"),
                *("Data trust", TRUST_COLUMNS, months, NO_TRUST),
            ),
            Table(
                Words("Records that contradict", "相互矛盾的记录"),
                *("Contradictions", CONTRADICTION_COLUMNS, found, empty),
            ),
        ),
    )
