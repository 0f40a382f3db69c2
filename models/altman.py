"""Altman's Z'': its weights and zones as published, said once for every module.

Altman, Hartzell and Peck (1995), "Emerging Market Corporate Bonds: A Scoring System", Salomon
Brothers, give EM score = 6.56 X1 + 3.26 X2 + 6.72 X3 + 1.05 X4 + 3.25. The constant shifts all
firms alike. Without it, it is the Z'' of Altman (1993), Corporate Financial Distress and
Bankruptcy, for firms that are no manufacturers, and has its zones: distress below 1.1, safe above
2.6, grey between (Altman, 2000, "Predicting Financial Distress of Companies").
"""

from __future__ import annotations

import numpy as np

from models.arrays import Floats

WEIGHTS = {
    # X1: working capital / total assets.
    "working_capital": 6.56,
    # X2: retained earnings / total assets.
    "retained_earnings": 3.26,
    # X3: earnings before interest and taxes, of a year, / total assets.
    "earnings": 6.72,
    # X4: book value of equity / total liabilities.
    "equity": 1.05,
}
DISTRESS_BELOW, SAFE_ABOVE = 1.1, 2.6


def zone_of(score: float) -> str:
    """The zone of a Z'' without constant: `distress`, `grey` or `safe`; the bounds are grey."""
    if score < DISTRESS_BELOW:
        return "distress"
    return "safe" if score > SAFE_ABOVE else "grey"


def points_of(ratios: Floats) -> Floats:
    """What each ratio adds to Z'', which is the sum of a row.

    Args:
        ratios: X1 to X4, in the order of `WEIGHTS`, (firms, 4); NaN stays NaN.
    """
    return ratios * np.array(list(WEIGHTS.values()))
