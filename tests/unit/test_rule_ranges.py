"""The ranges that the checks take for certain, against features of random histories."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from loomline.families.algebra import window_values
from loomline.families.catalogue import features, load_families, measures_of
from loomline.families.state import Steps, daily_state
from loomline.families.vocabulary import STATE_DAYS
from loomline.known_inputs import known_inputs
from loomline.rules.intervals import Interval
from loomline.rules.ranges import range_of

FIRMS, STEPS = 24, 4_000


def test_no_feature_leaves_its_range_whatever_the_amounts(catalog: Path) -> None:
    random = np.random.default_rng(7)
    families = load_families(catalog)
    made = features(families)
    steps = {
        name: Steps(
            random.integers(0, FIRMS, STEPS),
            # Half of them lately, so that windows are full and histories differ.
            random.integers(0, random.choice([60, STATE_DAYS]), STEPS),
            np.round(random.normal(100, 200, STEPS), 2),
        )
        for name in measures_of(families)
    }
    ids = [f"E{place}" for place in range(FIRMS)]
    trades = random.integers(0, 2, FIRMS)
    values = window_values(made, daily_state(families, ids, trades, date(2020, 8, 31), steps))
    known = known_inputs(catalog)
    bounded = 0
    for place, feature in enumerate(made):
        interval = range_of(known[feature.name])
        bounded += interval != Interval()
        there = values[~np.isnan(values[:, place]), place]
        assert np.all(there >= interval.low), feature.name
        assert np.all(there <= interval.high), feature.name
    assert bounded > len(made) / 10
