"""Sections on a hazard in use: stability, sensitivity, and what can't be said."""

from __future__ import annotations

from dataclasses import replace

from models.hazard_report.findings import HazardFindings
from models.hazard_report.input_sections import COVARIATE
from models.inventory import DeclaredModel
from models.validation_report.charts import index_chart, score_chart, sensitivity_chart
from models.validation_report.document import Column, Section, Table, Words
from models.validation_report.sensitivity import Sensitivity
from models.validation_report.shared_tables import shift_row
from models.validation_report.stability import LARGE_SHIFT, SOME_SHIFT, Shift
from models.validation_report.text import listed, number, percent, percent_points

# A drawing of more would not fit on a sheet; the tables have all.
DRAWN = 10


def _most_shifted(shifts: tuple[Shift, ...]) -> tuple[Shift, ...]:
    """The score, then the covariates with the largest index, the largest first."""
    return (shifts[0], *sorted(shifts[1:], key=lambda x: -x.index)[: DRAWN - 1])


def _most_sensitive(found: Sensitivity) -> Sensitivity:
    """The responses of the covariates that move the mean probability most, the first moves most."""
    largest: dict[str, float] = {}
    for x in found.responses:
        largest[x.feature] = max(largest.get(x.feature, 0.0), abs(x.mean_pd_change_ratio))
    order = sorted(largest, key=lambda name: -largest[name])[:DRAWN]
    drawn = [x for name in order for x in found.responses if x.feature == name]
    return replace(found, responses=tuple(drawn))


def _response_row(covariate: str, found: Sensitivity) -> tuple[str, ...]:
    """The changes of the mean in the order in which they were made, and the largest of any row."""
    responses = [x for x in found.responses if x.feature == covariate]
    largest = max(x.largest_pd_change_ratio for x in responses)
    means = (percent_points(x.mean_pd_change_ratio) for x in responses)
    return (covariate, *means, number(100 * largest, 2))


def _drawn(count: int) -> tuple[str, ...]:
    if count <= DRAWN:
        return ()
    return (f"The chart has the {DRAWN} that move most of {count}; the table has all.",)


def stability_section(found: HazardFindings) -> Section:
    """The stability index of the probability and of every covariate."""
    last = found.horizons[-1].days
    return Section(
        key="stability",
        title=Words("Stability", "稳定性"),
        introduction=Words(
            "Population stability index between the rows that the model was trained on, of all "
            "their dates, and those that are scored on the date of the training. Where none are "
            "scored, the newest training rows stand for them. The score is the probability by "
            f"{last} days.",
            "训练样本（全部日期）与训练当日被评分样本之间的群体稳定性指数；评分取"
            f"{last}天内的概率。当日无评分样本时，以最新一期训练样本代替。",
        ),
        points=(
            f"Below {SOME_SHIFT} little, to {LARGE_SHIFT} some, above it a large shift: a "
            "convention (Siddiqi, 2006) that takes no account of how many rows there are.",
            "Beside it stands what 95 % of cases stay below by chance alone (chi-squared; "
            "Yurdakul, 2018), as if all training rows of a unit told no more than one row.",
            "Everything is cut at the tenths of the training rows, with missing as a bin; an "
            "empty bin counts half a row.",
            *_drawn(len(found.stability)),
        ),
        charts=(
            index_chart(_most_shifted(found.stability)),
            score_chart(
                found.stability[0], "training rows", "scored rows", f"probability by {last} days"
            ),
        ),
        tables=(
            Table(
                Words("Index of the score and of every covariate", "评分及各协变量的指数"),
                (
                    Column(Words("Score or covariate", "评分或协变量"), is_number=False),
                    Column(Words("Index", "指数")),
                    Column(Words("Chance, 95 %", "随机上限")),
                    Column(Words("Conventional reading", "惯例判断"), is_number=False),
                    Column(Words("Most changed bin", "变化最大分箱"), is_number=False),
                    Column(Words("Training rows", "训练样本")),
                    Column(Words("Scored rows", "被评分样本")),
                ),
                tuple(shift_row(x) for x in found.stability),
            ),
        ),
    )


def sensitivity_section(found: HazardFindings) -> Section:
    """What a lost or shifted covariate does."""
    sensitivity, last = found.sensitivity, found.horizons[-1].days
    return Section(
        key="sensitivity",
        title=Words("Sensitivity", "敏感性"),
        introduction=Words(
            f"One covariate at a time is changed in all {sensitivity.enterprise_count:,} scored "
            "rows: it is missing, or a standard deviation of the training rows lower or higher. "
            f"The mean probability by {last} days as they are is "
            f"{percent(sensitivity.mean_pd_ratio, 2)}.",
            f"逐一改变全部被评分样本的一个协变量：缺失，或下移、上移一个标准差；概率为{last}天内。",
        ),
        points=_drawn(len(found.terms)),
        charts=(sensitivity_chart(_most_sensitive(sensitivity)),),
        tables=(
            Table(
                Words("Response to each change", "对各变化的反应"),
                (
                    COVARIATE,
                    Column(Words("Missing", "缺失")),
                    Column(Words("One deviation lower", "下移一个标准差")),
                    Column(Words("One deviation higher", "上移一个标准差")),
                    Column(Words("Largest single change", "最大变化")),
                ),
                tuple(_response_row(x.covariate, sensitivity) for x in found.terms),
                "Change of the mean probability in percentage points. Largest single change: of "
                "any row by any of the three, up or down. The model cuts values off at the "
                "1st and 99th percentile, so that a shift beyond them does nothing more.",
            ),
        ),
    )


def _of_figures(found: HazardFindings) -> tuple[str, ...]:
    data, naming = found.data, found.naming
    points = [
        f"Events: {data.event_unit_count:,} {naming.units.english} with {naming.event.english}; "
        "intervals of figures are as wide as that makes them.",
        "Time: units were left out, not a period. How the model fares in another year is not shown "
        "here.",
        "Independence: this report was computed along with the training. A validator's own review "
        "of data, code and use is not in it.",
    ]
    beyond = max(data.covariates, key=lambda x: x.beyond_training_ratio)
    if beyond.beyond_training_ratio:
        points.append(
            f"Range: most scored rows beyond the training rows are so in {beyond.feature}, "
            f"{percent(beyond.beyond_training_ratio)}; there the model holds the end of the range."
        )
    silent = tuple(str(at.days) for at in found.horizons if at.ranking is None)
    if silent:
        points.append(f"Ranking within {listed(silent)} days could not be judged.")
    return tuple(points)


def limits_section(found: HazardFindings, entry: DeclaredModel) -> Section:
    """What the model is not for, as declared, and what the figures can't say."""
    limits = zip(entry.limits_en, entry.limits_zh, strict=True)
    return Section(
        key="limits",
        title=Words("Limits", "局限"),
        introduction=Words(
            f"What the inventory of models declares (owner {entry.owner}, tier {entry.tier}), and "
            "what the figures of this version can't say.",
            f"模型清单声明的使用限制（负责方{entry.owner}，第{entry.tier}级），"
            "以及本版本数字无法说明的事项。",
        ),
        points=(*(f"{english} {chinese}" for english, chinese in limits), *_of_figures(found)),
    )
