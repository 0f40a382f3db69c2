"""Section: whether the models that gave results are still right, by their daily monitoring."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from reports.answers import Answer, Lake, Question
from reports.kinds import COUNT, LONG_TEXT, Kind, Value, coded, number, plain_text
from reports.level_chart import level_chart
from reports.parts import Chart, Column, Figure, Notice, Section, Table, Words

MONITORING = "scores.model_monitoring"
# Decisions and proposals repeat what other findings say, and are no findings of their own.
CONCLUSIONS = ("decision", "proposal")
# Of the record of approvals, which holds or does not.
RECORD = "record_findings"
SELECTED = """
select
    model_name,
    model_version,
    role,
    measure,
    subject,
    level,
    value,
    lower,
    upper,
    amber,
    red,
    said_en,
    said_zh,
    enterprise_count
from scores.model_monitoring
where as_of_date = :as_of_date
"""
# The gravest first; of these the record of approvals, then what came true, then what may come.
ORDERED = """
order by
    array_position(array('red', 'amber', 'green', 'none'), level),
    array_position(
        array(
            'record_findings',
            'validation_age_days',
            'jeffreys_p_value',
            'observed_default_ratio',
            'observed_event_ratio',
            'matured_auc',
            'matured_brier',
            'true_alarm_ratio',
            'alarmed_event_ratio',
            'psi',
            'estimated_auc',
            'estimated_brier',
            'brier_difference',
            'rank_correlation',
            'mean_pd_difference',
            'grade_difference_ratio',
            'decision',
            'proposal'
        ),
        measure
    ),
    case when subject in ('portfolio', 'score') then 0 else 1 end,
    subject,
    model_name,
    model_version,
    role
"""
FINDINGS = Question((MONITORING,), f"{SELECTED.rstrip()}{ORDERED}")
ALERTS = Question(
    (MONITORING,),
    f"""{SELECTED.rstrip()}
    and level in ('red', 'amber')
    and measure not in ('decision', 'proposal'){ORDERED}""",
)

# Not the levels of warnings: there `none` is all well, here it is that nothing can be said.
LEVELS = {
    "red": Words("red", "红"),
    "amber": Words("amber", "黄"),
    "green": Words("green", "绿"),
    "none": Words("not judged", "不评判"),
}
LEVEL = coded({name: f"{words.english} {words.chinese}" for name, words in LEVELS.items()}, 18)
MEASURES = {
    RECORD: "approvals 审批记录",
    "validation_age_days": "days since validation 距上次验证天数",
    "jeffreys_p_value": "Jeffreys p-value 检验p值",
    "observed_default_ratio": "default rate 实际违约率",
    "observed_event_ratio": "event rate 实际发生率",
    "matured_auc": "AUC, observed 到期AUC",
    "matured_brier": "Brier, observed 到期Brier",
    "true_alarm_ratio": "alarms come true 预警应验率",
    "alarmed_event_ratio": "events with alarm 事件预警率",
    "psi": "PSI 群体稳定性",
    "estimated_auc": "AUC, expected 预期AUC",
    "estimated_brier": "Brier, expected 预期Brier",
    "brier_difference": "Brier apart Brier差",
    "rank_correlation": "rank correlation 排序相关",
    "mean_pd_difference": "mean PD apart ± 概率差",
    "grade_difference_ratio": "other grades 等级不同",
    "decision": "challenger 挑战者处理",
    "proposal": "proposal 建议",
}
SUBJECTS = {
    "score": "score 评分",
    "portfolio": "portfolio 组合",
    "keep": "keep the champion 保留冠军",
    "look_at": "look at the differences 查看差异",
    "propose": "propose a review 建议评审",
    "cannot_say": "cannot say 无法判断",
    "train_anew": "train anew 重新训练",
    "review_challenger": "review the challenger 评审挑战者",
    **{f"within_{days}_days": f"within {days} days {days}天内" for days in (7, 30, 60, 90)},
}
ALL_VERSIONS = "all"
# A hazard has dozens of covariates; more bars than these are no picture.
DRAWN = 15
MEASURE = coded(MEASURES, 30)
SUBJECT = coded(SUBJECTS, 32)
VERSION = coded({ALL_VERSIONS: "all 全部", "none": "none 无"}, 14)
ROLE = coded({"champion": "champion 冠军", "challenger": "challenger 挑战者"}, 20)


def figure_text(value: Value) -> str:
    """A figure of any measure: whole numbers as such, others with four decimals."""
    assert isinstance(value, int | float)
    if float(value).is_integer():
        return number(value)
    # A p-value of nought would say that a thing cannot be.
    return "<0.0001" if 0 < value < 0.00005 else number(value, 4)


FOUND = Kind(figure_text, "0.0000")
SAID_COLUMNS = (
    Column("said_en", Words("What was found", "发现（英文）"), LONG_TEXT),
    Column("said_zh", Words("In Chinese", "中文"), LONG_TEXT),
)
# The sentences say what each is of; names of features would push them off the page.
ALERT_COLUMNS = (
    Column("level", Words("Level", "级别"), LEVEL),
    Column("measure", Words("Measure", "指标"), MEASURE),
    Column("value", Words("Value", "取值"), FOUND),
    Column("amber", Words("Amber from", "黄色界限"), FOUND),
    Column("red", Words("Red from", "红色界限"), FOUND),
    Column("model_name", Words("Model", "模型")),
    Column("model_version", Words("Version", "版本"), VERSION),
    *SAID_COLUMNS,
)
FINDING_COLUMNS = (
    Column("level", Words("Level", "级别"), LEVEL),
    Column("measure", Words("Measure", "指标"), MEASURE),
    Column("subject", Words("Of", "对象"), SUBJECT),
    Column("value", Words("Value", "取值"), FOUND),
    Column("lower", Words("95 % from", "区间下限"), FOUND),
    Column("upper", Words("to", "区间上限"), FOUND),
    Column("amber", Words("Amber from", "黄色界限"), FOUND),
    Column("red", Words("Red from", "红色界限"), FOUND),
    Column("enterprise_count", Words("Enterprises", "企业数"), COUNT),
    Column("model_name", Words("Model", "模型")),
    Column("model_version", Words("Version", "版本"), VERSION),
    Column("role", Words("Used as", "用途"), ROLE),
    *SAID_COLUMNS,
)
NO_TABLE = Words(
    "No model was monitored yet: the job monitor has never run.",
    "尚未进行模型监控：monitor 作业从未运行。",
)
NOT_MONITORED = Words(
    "The model was not monitored as of this date; run the job monitor for it.",
    "该日未进行模型监控，请运行该日的 monitor 作业。",
)
NO_ALERT = Words("No finding is amber or red.", "没有黄色或红色发现。")
RECORD_ONLY = Words(
    "The date has no scores to watch over: of the default model only the record of approvals was "
    "looked at.",
    "该日没有评分可监控，违约模型仅核查了审批记录。",
)


def build(lake: Lake) -> Section:
    """The alerts of the monitoring, what it proposes, and every finding in the workbook."""
    findings, alerts = lake.ask(FINDINGS), lake.ask(ALERTS)
    unmonitored = not_monitored(findings)
    return Section(
        key="monitoring",
        title=Words("Are the models still right", "模型是否仍然有效"),
        introduction=Words(
            "Looked at daily, of the default model, early warning and machine failures: whether "
            "what they see is still what they were made for, what came true of what they said, "
            "what is to be expected until more does, and the default model's challenger beside "
            "it. An interval is amber or red when even its better end has reached the "
            "bound. Bounds and their sources are in catalog/monitoring.yml.",
            "每日监控违约模型、早期预警和设备故障模型：数据构成是否仍与训练时相符、"
            "预测到期后的实际结果、到期前的预期表现，以及违约模型与挑战者的对比。有区间的指标，以较好一端达到界限为准。"
            "界限及其来源见 catalog/monitoring.yml。",
        ),
        figures=_figures(findings),
        notices=(*_scope_notices(findings), *proposal_notices(findings)),
        charts=_charts(findings),
        tables=(
            Table(
                Words("Amber and red findings", "黄色与红色发现"),
                *("Model alerts", ALERT_COLUMNS, alerts, unmonitored or NO_ALERT),
            ),
            Table(
                Words("All findings", "全部监控发现"),
                *("Model findings", FINDING_COLUMNS, findings, unmonitored or NO_ALERT),
                on_page=False,
            ),
        ),
        # Without rows the table's own source says it.
        sources=(findings,) if findings.rows else (),
    )


def not_monitored(findings: Answer) -> Words | None:
    """That nothing was monitored, and what to do about it; None where something was."""
    if findings.rows:
        return None
    return NO_TABLE if findings.missing else NOT_MONITORED


def proposal_notices(findings: Answer) -> Iterator[Notice]:
    """What the monitoring proposes to a person; the findings behind it are listed by themselves."""
    for row in findings.rows:
        if row["measure"] != "proposal":
            continue
        version = row["model_version"]
        if row["subject"] == "train_anew":
            name = row["model_name"]
            text = Words(
                f"The monitoring proposes to train {name} anew, because of red findings about "
                f"version {version}. A person decides.",
                f"因{name}版本{version}有红色发现，监控建议重新训练，须由人决定。",
            )
        elif row["subject"] == "review_challenger":
            text = Words(
                f"The monitoring proposes to review the challenger, version {version}: on outcomes "
                "that came true it was better than the champion. A person decides.",
                f"监控建议评审挑战者模型（版本{version}）：其在到期结果上优于冠军，须由人决定。",
            )
        else:
            text = said(row)
        yield Notice("note", text, MONITORING)


def said(row: dict[str, Any]) -> Words:
    """What the monitoring said, and of which version, as long as a notice may be."""
    english, chinese = plain_text(row["said_en"], 600), plain_text(row["said_zh"], 600)
    if row["model_version"] == ALL_VERSIONS:
        return Words(english, chinese)
    named = f"{row['model_name']} {row['model_version']}"
    return Words(f"{named}: {english}", f"{named}：{chinese}")


def _scope_notices(findings: Answer) -> Iterator[Notice]:
    # The record is told as of the default model; other models may have findings of their own.
    recorded = {row["model_name"] for row in findings.rows if row["measure"] == RECORD}
    measures = {row["measure"] for row in findings.rows if row["model_name"] in recorded}
    if measures == {RECORD}:
        yield Notice("note", RECORD_ONLY, MONITORING)


def _figures(findings: Answer) -> tuple[Figure, ...]:
    """How many findings there are of each level."""
    if not findings.rows:
        return ()
    counts = Counter(row["level"] for row in findings.rows if row["measure"] not in CONCLUSIONS)
    judged = tuple(
        Figure(Words(f"Findings {level}", f"{LEVELS[level].chinese}色发现"), number(counts[level]))
        for level in ("red", "amber", "green")
    )
    unjudged = "too little is known yet, or no bound is set 信息不足或未设界限"
    return (*judged, Figure(Words("Not judged", "不评判"), number(counts["none"]), unjudged))


def _charts(findings: Answer) -> tuple[Chart, ...]:
    """The stability of the score and of the features of each model, the least stable first."""
    rows = [row for row in findings.rows if row["measure"] == "psi" and row["value"] is not None]
    names = list(dict.fromkeys(row["model_name"] for row in rows))
    return tuple(_chart(name, [row for row in rows if row["model_name"] == name]) for name in names)


def _chart(model_name: str, rows: list[dict[str, Any]]) -> Chart:
    rows = sorted(rows, key=lambda row: (row["subject"] != "score", -row["value"], row["subject"]))
    bounds = [(row["amber"], row["red"]) for row in rows if row["amber"] is not None]
    drawn = rows[:DRAWN]
    svg = level_chart(
        "population stability index 群体稳定性指标",
        [str(SUBJECT.text(row["subject"])) for row in drawn],
        [row["value"] for row in drawn],
        [row["level"] for row in drawn],
        ["" if row["level"] == "green" else LEVEL.text(row["level"]) for row in drawn],
        bounds[0] if bounds else None,
    )
    # How many are not drawn is said: some of them may be red too.
    more = len(rows) - len(drawn)
    title = Words(
        f"{model_name}: drift of the score and its features since training (0: none)"
        + (f"; {more} that moved less are in the workbook" if more else ""),
        f"{model_name}：评分及其特征自训练以来的漂移（0为无漂移）"
        + (f"；变化较小的{more}项见工作簿" if more else ""),
    )
    return Chart(title, svg)
