"""Scorecards as PMML score as the card does, by a reader that knows the standard only.

No library in pure Python evaluates PMML scorecards, and those around Java engines would put Java
into the tests; so the reader is `pmml_reader.py`, and no engine of another maker was asked.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from models.master_scale import load_master_scale
from models.scorecard import BinnedFeature, Scorecard
from models.scorecard_pmml import to_pmml
from models.scored_rows import scored_rows
from tests.unit.made_up_cards import MadeUp, made_up
from tests.unit.pmml_reader import PmmlScorecard

CATALOG = Path(__file__).resolve().parents[2] / "catalog"


@settings(max_examples=60)
@given(made_up())
def test_pmml_scores_as_the_card_does_and_has_its_reasons(made: MadeUp) -> None:
    read = PmmlScorecard(to_pmml(made.card, "a model", "3"))
    assert sorted(read.fields) == sorted(made.card.feature_names)
    scale = load_master_scale(CATALOG)
    rows = scored_rows(made.card, made.values, made.names, scale, {}).to_pylist()
    for row, values in zip(rows, made.values.to_dict("records"), strict=True):
        # As texts, so that NaN arrives as the word that the document must declare.
        given = {str(name): str(value).replace("nan", "NaN") for name, value in values.items()}
        found = read.score(read.read(given))
        assert found.numbers["score"] == pytest.approx(float(row["score"]), abs=1e-9)
        assert found.numbers["pd_ratio"] == pytest.approx(row["pd_ratio"], rel=1e-12)
        assert found.reasons == [x["feature"] for x in row["reasons"]]


@settings(max_examples=60)
@given(made_up())
def test_a_value_that_is_not_given_is_missing(made: MadeUp) -> None:
    read = PmmlScorecard(to_pmml(made.card, "a model", "3"))
    cents = made.card.base_cents + sum(x.missing_cents for x in made.card.features)
    assert read.score(read.read({})).numbers["score"] == pytest.approx(cents / 100, abs=1e-9)


@settings(max_examples=60)
@given(made_up())
def test_the_document_s_own_firms_come_out_as_it_says_and_reach_every_bin(made: MadeUp) -> None:
    read = PmmlScorecard(to_pmml(made.card, "a model", "3"))
    reached = {name: set() for name in made.card.feature_names}  # type: ignore[var-annotated]
    for firm, expected in read.self_tests():
        assert set(expected) == {"score", "pd_ratio"}
        assert read.score(firm).numbers == pytest.approx(expected, rel=1e-12, abs=1e-9)
        for feature in made.card.features:
            value = firm[feature.feature]
            is_missing, bounds = value is None, feature.bounds
            place = None if is_missing else sum(value >= x for x in bounds)  # type: ignore[operator]
            reached[feature.feature].add(place)
    for feature in made.card.features:
        assert reached[feature.feature] == {None, *range(len(feature.point_cents))}


def test_a_feature_of_one_bin_gives_its_points_to_every_value() -> None:
    card = Scorecard(1_000, (BinnedFeature("x", (), (250,), -100),), 600.0, 20.0, 40.0)
    read = PmmlScorecard(to_pmml(card, "a model", "3"))
    assert read.score({"x": -1e300}).numbers["score"] == 12.5
    assert read.score({"x": None}).numbers["score"] == 9.0


def test_the_same_card_gives_the_same_document() -> None:
    card = Scorecard(1_000, (BinnedFeature("x", (0.1,), (250, 1), -100),), 600.0, 20.0, 40.0)
    text = to_pmml(card, "default_probability", "3")
    assert text == to_pmml(Scorecard.from_json(card.to_json()), "default_probability", "3")
    assert 'description="Probability of default by default_probability, version 3"' in text
