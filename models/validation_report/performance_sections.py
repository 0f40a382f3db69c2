"""Sections on how good the model is: discrimination, calibration by grade, benchmark."""

from __future__ import annotations

from models.model_card import FIGURE_NAMES
from models.validation_report.charts import benchmark_chart, calibration_chart, roc_chart
from models.validation_report.document import Column, Figure, Section, Table, Words
from models.validation_report.findings import Findings
from models.validation_report.grade_calibration import SIGNIFICANCE, GradeTest
from models.validation_report.input_sections import DEFAULTS, FIRMS
from models.validation_report.text import NOTHING, listed, number, p_value, percent, with_interval


def discrimination_section(found: Findings) -> Section:
    """Every cross-validated figure with its interval."""
    settings, by_case = found.specification, found.discrimination
    cases = list(dict.fromkeys((x.estimator, x.feature_set) for x in by_case.figures))
    rows = tuple(
        (
            estimator.replace("_", " "),
            feature_set.replace("_", " "),
            *(with_interval(by_case.figure(estimator, feature_set, x)) for x in FIGURE_NAMES),
        )
        for estimator, feature_set in cases
    )
    return Section(
        key="discrimination",
        title=Words("Discrimination", "区分能力"),
        introduction=Words(
            f"Mean over {settings['repeats']:.0f} repeats of stratified "
            f"{settings['folds']:.0f}-fold cross-validation: every firm is judged by models that "
            "did not see it; bins, choice of features, coefficients and calibration are made anew "
            "in each training part. Firms were left out, not a period of time.",
            "重复分层交叉验证的样本外结果；每次训练均重新选择特征、分箱、系数与校准。"
            "留出的是企业，而非时间段。",
        ),
        charts=(roc_chart(by_case.curves),),
        tables=(
            Table(
                Words("Figures with 95 % intervals", "指标及95%区间"),
                (
                    Column(Words("Model", "模型"), is_number=False),
                    Column(Words("Features", "特征集"), is_number=False),
                    *(
                        Column(Words(name, chinese))
                        for name, chinese in zip(
                            FIGURE_NAMES.values(),
                            ("排序能力", "布里尔分数", "对数损失", "KS统计量", "打乱标签的AUC"),
                            strict=True,
                        )
                    ),
                ),
                rows,
                f"Intervals are percentiles of {settings['bootstrap_samples']:,.0f} bootstrap "
                "samples of firms; they leave out how much the model itself would change with "
                "other training firms. KS is a maximum and leans upward. Labels dealt at random, "
                f"{settings['permutations']:.0f} times: mean and central 95 %; near 0.5 is right. "
                "The registered card is the scorecard without history.",
            ),
        ),
    )


def _grade_row(test: GradeTest) -> tuple[str, ...]:
    observed = (
        NOTHING
        if test.observed_ratio is None
        else f"{percent(test.observed_ratio)} [{percent(test.lower)}, {percent(test.upper)}]"
    )
    return (
        test.grade,
        f"{percent(test.pd_from_ratio, 0)} to {percent(test.pd_up_to_ratio, 0)}",
        f"{test.firm_count:,}",
        f"{test.default_count:,}",
        percent(test.mean_pd_ratio),
        observed,
        p_value(test.binomial_p),
        p_value(test.binomial_adjusted_p),
        p_value(test.jeffreys_p),
        p_value(test.jeffreys_adjusted_p),
        NOTHING if test.rejects_from is None else f"{test.rejects_from:,}",
    )


def _verdict(found: Findings) -> str:
    calibration = found.calibration
    tested = sum(1 for x in calibration.grades if x.firm_count)
    head = f"{tested} grades hold firms and were tested, each by both tests. "
    if calibration.underestimated:
        return head + (
            f"After Holm's adjustment at {SIGNIFICANCE:.0%}, {listed(calibration.underestimated)} "
            "had more defaults than the probabilities allow."
        )
    return head + (
        f"After Holm's adjustment at {SIGNIFICANCE:.0%} no grade had more defaults than its "
        "probability allows. A grade that is not rejected is not thereby shown to be "
        "right: the last column says how many defaults it would have taken."
    )


def calibration_section(found: Findings) -> Section:
    """Binomial and Jeffreys tests of every grade."""
    calibration = found.calibration
    return Section(
        key="calibration",
        title=Words("Calibration by grade", "分等级校准"),
        introduction=Words(
            "Firms stand in the grade of their mean out-of-fold probability. Both tests are "
            "one-sided and ask whether that probability is too low. Binomial: the chance of so "
            "many defaults or more (Basel Committee, 2005). Jeffreys: the posterior probability, "
            "Beta(defaults + 1/2, others + 1/2), that the true rate is not above the predicted one "
            "(European Central Bank, 2019). Both take defaults as independent; where firms default "
            "together, they reject too often.",
            "企业按样本外平均概率归入等级。两项检验均为单侧，检验预测概率是否偏低："
            "二项检验（巴塞尔委员会，2005）与杰弗里斯检验（欧洲央行，2019）。均假定违约相互独立。",
        ),
        figures=(
            Figure(
                Words("Calibration slope", "校准斜率"),
                number(calibration.slope, 2),
                "below 1: the raw model is overconfident",
            ),
            Figure(
                Words("Mean predicted, all firms", "平均预测概率"),
                percent(calibration.portfolio.mean_pd_ratio),
                f"observed {percent(calibration.portfolio.observed_ratio)}",
            ),
        ),
        points=(
            "Multiple testing: the p-values of each test are adjusted by Holm (1979) over the "
            "grades that hold firms, so that the chance of any false alarm among the grades stays "
            f"below {SIGNIFICANCE:.0%}, whatever the dependence between them. The two tests are "
            "not adjusted for one another, and the row of all firms is not part of the adjustment.",
            _verdict(found),
            "The probabilities were calibrated on firms of the same date. The tests can't show "
            "whether the level holds in another year.",
        ),
        charts=(calibration_chart(calibration),),
        tables=(
            Table(
                Words("Grades of the master scale", "主标尺等级"),
                (
                    Column(Words("Grade", "等级"), is_number=False),
                    Column(Words("Probability", "概率区间"), is_number=False),
                    FIRMS,
                    DEFAULTS,
                    Column(Words("Mean predicted", "平均预测")),
                    Column(Words("Observed [95 %, Wilson]", "实际违约率")),
                    Column(Words("Binomial p", "二项检验")),
                    Column(Words("Binomial p, Holm", "二项（霍尔姆）")),
                    Column(Words("Jeffreys p", "杰弗里斯检验")),
                    Column(Words("Jeffreys p, Holm", "杰弗里斯（霍尔姆）")),
                    Column(Words("Too many from", "超标起点")),
                ),
                tuple(_grade_row(x) for x in (*calibration.grades, calibration.portfolio)),
                "Too many from: the least number of defaults for which the unadjusted binomial "
                f"p-value would be below {SIGNIFICANCE:.0%}; a dash where not even all firms of "
                "the grade would be enough.",
            ),
        ),
    )


def benchmark_section(found: Findings) -> Section:
    """The champion against the challenger, the best single feature and all features."""
    benchmarks = found.benchmarks
    rows = tuple(
        (x.rival, with_interval(x.area), with_interval(x.champion_less_rival), x.reading)
        for x in benchmarks.rivals
    )
    return Section(
        key="benchmark",
        title=Words("Benchmark", "对标"),
        introduction=Words(
            f"The champion's AUC is {with_interval(benchmarks.champion)}. Differences are paired: "
            "both models are judged on the same firms in every bootstrap sample. The best single "
            "feature is chosen on the very firms that it is judged on, which flatters it; the "
            "champion has no such advantage.",
            "AUC差异为配对自助法区间。最佳单一特征在评价样本上选出，其结果偏于乐观。",
        ),
        charts=(benchmark_chart(benchmarks),),
        tables=(
            Table(
                Words("Champion against others", "冠军模型与对照"),
                (
                    Column(Words("Rival", "对照"), is_number=False),
                    Column(Words("Its AUC [95 %]", "对照AUC")),
                    Column(Words("Champion less rival [95 %]", "冠军减对照")),
                    Column(Words("Reading", "结论"), is_number=False),
                ),
                rows,
            ),
        ),
    )
