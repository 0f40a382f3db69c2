"""The macro index: hand-worked series, and the declared years from the public file."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from models.scenarios.declared import Scenarios, load_scenarios
from models.scenarios.fred_md import MonthlySeries, read_fred_md, transformed
from models.scenarios.macro import activity_index, normal_scores, whole_years

NAN = math.nan
ONE = math.log(2)


@pytest.fixture(scope="module")
def declared(catalog: Path) -> Scenarios:
    return load_scenarios(catalog)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (1, [1, 2, 8, 8]),
        (2, [NAN, 1, 6, 0]),
        (3, [NAN, NAN, 5, -6]),
        # In logarithms of two: 0, 1, 3, 3.
        (4, [0, ONE, 3 * ONE, 3 * ONE]),
        (5, [NAN, ONE, 2 * ONE, 0]),
        (6, [NAN, NAN, ONE, -2 * ONE]),
        # Growth by 1, 3 and 0 times.
        (7, [NAN, NAN, 2, -3]),
    ],
)
def test_every_code_is_what_the_paper_says(code: int, expected: list[float]) -> None:
    found = transformed(pd.Series([1.0, 2.0, 8.0, 8.0], name="made_up"), code)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("code", "known"), [(1, "1011"), (2, "0001"), (3, "0000"), (5, "0001"), (7, "0000")]
)
def test_a_missing_month_is_never_bridged(code: int, known: str) -> None:
    found = transformed(pd.Series([1.0, NAN, 4.0, 8.0], name="made_up"), code)
    assert "".join(str(int(x)) for x in found.notna()) == known


@pytest.mark.parametrize("code", [-1, 0, 8])
def test_an_unknown_code_is_refused_with_the_series(code: int) -> None:
    with pytest.raises(ValueError, match=f"made_up: .* code {code}"):
        transformed(pd.Series([1.0], name="made_up"), code)


@pytest.mark.parametrize("code", [4, 5, 6])
def test_a_logarithm_of_nothing_is_refused(code: int) -> None:
    with pytest.raises(ValueError, match="made_up is not above 0"):
        transformed(pd.Series([1.0, 0.0], name="made_up"), code)


FILE = """sasdate,UP,OTHER,DOWN
Transform:,5,1,2
1/1/2001,100,7,4.5
2/1/2001,,7,4.6
10/1/2001,104,7,4.7
,,,
"""


def test_a_file_gives_its_series_by_month_and_their_codes(tmp_path: Path) -> None:
    path = tmp_path / "current.csv"
    path.write_text(FILE, encoding="utf-8")
    found = read_fred_md(path, ["UP", "DOWN"])
    assert found.codes == {"UP": 5, "DOWN": 2}
    assert [str(month) for month in found.values.index] == ["2001-01", "2001-02", "2001-10"]
    np.testing.assert_array_equal(found.values["UP"], [100, NAN, 104])
    np.testing.assert_array_equal(found.values["DOWN"], [4.5, 4.6, 4.7])


def test_a_file_without_codes_or_without_the_series_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "current.csv"
    path.write_text(FILE.replace("Transform:,5,1,2\n", ""), encoding="utf-8")
    with pytest.raises(ValueError, match="second line"):
        read_fred_md(path, ["UP"])
    with pytest.raises(ValueError, match="NOWHERE"):
        read_fred_md(path, ["NOWHERE"])


def made_up(years: int, seed: int) -> MonthlySeries:
    """Two series that follow one hidden state of the economy, and one that goes against it."""
    generator = np.random.default_rng(seed)
    months = pd.period_range("1990-01", periods=12 * years, freq="M")
    state = np.repeat(generator.normal(size=years), 12)
    noise = generator.normal(scale=0.3, size=(3, len(months)))
    values = {"UP": state + noise[0], "ALSO_UP": 5 * state + noise[1], "DOWN": noise[2] - state}
    return MonthlySeries(pd.DataFrame(values, index=months), dict.fromkeys(values, 1))


SIGNS = {"UP": 1, "ALSO_UP": 1, "DOWN": -1}


@given(st.integers(0, 50))
def test_the_index_is_the_component_of_another_library_but_for_its_sign(seed: int) -> None:
    series = made_up(9, seed)
    found = activity_index(series, SIGNS)
    component = PCA(1).fit_transform(StandardScaler().fit_transform(series.values))[:, 0]
    slow = pd.Series(component).groupby(series.values.index.year).mean()
    sign = np.sign(np.corrcoef(component, series.values["UP"])[0, 1])
    np.testing.assert_allclose(found, sign * slow, atol=1e-9)
    assert list(found.index) == list(range(1990, 1999))
    assert np.corrcoef(found, series.values["UP"].groupby(series.values.index.year).mean())[
        0, 1
    ] == pytest.approx(1, abs=0.05)


def test_units_and_levels_of_the_series_change_nothing() -> None:
    series = made_up(9, 3)
    moved = MonthlySeries(series.values * [1, 1_000, 0.01] + [7, -2, 0], series.codes)
    np.testing.assert_allclose(
        activity_index(series, SIGNS), activity_index(moved, SIGNS), atol=1e-9
    )


def test_a_series_against_its_declared_sign_is_named() -> None:
    with pytest.raises(ValueError, match="declared sign of DOWN"):
        activity_index(made_up(9, 3), SIGNS | {"DOWN": 1})


def test_a_series_that_never_changes_is_named() -> None:
    series = made_up(9, 3)
    still = MonthlySeries(series.values.assign(UP=4.0), series.codes)
    with pytest.raises(ValueError, match="UP never changes"):
        activity_index(still, SIGNS)


def test_only_years_with_every_month_of_every_series_count() -> None:
    months = pd.period_range("1990-02", "1993-07", freq="M")
    table = pd.DataFrame({"UP": 1.0, "DOWN": 2.0}, index=months)
    table.loc["1992-05", "DOWN"] = NAN
    assert {month.year for month in whole_years(table).index} == {1991}
    few = MonthlySeries(table.loc["1992":], {"UP": 1, "DOWN": 1})
    with pytest.raises(ValueError, match="no year"):
        activity_index(few, {"UP": 1, "DOWN": -1})


def test_normal_scores_of_three_years_are_those_of_blom() -> None:
    # Quantiles (1, 2, 3 - 3/8) / 3.25 = 0.1923, 0.5, 0.8077.
    found = normal_scores(pd.Series([5.0, -1.0, 90.0], index=[2001, 2002, 2003]))
    np.testing.assert_allclose(found, [0.0, -0.86942, 0.86942], atol=1e-5)


def test_equal_years_share_a_score() -> None:
    found = normal_scores(pd.Series([2.0, 2.0, 1.0, 3.0]))
    assert found[0] == found[1] == pytest.approx(0)


def test_the_declared_years_are_those_of_the_file(declared: Scenarios, real_data: Path) -> None:
    path = real_data / "macro" / "current.csv"
    if not path.is_file():
        pytest.skip(f"no {path}")
    signs = declared.index.signs
    found = normal_scores(activity_index(read_fred_md(path, signs), signs))
    assert declared.index.year_scores == {year: round(x, 4) for year, x in found.items()}


def test_the_declared_scores_are_those_of_as_many_ranks_one_each(declared: Scenarios) -> None:
    scores = declared.index.year_scores
    assert list(scores) == list(range(1960, 2024))
    ranks = np.arange(1, 65)
    np.testing.assert_allclose(
        sorted(scores.values()), norm.ppf((ranks - 0.375) / 64.25), atol=5.1e-5
    )


def test_the_three_worst_years_are_those_of_the_two_great_recessions(declared: Scenarios) -> None:
    scores = declared.index.year_scores
    assert sorted(scores, key=scores.__getitem__)[:3] == [2008, 2020, 2009]
