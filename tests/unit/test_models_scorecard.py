"""The scorecard: bins, points, probabilities and reasons."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomline.errors import CatalogueError
from models.calibration import Calibration
from models.master_scale import MasterScale, load_master_scale
from models.scorecard import BinnedFeature, Scorecard
from models.scorecard_fit import fit_points_table, fit_scorecard, to_scorecard
from models.selection import screen, separation
from models.specification import Specification

CARD = Scorecard(
    base_cents=50_000,
    features=(
        BinnedFeature("concentration", (0.25, 0.7), (1_234, 0, -2_051), 0),
        BinnedFeature("sales", (1_000.0,), (-333, 777), -55),
    ),
    reference_score=600.0,
    reference_odds=20.0,
    points_to_double_odds=40.0,
)
VALUES = st.lists(
    st.tuples(
        st.one_of(st.floats(0, 1), st.just(float("nan"))),
        st.one_of(st.floats(-1e9, 1e9), st.just(float("nan"))),
    ),
    min_size=1,
)


def frame(rows: list[tuple[float, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["concentration", "sales"])


def known_firms(count: int = 400) -> tuple[pd.DataFrame, np.ndarray]:
    """Two features that matter, one that is nearly a copy, three that don't; some are missing."""
    generator = np.random.default_rng(11)
    values = pd.DataFrame(
        generator.normal(size=(count, 6)),
        columns=["rising", "falling", "copy", "noise_1", "noise_2", "noise_3"],
    )
    values["copy"] = values.rising + generator.normal(scale=0.1, size=count)
    log_odds = -1.5 + 1.2 * values.rising - 1.2 * values.falling
    outcome = (generator.random(count) < 1 / (1 + np.exp(-log_odds))).to_numpy(dtype=float)
    values.loc[generator.random(count) < 0.05, "falling"] = np.nan
    return values, outcome


def test_a_value_on_a_bound_is_in_the_upper_bin() -> None:
    positions = CARD.bin_positions(frame([(0.25, 999.999), (0.2499, 1_000.0)]))
    assert positions.tolist() == [[1, 0], [0, 1]]
    assert CARD.features[0].bin_label(1) == "[0.25, 0.7)"


def test_the_probability_follows_from_the_scale() -> None:
    probability = CARD.probability(np.array([600.0, 640.0, 560.0]))
    assert probability == pytest.approx([1 / 21, 1 / 41, 1 / 11])


@given(VALUES)
def test_the_probability_falls_with_the_score(rows: list[tuple[float, float]]) -> None:
    predicted = CARD.predict(frame(rows)).sort_values("score")
    assert (np.diff(predicted.pd_ratio) <= 0).all()


def test_the_card_survives_being_written_as_text() -> None:
    assert Scorecard.from_json(CARD.to_json()) == CARD


def test_separation_is_signed_and_blind_to_what_is_missing() -> None:
    outcome = np.array([0, 0, 1, 1], dtype=float)
    assert separation(np.array([1.0, 2, 3, 4]), outcome) == 0.5
    assert separation(np.array([4.0, 3, 2, 1]), outcome) == -0.5
    assert separation(np.array([1.0, np.nan, 3, np.nan]), outcome) == 0.25
    assert separation(np.array([np.nan, np.nan, 3, 4]), outcome) == 0.0


def test_the_screen_takes_no_two_near_copies() -> None:
    values, outcome = known_firms()
    chosen = [candidate.feature for candidate in screen(values, outcome, Specification())]
    assert len({"rising", "copy"} & set(chosen)) == 1
    assert "falling" in chosen


def test_the_card_agrees_with_the_library_that_found_its_bins() -> None:
    values, outcome = known_firms()
    specification, calibration = Specification(), Calibration(0.1, 0.8)
    fitted = fit_scorecard(values, outcome, specification)
    table = fit_points_table(values, outcome, fitted, specification)
    raw = to_scorecard(table, Calibration(0, 1), specification)
    rounding = 0.005 * (len(raw.features) + 1)
    assert np.abs(raw.score(values) - table.score(values)).max() <= rounding
    # Once calibrated, its scores stand for the calibrated probabilities.
    card = to_scorecard(table, calibration, specification)
    expected = calibration.probability(fitted.log_odds(values))
    assert np.abs(card.probability(card.score(values)) - expected).max() < 1e-3


def test_points_are_monotone_in_every_feature() -> None:
    values, outcome = known_firms()
    specification = Specification()
    fitted = fit_scorecard(values, outcome, specification)
    table = fit_points_table(values, outcome, fitted, specification)
    for feature in to_scorecard(table, Calibration(0, 1), specification).features:
        steps = np.diff(feature.point_cents)
        assert (steps >= 0).all() or (steps <= 0).all()
        assert len(feature.point_cents) <= specification.maximum_bins


def test_firms_that_nothing_tells_apart_get_the_odds_of_the_portfolio() -> None:
    values = pd.DataFrame({"constant": np.ones(40)})
    outcome = np.r_[np.ones(10), np.zeros(30)]
    fitted = fit_scorecard(values, outcome, Specification())
    assert fitted.used_features == ()
    assert fitted.log_odds(values) == pytest.approx(np.full(40, np.log(10 / 30)))


def test_every_probability_has_exactly_one_grade(catalog: Path) -> None:
    scale = load_master_scale(catalog)
    rows = scale.rows()
    assert rows[0][2] == 0 and rows[-1][3] == 1
    for grade, _, lower, upper, *_ in rows:
        assert scale.grade_of(upper) == grade
        assert scale.grade_of((lower + upper) / 2) == grade
    assert [row[2] for row in rows[1:]] == [row[3] for row in rows[:-1]]


@pytest.mark.parametrize("bounds", [(0.2, 0.2, 1.0), (0.5, 0.2, 1.0), (0.2, 0.5, 0.9)])
def test_a_scale_that_does_not_cover_everything_once_is_refused(
    tmp_path: Path, bounds: tuple[float, ...]
) -> None:
    grades = "".join(
        f"  - {{grade: G{x}, pd_up_to_ratio: {bound}, meaning_en: x, meaning_zh: x}}\n"
        for x, bound in enumerate(bounds)
    )
    (tmp_path / "master_scale.yml").write_text(f"description: x\ngrades:\n{grades}")
    with pytest.raises(CatalogueError, match=r"master_scale\.yml"):
        load_master_scale(tmp_path)


def test_grades_of_the_scale_are_read_from_the_catalogue(catalog: Path) -> None:
    assert isinstance(load_master_scale(catalog), MasterScale)
    assert load_master_scale(catalog).grade_of(0.0) == "G1"
