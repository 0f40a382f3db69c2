"""The level of every indicator at a date: whether it is none, amber or red, or cannot be said."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from loomline.enterprise_inputs import EnterpriseInputs, Floats
from loomline.indicators.model import Indicator
from loomline.peers import peer_groups, peer_ranks

LevelCodes = NDArray[np.int8]
CANNOT_SAY, NONE, AMBER, RED = range(4)
# By the code of the level.
LEVEL_NAMES = ("cannot_say", "none", "amber", "red")


def watched_values(indicators: Sequence[Indicator], inputs: EnterpriseInputs) -> Floats:
    """What the levels are set against (indicators, enterprises): values or ranks, NaN if missing.

    Raises:
        KeyError: the inputs lack one that an indicator names.
    """
    count = len(inputs.enterprise_ids)
    values = np.array([inputs.values[one.input] for one in indicators]).reshape(-1, count)
    ranked = [place for place, one in enumerate(indicators) if one.scale == "rank"]
    if ranked:
        values[ranked] = peer_ranks(values[ranked], peer_groups(inputs.trades))
    return values


def levels_of(
    indicators: Sequence[Indicator], watched: Floats, trades: Sequence[str]
) -> LevelCodes:
    """Levels (indicators, enterprises) of watched values; the bound of a level belongs to it."""
    levels = np.full(watched.shape, NONE, dtype=np.int8)
    of_trade = np.array(trades, dtype=object)
    for row, indicator in enumerate(indicators):
        sign = 1 if indicator.bad == "high" else -1
        amber = np.full(len(trades), sign * indicator.amber)
        red = np.full(len(trades), sign * indicator.red)
        for trade, own in indicator.by_trade.items():
            amber[of_trade == trade], red[of_trade == trade] = sign * own.amber, sign * own.red
        values = sign * watched[row]
        levels[row, values >= amber] = AMBER
        levels[row, values >= red] = RED
    levels[np.isnan(watched)] = CANNOT_SAY
    return levels
