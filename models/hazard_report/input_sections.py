"""Sections on what goes into a hazard: its data, and its terms."""

from __future__ import annotations

from models.hazard_report.findings import HazardFindings
from models.hazard_report.inputs import Term
from models.validation_report.document import Column, Figure, Section, Table, Words
from models.validation_report.shared_tables import range_row
from models.validation_report.text import NOTHING, listed, number, signed

COVARIATE = Column(Words("Covariate", "协变量"), is_number=False)


def units_label(found: HazardFindings) -> Words:
    """The units as the label of a figure."""
    units = found.naming.units
    return Words(units.english.capitalize(), units.chinese)


def data_section(found: HazardFindings) -> Section:
    """What there is to learn from, what is missing of it, and what is out of range."""
    data, naming = found.data, found.naming
    events = "".join(
        f" Within {at.days} days: {at.row_count:,} rows with a known end, {at.event_row_count:,} "
        f"of them with the event, of {at.event_unit_count:,} {naming.units.english}."
        for at in found.horizons
    )
    constant = listed(data.constant_covariates) if data.constant_covariates else "none"
    return Section(
        key="data",
        title=Words("Data quality", "数据质量"),
        introduction=Words(
            f"Rows are {naming.rows.english} with a closed interval, dated {data.first_date} to "
            f"{data.last_date}; what came of them was known by the date of the training. Scored "
            "rows are those of that date.",
            f"训练样本为区间已结束的{naming.rows.chinese}，日期为{data.first_date}至{data.last_date}；"
            "被评分样本为训练当日的样本。",
        ),
        figures=(
            Figure(Words("Training rows", "训练样本"), f"{data.row_count:,}", naming.rows.english),
            Figure(
                units_label(found),
                f"{data.unit_count:,}",
                f"{data.event_unit_count:,} with {naming.event.english}",
            ),
            Figure(Words("Closed intervals", "已结束区间"), f"{data.interval_count:,}"),
            Figure(Words("Scored rows", "被评分样本"), f"{data.scored_count:,}"),
        ),
        points=(
            f"A row gives an interval for each horizon that it enters without the event.{events}",
            f"Infinite values: {data.infinite_value_count:,}.",
            f"Covariates that can tell no rows apart: {constant}.",
        ),
        tables=(
            Table(
                Words("Covariates", "协变量"),
                (
                    COVARIATE,
                    Column(Words("Missing, training", "训练缺失")),
                    Column(Words("Missing, scored", "评分缺失")),
                    Column(Words("Distinct values", "不同取值")),
                    Column(Words("Minimum", "最小值")),
                    Column(Words("Median", "中位数")),
                    Column(Words("Maximum", "最大值")),
                    Column(Words("Scored beyond that range", "超出范围")),
                ),
                tuple(range_row(x) for x in data.covariates),
                "Range and median are of the training rows. The model cuts values off at the 1st "
                "and 99th percentile of these, and puts the median for a missing one.",
            ),
        ),
    )


def _row(term: Term, constant: tuple[str, ...]) -> tuple[str, ...]:
    remark = ""
    if term.covariate in constant:
        remark = "tells no rows apart"
    elif term.deviation_log_odds == 0:
        remark = "held at nought by its sign"
    return (
        term.covariate,
        "more is worse" if term.sign > 0 else "more is better",
        signed(term.deviation_log_odds, 3),
        NOTHING if term.missing_log_odds is None else signed(term.missing_log_odds, 3),
        remark,
    )


def soundness_section(found: HazardFindings) -> Section:
    """Which way each covariate works, and how strongly."""
    return Section(
        key="soundness",
        title=Words("Conceptual soundness", "概念合理性"),
        introduction=Words(
            "A logistic regression of the hazard of each interval on the covariates of the date "
            f"and on the interval, with an L2 penalty ({found.setting}) that folds of whole units "
            "chose. The sign of a covariate was declared before any fit; a coefficient may not "
            "have the other one.",
            "各区间的风险率以当日协变量和区间作逻辑回归，L2惩罚由按主体分组的交叉验证选出。"
            "各协变量的方向事先声明，系数不得相反。",
        ),
        tables=(
            Table(
                Words("Terms of the model", "模型各项"),
                (
                    COVARIATE,
                    Column(Words("Declared", "声明方向"), is_number=False),
                    Column(Words("Log-odds by a deviation more", "每标准差对数几率")),
                    Column(Words("Log-odds if missing", "缺失时对数几率")),
                    Column(Words("Remark", "备注"), is_number=False),
                ),
                tuple(_row(x, found.data.constant_covariates) for x in found.terms),
                "Beside a row of mean values. A dash: no training row lacks the covariate, or all "
                "do, so that its absence has no term.",
            ),
        ),
        points=(f"Log loss of intervals out of fold: {number(found.log_loss, 4)} nats.",),
    )
