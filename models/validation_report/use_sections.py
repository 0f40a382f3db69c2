"""Sections on the model in use: stability, sensitivity, fairness, and what can't be said."""

from __future__ import annotations

from models.validation_report.charts import index_chart, score_chart, sensitivity_chart
from models.validation_report.document import Column, Section, Table, Words
from models.validation_report.fairness import LEAST_OF_EITHER, SIZE_FEATURE, Dimension
from models.validation_report.findings import Findings
from models.validation_report.input_sections import DEFAULTS, FEATURE, FIRMS
from models.validation_report.shared_tables import shift_row
from models.validation_report.stability import LARGE_SHIFT, SOME_SHIFT
from models.validation_report.text import (
    NOTHING,
    counted,
    listed,
    number,
    percent,
    percent_points,
    with_interval,
)

DIMENSIONS_ZH = {"size": "规模", "region": "地区", "trade": "行业"}
# Fewer defaults than this in a grade are shown as few; the report's own bound.
FEW_DEFAULTS = 5


def stability_section(found: Findings) -> Section:
    """The stability index of the score and of every feature of the card."""
    return Section(
        key="stability",
        title=Words("Stability", "稳定性"),
        introduction=Words(
            "Population stability index between the training firms and all enterprises that are "
            "scored on the same date. It says whether the model was made on firms like those it "
            "is used on. It is not a drift in time: that is monitored after approval.",
            "训练企业与同日全部被评分企业之间的群体稳定性指数，反映代表性；"
            "随时间的漂移由批准后的监控给出。",
        ),
        points=(
            f"Below {SOME_SHIFT} little, to {LARGE_SHIFT} some, above it a large shift: a "
            "convention (Siddiqi, 2006) that takes no account of how many firms there are.",
            "So the index that 95 % of cases stay below by chance alone stands beside it "
            "(chi-squared; Yurdakul, 2018), here for two groups of which the one is "
            "part of the other.",
            "The score is cut at the tenths of the training firms, features as the card cuts them "
            "with missing as a bin; an empty bin counts half a firm.",
        ),
        charts=(index_chart(found.stability), score_chart(found.stability[0])),
        tables=(
            Table(
                Words("Index of the score and of every feature", "评分及各特征的指数"),
                (
                    Column(Words("Score or feature", "评分或特征"), is_number=False),
                    Column(Words("Index", "指数")),
                    Column(Words("Chance, 95 %", "随机上限")),
                    Column(Words("Conventional reading", "惯例判断"), is_number=False),
                    Column(Words("Most changed bin", "变化最大分箱"), is_number=False),
                    Column(Words("Training firms", "训练企业")),
                    Column(Words("All enterprises", "全部企业")),
                ),
                tuple(shift_row(x) for x in found.stability),
            ),
        ),
    )


def sensitivity_section(found: Findings) -> Section:
    """What a lost or shifted feature does."""
    sensitivity = found.sensitivity
    return Section(
        key="sensitivity",
        title=Words("Sensitivity", "敏感性"),
        introduction=Words(
            f"One feature at a time is changed in all {sensitivity.enterprise_count:,} "
            "enterprises: it is missing, or its value lies one bin of the card lower or higher. "
            "Values in the outermost bin stay there. The mean probability as they are is "
            f"{percent(sensitivity.mean_pd_ratio)}.",
            "逐一改变全部企业的一个特征：缺失，或下移、上移一个分箱；已在最外分箱者不变。",
        ),
        charts=(sensitivity_chart(sensitivity),),
        tables=(
            Table(
                Words("Response to each change", "对各变化的反应"),
                (
                    FEATURE,
                    Column(Words("Change", "变化"), is_number=False),
                    Column(Words("Mean probability, % points", "平均概率，百分点")),
                    Column(Words("Largest single change, % points", "最大变化，百分点")),
                    Column(Words("Grade changes", "等级改变")),
                ),
                tuple(
                    (
                        x.feature,
                        x.change,
                        percent_points(x.mean_pd_change_ratio),
                        number(100 * x.largest_pd_change_ratio, 2),
                        percent(x.grade_changed_ratio),
                    )
                    for x in sensitivity.responses
                ),
                "Largest single change: of any enterprise, up or down. Grade changes: share of "
                "enterprises.",
            ),
        ),
    )


def _group_table(dimension: Dimension) -> Table:
    rows = tuple(
        (
            x.group,
            f"{x.firm_count:,}",
            f"{x.default_count:,}",
            percent(x.mean_pd_ratio),
            f"{percent(x.observed_ratio)} [{percent(x.lower)}, {percent(x.upper)}]",
            "yes" if x.is_within else "no",
            NOTHING if x.area is None else with_interval(x.area),
        )
        for x in dimension.groups
    )
    return Table(
        Words(f"By {dimension.name}", f"按{DIMENSIONS_ZH[dimension.name]}"),
        (
            Column(Words("Group", "组别"), is_number=False),
            FIRMS,
            DEFAULTS,
            Column(Words("Mean predicted", "平均预测")),
            Column(Words("Observed [95 %, Wilson]", "实际违约率")),
            Column(Words("Predicted within", "预测在区间内"), is_number=False),
            Column(Words("AUC [95 %]", "组内AUC")),
        ),
        rows,
    )


def fairness_section(found: Findings) -> Section:
    """Figures by size, region and trade, or that there are none."""
    available = [x for x in found.fairness if x.is_available]
    points = [
        f"By {x.name}: not available. Nothing is known of the {x.name} of the training firms, so "
        "nothing can be said."
        for x in found.fairness
        if not x.is_available
    ]
    if any(x.name == "size" for x in available):
        points.append(
            f"Size is {SIZE_FEATURE}, in thirds of the training firms."
            + (
                " It is on the card, so that probabilities differ by size on purpose."
                if any(x.feature == SIZE_FEATURE for x in found.soundness)
                else ""
            )
        )
    groups = sum(len(x.groups) for x in available)
    if groups:
        points.append(
            f"{counted(groups, 'group')} are compared and nothing is adjusted for that: about one "
            "interval in twenty misses by chance."
        )
    return Section(
        key="fairness",
        title=Words("Fairness", "公平性"),
        introduction=Words(
            "Training firms by group, judged by models that did not see them. An AUC is given "
            f"where there are at least {LEAST_OF_EITHER} defaults and {LEAST_OF_EITHER} other "
            "firms.",
            "按组别列示训练企业的样本外结果；违约与非违约均不少于五户时给出组内AUC。",
        ),
        points=tuple(points),
        tables=tuple(_group_table(x) for x in available),
    )


def _said_of_horizon(found: Findings) -> str:
    if found.window is None:
        return (
            "Horizon: what counts is whether a default was known by the training date, and not "
            "when it happened. There is no outcome window, so the probability has no stated "
            "horizon, and features may contain invoices issued after a default."
        )
    return (
        f"Horizon: default within twelve months. Features are those of {found.window.begins}, "
        f"defaults those up to {found.window.ends}; it is one year, with its economy."
    )


def _limits(found: Findings) -> tuple[str, ...]:
    quality, area = found.data_quality, found.area
    few = tuple(
        x.grade for x in found.calibration.grades if x.firm_count and x.default_count < FEW_DEFAULTS
    )
    empty = tuple(x.grade for x in found.calibration.grades if not x.firm_count)
    beyond = max(quality.features, key=lambda x: x.beyond_training_ratio)
    silent = tuple(x.name for x in found.fairness if not x.is_available)
    points = [
        f"Defaults: {quality.default_count:,} among {counted(quality.firm_count, 'firm')}. A true "
        f"AUC of {number(area.lower, 2)} or of {number(area.upper, 2)} would both fit.",
        f"Enterprises without a known outcome: {quality.without_outcome_count:,} of "
        f"{quality.enterprise_count:,}. The base rate of "
        f"{percent(quality.default_count / quality.firm_count)} is that of the others; the "
        "probabilities of these rest on the assumption that they are alike.",
        _said_of_horizon(found),
        "Time: firms were left out, not a period. How the model fares in another year is for "
        "monitoring to say, as outcomes mature.",
        f"Range: the feature with most enterprises beyond the training firms is {beyond.feature}, "
        f"with {percent(beyond.beyond_training_ratio)}; there the model extrapolates.",
        "Independence: this report was computed along with the training. A validator's own review "
        "of data, code and use is not in it.",
        "The bank's rating is not read: it was given with the outcome in view.",
    ]
    if few:
        points.append(
            f"Grades with fewer than {FEW_DEFAULTS} defaults: {listed(few)}. Their tests have "
            "little power."
        )
    if empty:
        points.append(f"Grades without any training firm: {listed(empty)}. Nothing was tested.")
    if silent:
        points.append(f"Fairness by {listed(silent)} could not be judged.")
    return tuple(points)


def limits_section(found: Findings) -> Section:
    """What the figures can't say."""
    return Section(
        key="limits",
        title=Words("Limits", "局限"),
        introduction=Words(
            "What this report can't say, with the figures of this version.",
            "本报告无法说明的事项，数字取自本版本。",
        ),
        points=_limits(found),
    )
