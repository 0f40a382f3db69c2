"""What features say of the outcome by their ranks alone; called on training parts only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import mannwhitneyu, rankdata

from models.arrays import Floats
from models.specification import Specification


@dataclass(frozen=True)
class Candidate:
    """A feature that passed the screen; `is_rising` when more of it went with more defaults."""

    feature: str
    is_rising: bool


def separation(values: Floats, outcome: Floats) -> float:
    """How well a feature alone ranks bad above good, from -0.5 to 0.5; 0 says nothing.

    That is the area under the ROC curve less a half, of the firms that have a value, times their
    share. `values` and `outcome` are (firms,).
    """
    is_present = ~np.isnan(values)
    outcomes = outcome[is_present]
    bad, good = int(outcomes.sum()), int(len(outcomes) - outcomes.sum())
    if bad == 0 or good == 0:
        return 0.0
    rank_sum = float(rankdata(values[is_present])[outcomes == 1].sum())
    area = (rank_sum - bad * (bad + 1) / 2) / (bad * good)
    return (area - 0.5) * len(outcomes) / len(outcome)


def directions(
    values: pd.DataFrame, outcome: Floats, specification: Specification
) -> dict[str, int]:
    """1 for a feature of which more goes with more defaults, -1 for fewer, where that is clear.

    The direction is the sign of `separation`. It is clear when the two-sided rank test of Mann and
    Whitney (1947), of bad against good firms that have a value, has a p-value of
    `specification.direction_p_value` or less; other features are left out. Features are tested one
    by one, without a correction for their number.
    """
    found = {}
    for name in values.columns:
        column = values[name].to_numpy(dtype=float)
        strength = separation(column, outcome)
        if strength == 0:
            continue
        is_present = ~np.isnan(column)
        bad, good = (column[is_present & (outcome == kind)] for kind in (1, 0))
        if mannwhitneyu(bad, good, method="asymptotic").pvalue <= specification.direction_p_value:
            found[str(name)] = 1 if strength > 0 else -1
    return found


def _ranks(values: Floats) -> Floats:
    """Ranks with missing values in the middle, so that they correlate with nothing."""
    is_present = ~np.isnan(values)
    ranks = np.full(len(values), 0.5)
    ranks[is_present] = (rankdata(values[is_present]) - 0.5) / max(is_present.sum(), 1)
    return ranks


def screen(values: pd.DataFrame, outcome: Floats, specification: Specification) -> list[Candidate]:
    """The features that separate best, none of them close to a better one, the best first."""
    columns = {name: values[name].to_numpy(dtype=float) for name in values.columns}
    strengths = {name: separation(column, outcome) for name, column in columns.items()}
    ordered = sorted(columns, key=lambda name: (-abs(strengths[name]), name))
    chosen: list[Candidate] = []
    chosen_ranks: list[Floats] = []
    for name in ordered:
        ranks = _ranks(columns[name])
        if strengths[name] == 0 or np.ptp(ranks) == 0:
            continue
        correlations = [abs(np.corrcoef(ranks, other)[0, 1]) for other in chosen_ranks]
        if max(correlations, default=0.0) > specification.maximum_correlation:
            continue
        chosen.append(Candidate(name, strengths[name] > 0))
        chosen_ranks.append(ranks)
        if len(chosen) == specification.candidate_features:
            break
    return chosen
