"""Sections on how good a hazard is: ranking, level, and beside what needs no model."""

from __future__ import annotations

from models.hazard_report.findings import HazardFindings
from models.hazard_report.performance import AtHorizon
from models.validation_report.charts import benchmark_chart, reliability_chart, roc_chart
from models.validation_report.document import Chart, Column, Section, Table, Words
from models.validation_report.text import NOTHING, percent, with_interval

HORIZON = Column(Words("Horizon", "期限"), is_number=False)
ROWS, EVENTS = Column(Words("Rows", "样本数")), Column(Words("Events", "事件数"))
INTERVALS = (
    "Intervals are of 2,000 bootstrap samples of whole units, with all their rows: rows of a unit "
    "are alike. They leave out how much the model itself would change with other units."
)


def _days(at: AtHorizon) -> str:
    return f"{at.days} days"


def discrimination_section(found: HazardFindings) -> Section:
    """The area under the ROC curve at each horizon."""
    naming = found.naming
    curves = tuple(at.ranking.curve for at in found.horizons if at.ranking is not None)
    title = Words(
        f"ROC curves, {naming.units.english} left out", f"留出{naming.units.chinese}的ROC曲线"
    )
    charts = (roc_chart(curves, title, "rows without event", "events"),) if curves else ()
    return Section(
        key="discrimination",
        title=Words("Discrimination", "区分能力"),
        introduction=Words(
            f"Every row is judged by a model that saw nothing of its unit: whole "
            f"{naming.units.english} were left out in folds, not a period of time. The folds also "
            "chose the penalty, of three, which flatters the figures by little.",
            f"样本外结果：按{naming.units.chinese}整体留出，而非留出时间段。"
            "惩罚强度亦由同一交叉验证选出。",
        ),
        charts=charts,
        tables=(
            Table(
                Words("Area under the ROC curve [95 %]", "AUC及95%区间"),
                (
                    HORIZON,
                    ROWS,
                    EVENTS,
                    Column(Words("Units with the event", "有事件的主体")),
                    Column(Words("AUC [95 %]", "AUC")),
                ),
                tuple(
                    (
                        _days(at),
                        f"{at.row_count:,}",
                        f"{at.event_row_count:,}",
                        f"{at.event_unit_count:,} of {at.unit_count:,}",
                        NOTHING if at.ranking is None else with_interval(at.ranking.area),
                    )
                    for at in found.horizons
                ),
                INTERVALS,
            ),
        ),
    )


def _reliability(at: AtHorizon) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            _days(at),
            str(one.bin),
            f"{one.enterprise_count:,}",
            f"{one.default_count:,}",
            percent(one.mean_pd_ratio, 2),
            f"{percent(one.observed_default_ratio, 2)} "
            f"[{percent(one.lower, 2)}, {percent(one.upper, 2)}]",
            "yes" if one.lower <= one.mean_pd_ratio <= one.upper else "no",
        )
        for one in at.calibration.bins
    )


def _reliability_chart(at: AtHorizon) -> Chart:
    title = Words(
        f"Predicted and observed within {at.days} days: events/rows, 95 % Wilson interval",
        f"{at.days}天内预测与实际：事件数/样本数，95%威尔逊区间",
    )
    return reliability_chart(at.calibration.bins, title)


def calibration_section(found: HazardFindings) -> Section:
    """Whether the probabilities mean what they say, at each horizon."""
    return Section(
        key="calibration",
        title=Words("Calibration", "校准"),
        introduction=Words(
            "Rows in bins of about as many, by their probability out of fold. The Brier score is "
            "the mean squared difference of probability and outcome; beside it that of saying the "
            "observed share of everybody, which knows nothing of a row.",
            "按样本外概率等量分箱。布里尔分数为概率与结果之差的平方均值，"
            "并与对全部样本均给出实际占比（无信息）相比较。",
        ),
        points=(
            "Wilson's intervals take rows as independent. Rows of a unit are alike, so that these "
            "intervals are too narrow.",
        ),
        charts=tuple(_reliability_chart(at) for at in found.horizons),
        tables=(
            Table(
                Words("Brier score [95 %]", "布里尔分数及95%区间"),
                (
                    HORIZON,
                    Column(Words("Mean predicted", "平均预测")),
                    Column(Words("Observed", "实际占比")),
                    Column(Words("Model", "模型")),
                    Column(Words("Observed share for everybody", "无信息基准")),
                    Column(Words("Model less that", "模型减基准")),
                ),
                tuple(
                    (
                        _days(at),
                        percent(at.calibration.mean_ratio, 2),
                        percent(at.calibration.observed_ratio, 2),
                        with_interval(at.calibration.brier, 4),
                        with_interval(at.calibration.rate_brier, 4),
                        with_interval(at.calibration.brier_less_rate, 4),
                    )
                    for at in found.horizons
                ),
                "Lower is better. The observed share is taken from the very rows that it is "
                "judged on, which flatters it. " + INTERVALS,
            ),
            Table(
                Words("Bins of predictions", "预测分箱"),
                (
                    HORIZON,
                    Column(Words("Bin", "分箱")),
                    ROWS,
                    EVENTS,
                    Column(Words("Mean predicted", "平均预测")),
                    Column(Words("Observed [95 %, Wilson]", "实际占比")),
                    Column(Words("Predicted within", "预测在区间内"), is_number=False),
                ),
                tuple(row for at in found.horizons for row in _reliability(at)),
            ),
        ),
    )


def benchmark_section(found: HazardFindings) -> Section:
    """The model against single covariates, at each horizon."""
    rankings = [(at, at.ranking) for at in found.horizons if at.ranking is not None]
    rows = tuple(
        (
            _days(at),
            rival.rival,
            with_interval(rival.area),
            with_interval(rival.champion_less_rival),
            rival.reading,
        )
        for at, ranking in rankings
        for rival in ranking.benchmarks.rivals
    )
    charts: tuple[Chart, ...] = ()
    if rankings and rankings[-1][1].benchmarks.rivals:
        charts = (benchmark_chart(rankings[-1][1].benchmarks, rankings[-1][0].days),)
    return Section(
        key="benchmark",
        title=Words("Benchmark", "对标"),
        introduction=Words(
            "The model against ranks that need no model: single covariates by their declared sign, "
            "and the one that ranks best. Differences are paired: both are judged on the same "
            "units in every bootstrap sample. The best one is chosen on the very rows that it is "
            "judged on, which flatters it. No other model is trained beside this one in the daily "
            "run. A model without information has an AUC of 0.5; its level is under calibration.",
            "与无需模型的单一协变量排序比较，差异为配对自助法区间。"
            "最佳单一协变量在评价样本上选出，偏于乐观。日常训练不另训练挑战者。",
        ),
        charts=charts,
        tables=(
            Table(
                Words("Model against others", "模型与对照"),
                (
                    HORIZON,
                    Column(Words("Rival", "对照"), is_number=False),
                    Column(Words("Its AUC [95 %]", "对照AUC")),
                    Column(Words("Model less rival [95 %]", "模型减对照")),
                    Column(Words("Reading", "结论"), is_number=False),
                ),
                rows,
            ),
        )
        if rows
        else (),
    )
