"""What goes into a hazard: its data and terms, whether they shifted, and what a shift does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from loomline.population_stability import bin_bounds, bin_places, chance_bound, chance_spread
from models.arrays import Floats
from models.hazard import HazardModel, probabilities
from models.hazard_report.evidence import Evidence
from models.metrics import CONFIDENCE
from models.unit_figures import count_units
from models.validation_report.data_quality import FeatureQuality, feature_quality
from models.validation_report.sensitivity import Change, Response, Sensitivity
from models.validation_report.stability import SCORE, SCORE_BINS, Shift, edge_labels, shift_of
from models.validation_report.text import measured, percent

MISSING = "missing"


@dataclass(frozen=True)
class HazardData:
    """Counts of the rows that were trained on and of those that are scored.

    `event_unit_count` are the units with an event in a closed interval. `constant_covariates` can
    tell no rows apart.
    """

    row_count: int
    unit_count: int
    interval_count: int
    event_unit_count: int
    first_date: date
    last_date: date
    scored_count: int
    constant_covariates: tuple[str, ...]
    infinite_value_count: int
    covariates: tuple[FeatureQuality, ...]


@dataclass(frozen=True)
class Term:
    """A covariate in the model: what the log-odds change by a standard deviation more of it.

    `missing_log_odds` is what its absence adds beside a median value; None where it has no term.
    """

    covariate: str
    sign: int
    deviation_log_odds: float
    missing_log_odds: float | None


def hazard_data(evidence: Evidence) -> HazardData:
    """What a validator should know of the rows."""
    values, compared = evidence.trained_values, evidence.compared_values
    person, dates = evidence.person, evidence.as_of_date[evidence.used]
    return HazardData(
        row_count=len(values),
        unit_count=evidence.used_unit_count,
        interval_count=len(person.row),
        event_unit_count=count_units(evidence.unit[person.row[person.event == 1]]),
        first_date=dates.min().item(),
        last_date=dates.max().item(),
        scored_count=len(evidence.scored),
        constant_covariates=tuple(x for x in evidence.names if values[x].nunique() <= 1),
        infinite_value_count=int(np.isinf(values.to_numpy(dtype=float)).sum()),
        covariates=tuple(
            feature_quality(
                name, values[name].to_numpy(dtype=float), compared[name].to_numpy(dtype=float)
            )
            for name in evidence.names
        ),
    )


def terms(model: HazardModel, signs: dict[str, int]) -> tuple[Term, ...]:
    """Every covariate in the order of the model."""
    names, is_told = model.scaling.names, model.scaling.is_told
    of_missing = dict(zip(np.flatnonzero(is_told), model.coefficients[len(names) :], strict=True))
    return tuple(
        Term(
            covariate=name,
            sign=signs[name],
            deviation_log_odds=float(model.coefficients[place]),
            missing_log_odds=float(of_missing[place]) if is_told[place] else None,
        )
        for place, name in enumerate(names)
    )


def _shift(
    name: str,
    before: Floats,
    now: Floats,
    text: Callable[[float], str],
    chance: Callable[[int], float],
) -> Shift:
    """The index of values cut at the tenths of those before, a missing value being its own bin."""
    bounds = bin_bounds(before, SCORE_BINS)
    labels = [*edge_labels(bounds, text), MISSING]
    return shift_of(name, labels, bin_places(before, bounds), bin_places(now, bounds), chance)


def stability(evidence: Evidence) -> tuple[Shift, ...]:
    """The index of the probability by the last horizon, then of every covariate.

    What chance alone does is said as if a unit's rows told no more than one row, since they are
    alike; the units that were trained on and those that are scored are taken as separate.
    """
    before, now = evidence.trained_values, evidence.compared_values
    spread = chance_spread(evidence.used_unit_count, len(now))
    model = evidence.trained.fitted

    def chance(bins: int) -> float:
        return chance_bound(bins, spread, CONFIDENCE)

    said = [probabilities(model.hazards(values))[:, -1] for values in (before, now)]
    return (
        _shift(SCORE, said[0], said[1], lambda value: percent(value, 2), chance),
        *(
            _shift(
                name,
                before[name].to_numpy(dtype=float),
                now[name].to_numpy(dtype=float),
                *(measured, chance),
            )
            for name in evidence.names
        ),
    )


def _changed(values: pd.DataFrame, name: str, deviation: float) -> dict[Change, pd.Series[float]]:
    column = values[name].astype(float)
    return {
        "missing": pd.Series(np.nan, index=column.index),
        "one deviation lower": column - deviation,
        "one deviation higher": column + deviation,
    }


def sensitivity(evidence: Evidence) -> Sensitivity:
    """Change one covariate at a time in what is scored; the probability by the last horizon.

    A deviation is that of the rows that were trained on, once cut off as the model does. A value
    that is missing stays so when the others are shifted.
    """
    values, model = evidence.compared_values, evidence.trained.fitted
    before = probabilities(model.hazards(values))[:, -1]
    responses = []
    for place, name in enumerate(model.scaling.names):
        deviation = float(model.scaling.deviation[place])
        for change, column in _changed(values, name, deviation).items():
            after = probabilities(model.hazards(values.assign(**{name: column})))[:, -1]
            responses.append(
                Response(
                    feature=name,
                    change=change,
                    mean_pd_change_ratio=float(after.mean() - before.mean()),
                    largest_pd_change_ratio=float(np.abs(after - before).max()),
                    grade_changed_ratio=None,
                )
            )
    return Sensitivity(len(values), float(before.mean()), tuple(responses))
