"""What the figures of many rules together allow to say of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from loomline.evidence.history import Floats
from loomline.evidence.lifts import Lifts
from loomline.evidence.vocabulary import HAS_EVIDENCE, NONE, TOO_FEW, WEAK

LEVEL = 0.05


def q_values(p_values: Floats, least_p_values: Floats) -> Floats:
    """The false discovery rate at which each rule is found, (rules,), NaN where it can't be.

    Benjamini and Hochberg (1995), over the rules that could reach the level at all (Tarone, 1990):
    whether one can is known from its counts before any outcome is looked at.
    """
    found = np.full(len(p_values), np.nan)
    if (testable := least_p_values <= LEVEL).any():
        found[testable] = false_discovery_control(p_values[testable], method="bh")
    return found


def verdicts(lifts: Lifts, found: Floats) -> NDArray[np.str_]:
    """The verdict on each rule, (rules,), with its q-values.

    `has_evidence`: found among all rules at a false discovery rate of 5 %, and its interval lies
    above 1. `weak`: on its own it would be found. `none`: neither. `too_few`: whatever it had
    caught, it could not have been found.
    """
    is_above = np.nan_to_num(lifts.lift_lower) > 1
    return np.select(
        [np.isnan(found), is_above & (found <= LEVEL), lifts.p_value <= LEVEL],
        [TOO_FEW, HAS_EVIDENCE, WEAK],
        default=NONE,
    )
