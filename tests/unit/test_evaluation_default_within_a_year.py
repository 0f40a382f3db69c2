"""What the evaluation of default within a year trains on and measures on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.evaluations.default_within_a_year import (
    FIRST,
    JOBS,
    SECOND,
    TRAINED,
    UNSEEN,
    split_figures,
    splits,
    steps,
)
from models.specification import Specification

SETTINGS = Specification(bootstrap_samples=50)
FIRMS = 240


def made_up_rows() -> pd.DataFrame:
    """Firms of both ecosystems, those of the first in two windows; one feature tells, one not."""
    generator, parts = np.random.default_rng(3), []
    for ecosystem, day in ((TRAINED, FIRST), (TRAINED, SECOND), (UNSEEN, FIRST)):
        telling = generator.normal(size=FIRMS)
        parts.append(
            pd.DataFrame(
                {
                    "enterprise_id": [f"E{place}" for place in range(FIRMS)],
                    "chain": [f"{ecosystem.name}/{place % 12}" for place in range(FIRMS)],
                    "begins": str(day),
                    "ecosystem": ecosystem.name,
                    "outcome": (generator.random(FIRMS) < 1 / (1 + np.exp(1 - 2 * telling))) * 1.0,
                    "telling": telling,
                    "noise": generator.normal(size=FIRMS),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def test_nothing_is_measured_on_what_it_was_trained_on() -> None:
    rows = made_up_rows()
    by_name = {split.name: split.folds for split in splits(rows, SETTINGS)}
    for folds in by_name.values():
        for seen, unseen in folds:
            assert not set(seen) & set(unseen)
            trained = rows.iloc[seen]
            assert set(trained.ecosystem) == {TRAINED.name}
            assert set(trained.begins) == {str(FIRST)}
    ((_, later),) = by_name["out of time"]
    assert set(rows.begins.iloc[later]) == {str(SECOND)}
    ((_, others),) = by_name["unseen seed"]
    assert set(rows.ecosystem.iloc[others]) == {UNSEEN.name}


def test_chains_are_left_out_whole_and_each_firm_once() -> None:
    rows = made_up_rows()
    folds = next(split.folds for split in splits(rows, SETTINGS) if split.name == "out of chain")
    for seen, unseen in folds:
        assert not set(rows.chain.iloc[seen]) & set(rows.chain.iloc[unseen])
    measured = np.concatenate([unseen for _, unseen in folds])
    first = (rows.ecosystem == TRAINED.name) & (rows.begins == str(FIRST))
    assert sorted(measured) == list(np.flatnonzero(first))


def test_a_feature_that_tells_is_found_in_another_year() -> None:
    rows = made_up_rows()
    split = splits(rows, SETTINGS)[0]
    areas = {x.model: x.estimate for x in split_figures(rows, split, SETTINGS) if x.metric == "AUC"}
    assert areas["out of time, scorecard"].lower > 0.6
    assert areas["out of time, share of defaults"].value == 0.5


def test_features_are_of_the_days_on_which_closed_windows_begin() -> None:
    assert [step for step in steps(TRAINED) if step[0] not in JOBS] == [
        ("features", FIRST),
        ("features", SECOND),
    ]
    assert [step for step in steps(UNSEEN) if step[0] not in JOBS] == [("features", FIRST)]
