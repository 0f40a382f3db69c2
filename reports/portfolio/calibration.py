"""Section: how good the model is, out of the sample that it was fitted on."""

from __future__ import annotations

from typing import Any

from reports.answers import Answer, Lake, Question
from reports.charts import interval_chart, reliability_chart
from reports.kinds import COUNT, IDENTITY, INDEX, PROBABILITY, SHARE, coded
from reports.parts import Chart, Column, Section, Table, Words

METRICS = Question(
    ("marts.portfolio_scores", "scores.model_metric"),
    """
with

models as (
    select distinct
        model_name,
        model_version
    from marts.portfolio_scores
    where as_of_date = :as_of_date
)

select
    metrics.estimator,
    metrics.feature_set,
    metrics.metric,
    metrics.estimate,
    metrics.lower,
    metrics.upper,
    metrics.enterprise_count,
    metrics.default_count
from scores.model_metric as metrics
inner join models
    on
        metrics.model_name = models.model_name
        and metrics.model_version = models.model_version
order by
    array_position(
        array('auc', 'brier', 'log_loss', 'ks', 'auc_permuted_labels'),
        metrics.metric
    ),
    metrics.estimator desc,
    metrics.feature_set
""",
)
CALIBRATION = Question(
    ("marts.portfolio_scores", "scores.model_calibration"),
    """
with

models as (
    select distinct
        model_name,
        model_version
    from marts.portfolio_scores
    where as_of_date = :as_of_date
)

select
    calibration.bin,
    calibration.enterprise_count,
    calibration.default_count,
    calibration.mean_pd_ratio,
    calibration.observed_default_ratio,
    calibration.lower,
    calibration.upper
from scores.model_calibration as calibration
inner join models
    on
        calibration.model_name = models.model_name
        and calibration.model_version = models.model_version
order by calibration.bin
""",
)
ESTIMATORS = {
    "scorecard": "scorecard (champion 冠军)",
    "gradient_boosting": "gradient boosting (challenger 挑战者)",
}
FEATURE_SETS = {
    "all": "all 全部",
    "without_history": "without history 不含历史",
}
METRIC_NAMES = {
    "auc": "AUC, higher is better 越高越好",
    "brier": "Brier, lower is better 越低越好",
    "log_loss": "log loss, lower is better 越低越好",
    "ks": "KS, higher is better 越高越好",
    "auc_permuted_labels": "AUC, labels shuffled, 0.5 is right 打乱标签应约0.5",
}
SHORT_NAMES = {"scorecard": "Scorecard 评分卡", "gradient_boosting": "Boosting 梯度提升"}
SHORT_SETS = {"all": "all 全部", "without_history": "no history 无历史"}

METRIC_COLUMNS = (
    Column("metric", Words("Measure", "指标"), coded(METRIC_NAMES, width=36)),
    Column("estimator", Words("Model", "模型"), coded(ESTIMATORS, width=44)),
    Column("feature_set", Words("Features", "特征集"), coded(FEATURE_SETS, width=32)),
    Column("estimate", Words("Estimate", "估计"), INDEX),
    Column("lower", Words("95 % from", "区间下限"), INDEX),
    Column("upper", Words("to", "区间上限"), INDEX),
    Column("enterprise_count", Words("Enterprises", "企业数"), COUNT),
    Column("default_count", Words("Defaults", "违约户数"), COUNT),
)
CALIBRATION_COLUMNS = (
    Column("bin", Words("Bin", "分箱"), IDENTITY),
    Column("enterprise_count", Words("Enterprises", "企业数"), COUNT),
    Column("default_count", Words("Defaults", "违约户数"), COUNT),
    Column("mean_pd_ratio", Words("Mean predicted PD", "平均预测概率"), PROBABILITY),
    Column("observed_default_ratio", Words("Observed default rate", "实际违约率"), SHARE),
    Column("lower", Words("95 % from", "区间下限"), SHARE),
    Column("upper", Words("to", "区间上限"), SHARE),
)
NO_MODEL = Words("No model was known on this date.", "该日尚无可用模型。")


def build(lake: Lake) -> Section:
    """Discrimination and calibration, champion and challenger, with and without history."""
    metrics, calibration = lake.ask(METRICS), lake.ask(CALIBRATION)
    return Section(
        key="model",
        title=Words("How good the model is", "模型表现"),
        introduction=Words(
            "From repeated cross-validation: each firm is predicted by models that did not see "
            "it. How long a firm's record is, and where it ends, partly records its default; "
            "the figures without such features are the more careful ones.",
            "来自重复交叉验证的样本外结果。记录长度与截止时间可能反映违约本身，"
            "不含此类特征的结果更为审慎。",
        ),
        charts=_charts(metrics, calibration),
        tables=(
            Table(
                title=Words("Cross-validated measures", "交叉验证指标"),
                sheet="Model measures",
                columns=METRIC_COLUMNS,
                answer=metrics,
                empty=NO_MODEL,
            ),
            Table(
                title=Words("Calibration of the champion", "冠军模型校准"),
                sheet="Calibration",
                columns=CALIBRATION_COLUMNS,
                answer=calibration,
                empty=NO_MODEL,
            ),
        ),
    )


def _charts(metrics: Answer, calibration: Answer) -> tuple[Chart, ...]:
    charts = []
    if calibration.rows:
        title = Words(
            "Predicted and observed, by bin: defaults/firms and 95 % Wilson interval",
            "预测与实际：违约数/企业数及95%威尔逊区间",
        )
        charts.append(Chart(title, reliability_chart(calibration.rows)))
    for metric, name, title in (
        ("auc", "AUC", Words("Telling defaulters apart (1 is perfect, 0.5 is chance)", "区分能力")),
        ("brier", "Brier", Words("Error of the probabilities (0 is perfect)", "概率误差")),
    ):
        rows = [row for row in metrics.rows if row["metric"] == metric]
        if rows:
            labels = [_label(row) for row in rows]
            charts.append(Chart(title, interval_chart(name, labels, rows)))
    return tuple(charts)


def _label(row: dict[str, Any]) -> str:
    estimator = SHORT_NAMES.get(row["estimator"], row["estimator"])
    return f"{estimator}\n{SHORT_SETS.get(row['feature_set'], row['feature_set'])}"
