"""What a validator of a hazard has to decide on: findings beyond a stated bound, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from models.hazard_report.findings import HazardFindings
from models.hazard_report.performance import AtHorizon
from models.validation_report.concerns import (
    LEAST_DEFAULTS_A_FEATURE,
    Concern,
    benchmark_concerns,
    stability_concerns,
)
from models.validation_report.text import listed, percent, with_interval

# An area of one half is what ranking at random reaches.
RANDOM_AREA = 0.5


def _data(found: HazardFindings) -> Iterator[Concern]:
    data = found.data
    if data.infinite_value_count:
        yield Concern("data", f"{data.infinite_value_count:,} values of covariates are infinite.")
    if data.constant_covariates:
        yield Concern("data", f"These can tell no rows apart: {listed(data.constant_covariates)}.")
    share = data.event_unit_count / len(found.terms)
    if share < LEAST_DEFAULTS_A_FEATURE:
        yield Concern(
            "data",
            f"{share:.1f} {found.naming.units.english} with {found.naming.event.english} stand "
            f"behind each of the {len(found.terms)} covariates; a rule of thumb asks for "
            f"{LEAST_DEFAULTS_A_FEATURE} (Peduzzi and others, 1996). The penalty of the fit is "
            "there for that.",
        )


def _at_horizon(at: AtHorizon) -> Iterator[Concern]:
    ranking, calibration = at.ranking, at.calibration
    if ranking is None:
        yield Concern(
            "discrimination",
            f"Within {at.days} days all rows or none have the event: nothing can be ranked.",
        )
    elif ranking.area.lower <= RANDOM_AREA:
        yield Concern(
            "discrimination",
            f"Within {at.days} days the AUC, {with_interval(ranking.area)}, can't be told from "
            f"that of ranking at random, {RANDOM_AREA}.",
        )
    outside = tuple(
        str(one.bin) for one in calibration.bins if not one.lower <= one.mean_pd_ratio <= one.upper
    )
    if outside:
        yield Concern(
            "calibration",
            f"Within {at.days} days the mean probability of {len(outside)} of "
            f"{len(calibration.bins)} bins lies outside of the interval of the observed share: "
            f"bin {listed(outside)}. Predicted {percent(calibration.mean_ratio, 2)} of all, "
            f"observed {percent(calibration.observed_ratio, 2)}.",
        )
    if calibration.brier_less_rate.upper >= 0:
        yield Concern(
            "calibration",
            f"Within {at.days} days the Brier score is not shown to be better than that of the "
            "observed share for everybody: difference "
            f"{with_interval(calibration.brier_less_rate, 4)}.",
        )
    if ranking is not None:
        yield from benchmark_concerns(ranking.benchmarks, f"Within {at.days} days the model")


def hazard_concerns(found: HazardFindings) -> tuple[Concern, ...]:
    """Every finding beyond its bound, in the order of the report's sections."""
    of_horizons = [concern for at in found.horizons for concern in _at_horizon(at)]
    order = ("discrimination", "calibration", "benchmark")
    return (
        *_data(found),
        *sorted(
            (one for one in of_horizons if one.section != "benchmark"),
            key=lambda one: order.index(one.section),
        ),
        *stability_concerns(found.stability, "Scored rows", "training rows"),
        *(one for one in of_horizons if one.section == "benchmark"),
    )
