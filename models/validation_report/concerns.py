"""What a validator has to decide on: findings beyond a stated bound, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from models.validation_report.benchmark import Benchmarks
from models.validation_report.findings import Findings
from models.validation_report.grade_calibration import SIGNIFICANCE
from models.validation_report.stability import LARGE_SHIFT, SOME_SHIFT, Shift
from models.validation_report.text import listed, number, p_value, percent, with_interval

# A rule of thumb of logistic regression: Peduzzi and others (1996), "A simulation study of the
# number of events per variable in logistic regression analysis".
LEAST_DEFAULTS_A_FEATURE = 10
# The report's own bound: a feature that most training parts do without is chosen by chance.
LEAST_CHOSEN_RATIO = 0.5


@dataclass(frozen=True)
class Concern:
    """A sentence, and the key of the section with the figures behind it."""

    section: str
    text: str


def _data(found: Findings) -> Iterator[Concern]:
    quality = found.data_quality
    for count, what in (
        (quality.repeated_identity_count, "enterprise codes stand in the features more than once"),
        (quality.identical_firm_count, "training firms agree with another one in every feature"),
        (quality.infinite_value_count, "feature values are infinite"),
    ):
        if count:
            yield Concern("data", f"{count:,} {what}.")
    features = len(found.soundness)
    if features and quality.default_count / features < LEAST_DEFAULTS_A_FEATURE:
        yield Concern(
            "data",
            f"{quality.default_count / features:.1f} defaults stand behind each of the "
            f"{features} features of the card; a rule of thumb asks for "
            f"{LEAST_DEFAULTS_A_FEATURE} (Peduzzi and others, 1996).",
        )


def _soundness(found: Findings) -> Iterator[Concern]:
    turning = tuple(x.feature for x in found.soundness if not x.is_monotone)
    if turning:
        yield Concern("soundness", f"The points of {listed(turning)} are not monotone.")
    unsteady = tuple(x.feature for x in found.soundness if x.chosen_ratio < LEAST_CHOSEN_RATIO)
    if unsteady:
        yield Concern(
            "soundness",
            f"{listed(unsteady)}: on the card, but chosen by fewer than half of the training "
            "parts. With other firms the card would have other features.",
        )


def _discrimination(found: Findings) -> Iterator[Concern]:
    if found.area.lower <= found.permuted_area.upper:
        yield Concern(
            "discrimination",
            f"The interval of the AUC, {with_interval(found.area)}, overlaps the range that "
            f"labels dealt at random reach, up to {number(found.permuted_area.upper)}.",
        )


def _calibration(found: Findings) -> Iterator[Concern]:
    calibration = found.calibration
    if calibration.underestimated:
        yield Concern(
            "calibration",
            f"More defaults than the probabilities allow in {listed(calibration.underestimated)}, "
            f"at {SIGNIFICANCE:.0%} after Holm's adjustment.",
        )
    smallest = calibration.portfolio.jeffreys_p
    if smallest is not None and smallest < SIGNIFICANCE:
        yield Concern(
            "calibration",
            "The portfolio as a whole has more defaults than predicted: Jeffreys p-value "
            f"{p_value(smallest)}.",
        )
    untestable = tuple(x.grade for x in calibration.grades if x.firm_count and not x.rejects_from)
    if untestable:
        yield Concern(
            "calibration",
            f"{listed(untestable)}: so few firms that the binomial test can reject nothing.",
        )


def stability_concerns(
    shifts: Iterable[Shift], scored: str = "All enterprises", trained_on: str = "training firms"
) -> Iterator[Concern]:
    """What is scored unlike what was trained on, by the conventional bound."""
    for shift in shifts:
        if shift.index >= SOME_SHIFT:
            beyond = "beyond" if shift.index > shift.chance_upper else "within"
            bound = LARGE_SHIFT if shift.index > LARGE_SHIFT else SOME_SHIFT
            yield Concern(
                "stability",
                f"{scored} differ from the {trained_on} in {shift.name}: index "
                f"{number(shift.index)}, conventional bound {bound}, {beyond} what chance does "
                f"(up to {number(shift.chance_upper)}).",
            )


def _stability(found: Findings) -> Iterator[Concern]:
    return stability_concerns(found.stability)


def benchmark_concerns(benchmarks: Benchmarks, model: str = "The champion") -> Iterator[Concern]:
    """Every rival that the model is not shown to rank better than."""
    for rival in benchmarks.rivals:
        if rival.champion_less_rival.lower <= 0:
            verdict = (
                "ranks worse than"
                if rival.champion_less_rival.upper < 0
                else ("can't be told apart from")
            )
            yield Concern(
                "benchmark",
                f"{model} {verdict} the {rival.rival}: difference of the AUC "
                f"{with_interval(rival.champion_less_rival)}.",
            )


def _benchmark(found: Findings) -> Iterator[Concern]:
    return benchmark_concerns(found.benchmarks)


def _fairness(found: Findings) -> Iterator[Concern]:
    for dimension in found.fairness:
        if not dimension.is_available:
            yield Concern("fairness", f"By {dimension.name}: no data, so nothing can be said.")
        for group in dimension.groups:
            if not group.is_within:
                side = "below" if group.mean_pd_ratio < group.lower else "above"
                yield Concern(
                    "fairness",
                    f"By {dimension.name}, {group.group}: the mean probability, "
                    f"{percent(group.mean_pd_ratio)}, is {side} the interval of the observed "
                    f"share, {percent(group.lower)} to {percent(group.upper)} "
                    f"({group.default_count} of {group.firm_count}).",
                )


def concerns(found: Findings) -> tuple[Concern, ...]:
    """Every finding beyond its bound, in the order of the report's sections."""
    parts = (
        *(_data, _soundness, _discrimination, _calibration),
        *(_stability, _benchmark, _fairness),
    )
    return tuple(concern for part in parts for concern in part(found))
