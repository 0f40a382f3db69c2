"""Why an enterprise had its score on a date: points, features, rows, rules, versions, approval."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from loomline.errors import LoomlineError
from reports.answers import Lake
from reports.change_charts import steps_chart
from reports.comparisons import changed
from reports.enterprise.standing import REASON_COLUMNS
from reports.files import file_name
from reports.kinds import (
    CENTS,
    COUNT,
    DATE,
    IDENTITY,
    LONG_TEXT,
    MEASURED,
    MOMENT,
    PROBABILITY,
    YES_NO,
    coded,
    number,
    plain_text,
)
from reports.parts import Chart, Column, Figure, Notice, Section, Table, Words
from reports.portfolio.calibration import NO_MODEL
from reports.report import Report
from reports.score import questions
from reports.sources import sources_section

TITLE = Words("Why this score", "评分说明")
EVENT = coded(
    {
        "promotion_requested": "asked to promote 申请上线",
        "withdrawal_requested": "asked to withdraw 申请停用",
        "approved": "approved 批准",
        "refused": "refused 驳回",
    },
    width=26,
)
ACTION = coded(
    {
        "decline": "decline 拒绝",
        "limit_freeze": "limit freeze 冻结额度",
        "review": "review 复核",
        "watch": "watch 关注",
        "info": "info 提示",
    }
)
DIRECTION = coded({"sale": "sale 销售", "purchase": "purchase 采购"})

FEATURE_COLUMNS = (
    Column("description_en", Words("Feature", "特征（英文）"), LONG_TEXT),
    Column("description_zh", Words("In Chinese", "中文"), LONG_TEXT),
    Column("value", Words("Value", "取值"), MEASURED),
    Column("unit", Words("Unit", "单位")),
    Column("is_used", Words("In the scorecard", "评分卡使用"), YES_NO),
    Column("feature", Words("Name", "名称")),
)
ROW_COLUMNS = (
    Column("source_file", Words("File", "文件"), LONG_TEXT),
    Column("direction", Words("Direction", "方向"), DIRECTION),
    Column("status", Words("Status", "状态")),
    Column("invoice_count", Words("Invoices", "发票数"), COUNT),
    Column("total_cny", Words("Total", "金额"), CENTS),
    Column("first_date", Words("From", "自"), DATE),
    Column("last_date", Words("To", "至"), DATE),
    Column("first_line", Words("First line", "首行"), IDENTITY),
    Column("last_line", Words("Last line", "末行"), IDENTITY),
    Column("file_sha256", Words("SHA-256 of the file", "文件 SHA-256"), LONG_TEXT),
)
RULE_COLUMNS = (
    Column("action", Words("Action", "处置"), ACTION),
    Column("severity", Words("Severity", "严重度")),
    Column("reason_en", Words("Why it fired", "触发原因（英文）"), LONG_TEXT),
    Column("reason_zh", Words("In Chinese", "中文"), LONG_TEXT),
    Column("rule", Words("Rule", "规则")),
    Column("rule_version", Words("Version", "版本"), IDENTITY),
)
EVENT_COLUMNS = (
    Column("event_number", Words("Number", "编号"), IDENTITY),
    Column("event", Words("What", "事项"), EVENT),
    Column("identity", Words("Who", "人员")),
    Column("reason", Words("Why", "理由"), LONG_TEXT),
    Column("recorded_at", Words("When (UTC)", "时间（UTC）"), MOMENT),
    Column("validation_report_sha256", Words("Validation report", "验证报告"), LONG_TEXT),
    Column("row_hash", Words("Hash in the record", "记录哈希"), LONG_TEXT),
)
RUN_COLUMNS = (
    Column("job", Words("Job", "作业")),
    Column("tables_read", Words("Table versions read", "读取的表版本"), LONG_TEXT),
    Column("code_commit", Words("Code commit", "代码版本"), LONG_TEXT),
    Column("ended_at", Words("Ended (UTC)", "结束（UTC）"), MOMENT),
    Column("run_id", Words("Run", "运行")),
)
NOTHING_KNOWN = Words("None was known by then.", "当时尚无。")


def build_report(lake: Lake, differing_columns: Sequence[str], generated_at: datetime) -> Report:
    """Read what the lake says of the score of `:enterprise_id`, and put the page together.

    `differing_columns` are those that a replay made otherwise than they are recorded.

    Raises:
        LoomlineError: the enterprise has no score as of the date.
    """
    enterprise, score = str(lake.parameters["enterprise_id"]), lake.ask(questions.SCORE)
    if not score.rows:
        raise LoomlineError(
            f"{plain_text(enterprise)} has no score as of {lake.as_of_date}.",
            f"`loomline explain {enterprise} --date {lake.as_of_date}` says which dates have one.",
        )
    sections = (
        _score_section(lake, differing_columns),
        _features_section(lake),
        _rows_section(lake),
        _rules_section(lake),
        _approval_section(lake),
        sources_section(lake),
    )
    return Report(
        TITLE,
        plain_text(enterprise),
        file_name(f"{enterprise}_score"),
        lake.as_of_date,
        generated_at,
        sections,
    )


def _notices(lake: Lake, differing_columns: Sequence[str]) -> tuple[Notice, ...]:
    score = lake.ask(questions.SCORE).first
    found = []
    if differing_columns:
        named = ", ".join(differing_columns)
        found.append(
            Notice(
                "critical",
                Words(
                    f"Made again from the recorded versions, these columns differ: {named}.",
                    f"按记录版本重算后以下列不一致：{named}。",
                ),
                "scores.credit_score",
            )
        )
    else:
        found.append(
            Notice(
                "note",
                Words(
                    "Made again from the recorded versions, the score is equal in every column.",
                    "按记录版本重算，评分各列完全一致。",
                ),
                "scores.credit_score",
            )
        )
    if not score["is_approved"]:
        found.append(
            Notice(
                "warning",
                Words(
                    "The model version was approved by nobody when it scored: not for decisions.",
                    "评分时该模型版本未经批准，不得用于信贷决策。",
                ),
                "governance.model_event",
            )
        )
    return tuple(found)


def _score_section(lake: Lake, differing_columns: Sequence[str]) -> Section:
    answer = lake.ask(questions.SCORE)
    score = answer.first
    rows = sorted(score["reasons"], key=lambda one: (one["points"], one["feature"]))
    points = [float(one["points"]) for one in rows]
    labels = [plain_text(one["feature"]) for one in rows]
    figures = (
        Figure(Words("Score", "评分"), number(score["score"], 2), "points 分"),
        Figure(Words("Grade", "等级"), score["grade"]),
        Figure(
            Words("Probability of default", "违约概率"), PROBABILITY.text(score["pd_ratio"]), "%"
        ),
        Figure(Words("Base points", "基础分"), number(score["base_points"], 2), "points 分"),
        Figure(Words("Model", "模型"), f"{score['model_name']} {score['model_version']}"),
    )
    return Section(
        key="score",
        title=Words("The score and its points", "评分与分值"),
        introduction=Words(
            "Base points plus the points of every feature are the score, to the hundredth.",
            "基础分加各特征分值等于评分，精确到百分之一。",
        ),
        figures=figures,
        notices=_notices(lake, differing_columns),
        charts=(
            Chart(
                Words("Points of each feature", "各特征分值"),
                steps_chart("points 分", labels, points),
            ),
        ),
        tables=(
            Table(
                Words("Points and reasons, the worst first", "分值与原因"),
                *("Reasons", REASON_COLUMNS, changed(answer, rows), NO_MODEL),
            ),
        ),
        sources=(answer,),
    )


def _features_section(lake: Lake) -> Section:
    answer = lake.ask(questions.FEATURES)
    return Section(
        key="features",
        title=Words("Features as of the date", "当日特征"),
        introduction=Words(
            "All features of the enterprise from what was known then; the scorecard reads some.",
            "依据当时已知数据计算的全部特征，评分卡使用其中一部分。",
        ),
        tables=(
            Table(
                Words("Features", "特征"),
                *("Features", FEATURE_COLUMNS, answer, NOTHING_KNOWN),
            ),
        ),
    )


def _rows_section(lake: Lake) -> Section:
    answer = lake.ask(questions.ROWS)
    return Section(
        key="rows",
        title=Words("Data rows behind the features", "特征所依据的数据"),
        introduction=Words(
            "Invoices known by the end of the date, by landed file; the SQL below without its "
            "grouping lists every row with its line.",
            "截至当日已知的发票，按落地文件汇总；去掉分组即可逐行查询。",
        ),
        tables=(Table(Words("Invoices", "发票"), *("Rows", ROW_COLUMNS, answer, NOTHING_KNOWN)),),
    )


def _rules_section(lake: Lake) -> Section:
    answer = lake.ask(questions.RULES)
    return Section(
        key="rules",
        title=Words("Rules that fired", "触发的规则"),
        introduction=Words(
            "Rules judge beside the score; none of them changes it.",
            "规则与评分并行判断，不改变评分。",
        ),
        tables=(Table(Words("Rules", "规则"), *("Rules", RULE_COLUMNS, answer, NOTHING_KNOWN)),),
    )


def _approval_section(lake: Lake) -> Section:
    events, runs = lake.ask(questions.EVENTS), lake.ask(questions.RUNS)
    training = lake.ask(questions.TRAINING)
    known = training.first
    figures: tuple[Figure, ...] = ()
    if known:
        figures = (
            Figure(Words("Trained as of", "训练截至"), f"{known['trained_as_of']}"),
            Figure(Words("Training enterprises", "训练企业数"), number(known["enterprise_count"])),
            Figure(Words("Defaults among them", "其中违约"), number(known["default_count"])),
        )
    return Section(
        key="approval",
        title=Words("Who approved the model, and which versions were read", "批准与版本"),
        introduction=Words(
            "From the record of model events, which only grows, and the record of runs. All events "
            "of the version are listed, later ones too.",
            "来自只增不改的模型事件记录与作业运行记录；含该版本的全部事件。",
        ),
        figures=figures,
        tables=(
            Table(
                Words("Requests and answers for this version", "该版本的申请与批复"),
                *("Approval", EVENT_COLUMNS, events, NOTHING_KNOWN),
            ),
            Table(
                Words("Runs of the date", "当日作业"), *("Runs", RUN_COLUMNS, runs, NOTHING_KNOWN)
            ),
        ),
        sources=(training,),
    )
