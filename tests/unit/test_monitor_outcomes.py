"""What came true of earlier scores, against SciPy, scikit-learn, DuckDB and slow counts."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import binomtest, rankdata
from sklearn.metrics import brier_score_loss, roc_auc_score

from loomline.lake import known_condition
from models.master_scale import load_master_scale
from models.monitor.finding import Watched
from models.monitor.inputs import OUTCOMES
from models.monitor.maturing import Matured, ScoredDate, matured, newest_matured
from models.monitor.outcome_findings import outcome_findings
from models.monitor.outcome_tests import (
    binomial_p_value,
    holm,
    jeffreys_interval,
    jeffreys_p_value,
    observed_area,
    observed_figures,
)
from models.monitor.thresholds import Simulation, Thresholds, load_thresholds
from models.outcome_window import window_after

CHAMPION = Watched("7", "champion")
SIMULATION = Simulation(samples=2_000, seed=5, source="A test.")
# Few different probabilities, so that ties are common.
PROBABILITIES = st.sampled_from([0.01, 0.05, 0.2, 0.5, 0.9])


@pytest.fixture
def thresholds(catalog: Path) -> Thresholds:
    return load_thresholds(catalog)


def slow_jeffreys(defaults: int, firms: int, pd_ratio: float) -> float:
    share = defaults / firms

    def density(rate: float) -> float:
        # By that at the share: numbers as small as these would be lost in quad's tolerance.
        bad, good = rate / share, (1 - rate) / (1 - share)
        return float(bad ** (defaults - 0.5) * good ** (firms - defaults - 0.5))

    return float(quad(density, 0, pd_ratio)[0] / quad(density, 0, 1)[0])


@settings(max_examples=40)
@given(st.integers(1, 40), st.integers(1, 40), st.floats(0.02, 0.98))
def test_jeffreys_test_is_the_integral_of_its_density(
    defaults: int, others: int, pd_ratio: float
) -> None:
    found = jeffreys_p_value(defaults, defaults + others, pd_ratio)
    assert found == pytest.approx(slow_jeffreys(defaults, defaults + others, pd_ratio), abs=1e-6)


@given(st.integers(0, 40), st.integers(0, 40), st.floats(0.0, 1.0))
def test_the_binomial_test_is_that_of_scipy(defaults: int, others: int, pd_ratio: float) -> None:
    firms = defaults + others
    if firms:
        expected = binomtest(defaults, firms, pd_ratio, alternative="greater").pvalue
        assert binomial_p_value(defaults, firms, pd_ratio) == pytest.approx(expected, abs=1e-12)


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_interval_of_a_share_ends_where_the_test_would_say_so(
    defaults: int, others: int
) -> None:
    firms = defaults + others
    if not firms:
        return
    lower, upper = jeffreys_interval(defaults, firms)
    assert 0 <= lower <= defaults / firms <= upper <= 1
    if 0 < defaults < firms:
        assert jeffreys_p_value(defaults, firms, lower) == pytest.approx(0.025)
        assert jeffreys_p_value(defaults, firms, upper) == pytest.approx(0.975)


def slow_holm(p_values: list[float]) -> list[float]:
    order = sorted(range(len(p_values)), key=lambda x: p_values[x])
    adjusted = {}
    for rank, place in enumerate(order):
        earlier = [(len(p_values) - other) * p_values[order[other]] for other in range(rank + 1)]
        adjusted[place] = min(1.0, max(earlier))
    return [adjusted[place] for place in range(len(p_values))]


@given(st.lists(st.floats(0, 1), min_size=0, max_size=9))
def test_p_values_are_adjusted_by_the_steps_of_holm(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(slow_holm(p_values))


def test_holm_of_a_worked_example() -> None:
    # 0.01 x 4, 0.02 x 3 and 0.03 x 2 (both 0.06), and 0.04, raised to the 0.06 before it.
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 1), PROBABILITIES), min_size=2, max_size=40))
def test_observed_figures_are_those_of_scikit_learn(rows: list[tuple[int, float]]) -> None:
    outcome = np.array([row[0] for row in rows], dtype=float)
    pd_ratio = np.array([row[1] for row in rows])
    few = Simulation(samples=100, seed=1, source="A test.")
    auc, brier = observed_figures(outcome, pd_ratio, few)
    assert brier.value == pytest.approx(brier_score_loss(outcome, pd_ratio))
    assert brier.lower <= brier.value <= brier.upper
    if len(set(outcome)) == 1:
        assert auc is None
        assert math.isnan(observed_area(outcome, pd_ratio))
    else:
        assert auc is not None
        assert auc.value == pytest.approx(roc_auc_score(outcome, pd_ratio))
        assert 0 <= auc.lower <= auc.value <= auc.upper <= 1


def areas_by_rank_sums(bad: np.ndarray, good: np.ndarray) -> np.ndarray:
    """Areas of samples of bad and good firms' probabilities, by Wilcoxon's sum of ranks."""
    ranks = rankdata(np.column_stack([bad, good]), axis=1)
    count = bad.shape[1]
    least = count * (count + 1) / 2
    return np.asarray((ranks[:, :count].sum(axis=1) - least) / (count * good.shape[1]))


def test_the_interval_of_an_area_is_that_of_firms_drawn_one_by_one() -> None:
    generator = np.random.default_rng(8)
    pd_ratio = generator.choice([0.02, 0.06, 0.15, 0.4], 150)
    outcome = (generator.random(150) < pd_ratio).astype(float)
    bad, good = pd_ratio[outcome == 1], pd_ratio[outcome == 0]
    drawn = areas_by_rank_sums(
        generator.choice(bad, (20_000, len(bad))), generator.choice(good, (20_000, len(good)))
    )
    auc, _ = observed_figures(outcome, pd_ratio, SIMULATION)
    assert auc is not None
    assert (auc.lower, auc.upper) == pytest.approx(np.percentile(drawn, [2.5, 97.5]), abs=0.01)


@pytest.mark.parametrize(
    ("scored_on", "ends"),
    [
        (date(2020, 1, 15), date(2021, 1, 15)),
        (date(2020, 2, 29), date(2021, 2, 28)),
        (date(2019, 2, 28), date(2020, 2, 29)),
    ],
)
def test_a_window_ends_twelve_months_later(scored_on: date, ends: date) -> None:
    assert window_after(scored_on).ends == ends


def test_the_newest_date_whose_window_is_over_is_looked_at() -> None:
    scored = [
        ScoredDate(date(2020, 1, 31), "1"),
        ScoredDate(date(2020, 2, 29), "1"),
        ScoredDate(date(2020, 3, 31), "2"),
    ]
    assert newest_matured(scored, "2", date(2021, 1, 30)) is None
    assert newest_matured(scored, "2", date(2021, 2, 27)) == scored[0]
    assert newest_matured(scored, "2", date(2021, 2, 28)) == scored[1]
    assert newest_matured(scored, "2", date(2022, 1, 1)) == scored[2]
    # What the version in use has scored goes before what is newer.
    assert newest_matured(scored, "1", date(2022, 1, 1)) == scored[1]


def test_only_defaults_within_the_window_count_and_those_before_it_leave_the_firm_out() -> None:
    scored = ScoredDate(date(2020, 2, 29), "1")
    scores = pd.DataFrame({"enterprise_id": list("gfedcba"), "pd_ratio": np.arange(7) / 10})
    outcomes = pd.DataFrame(
        {
            "enterprise_id": list("abcdefz"),
            "default_date": [
                *(date(2020, 2, 29), date(2020, 3, 1), date(2021, 2, 28), date(2021, 3, 1)),
                *(None, date(2019, 1, 1), date(2020, 6, 1)),
            ],
        }
    )
    found = matured(scored, scores, outcomes)
    # a and f were in default already, of g nothing would be known, z was not scored.
    assert list(found.enterprise_ids) == ["b", "c", "d", "e"]
    assert list(found.outcome) == [1, 1, 0, 0]
    assert list(found.pd_ratio) == [0.5, 0.4, 0.3, 0.2]


def test_firms_without_any_default_are_all_good() -> None:
    scores = pd.DataFrame({"enterprise_id": ["a", "b"], "pd_ratio": [0.1, 0.2]})
    outcomes = pd.DataFrame({"enterprise_id": ["a", "b"], "default_date": [None, None]})
    found = matured(ScoredDate(date(2020, 1, 1), "1"), scores, outcomes)
    assert (len(found.outcome), found.default_count) == (2, 0)


def known_at(day: int) -> datetime:
    return datetime(2021, 1, day, tzinfo=UTC)


def test_outcomes_are_those_known_by_then_of_firms_by_their_own_codes() -> None:
    moment = "event_at timestamptz, known_at timestamptz, superseded_at timestamptz"
    database = duckdb.connect()
    database.execute("set timezone = 'UTC'")
    # What of Spark's functions DuckDB has by another name.
    database.execute("create macro from_utc_timestamp(moment, zone) as timezone(zone, moment)")
    database.execute("create macro to_date(moment) as cast(moment as date)")
    database.execute("create schema silver")
    database.execute(
        f"create table silver.credit_record (enterprise_id text, is_default boolean, {moment})"
    )
    database.execute(
        "create table silver.credit_outcome "
        f"(code_system text, enterprise_code text, default_date date, {moment})"
    )
    database.execute(
        "create table silver.enterprise_link (code_system text, party_code text, party_role text, "
        f"owner_code text, enterprise_id text, {moment})"
    )
    early, late = known_at(1), known_at(20)
    # Five in the afternoon of New Year's Eve in London is New Year's Day in Shanghai.
    event = datetime(2020, 12, 31, 17, tzinfo=UTC)
    records = [
        ("good", False, event, early, None),
        ("bad", True, event, early, None),
        ("bad_later", False, event, early, None),
        ("bad_later", True, event, late, None),
        ("corrected", True, event, early, known_at(5)),
        ("corrected", False, event, known_at(5), None),
        ("unheard_of", False, event, late, None),
    ]
    database.executemany("insert into silver.credit_record values (?, ?, ?, ?, ?)", records)
    borrowers = [
        ("bank", "1", None, event, early, late),
        ("bank", "1", date(2021, 1, 15), event, late, None),
        ("bank", "2", date(2020, 11, 11), event, early, None),
        ("bank", "3", date(2020, 11, 11), event, early, None),
    ]
    database.executemany("insert into silver.credit_outcome values (?, ?, ?, ?, ?, ?)", borrowers)
    links = [
        ("bank", "1", "enterprise", "*", "borrower", event, early, None),
        ("bank", "2", "enterprise", "*", "bad", event, early, None),
        ("bank", "3", "customer", "someone", "not_its_own_code", event, early, None),
    ]
    database.executemany(
        "insert into silver.enterprise_link values (?, ?, ?, ?, ?, ?, ?, ?)", links
    )

    def outcomes(end: datetime) -> dict[str, date | None]:
        query = OUTCOMES.format(
            known=known_condition(end),
            borrower_known=known_condition(end, "borrower"),
            link_known=known_condition(end, "link"),
            zone="Asia/Shanghai",
        )
        return dict(database.execute(query).fetchall())

    assert outcomes(known_at(10)) == {
        "good": None,
        "bad": date(2020, 11, 11),
        "bad_later": None,
        "corrected": None,
        "borrower": None,
    }
    assert outcomes(known_at(25)) == {
        "good": None,
        "bad": date(2020, 11, 11),
        "bad_later": date(2021, 1, 1),
        "corrected": None,
        "borrower": date(2021, 1, 15),
        "unheard_of": None,
    }


def simulated(factor: float, count: int = 6_000) -> Matured:
    generator = np.random.default_rng(31)
    pd_ratio = generator.choice([0.005, 0.03, 0.07, 0.12, 0.25], count)
    outcome = (generator.random(count) < factor * pd_ratio).astype(float)
    firms = np.array([f"firm {x}" for x in range(count)], dtype=object)
    return Matured(ScoredDate(date(2020, 2, 29), "7"), firms, pd_ratio, outcome)


def test_probabilities_that_came_true_are_green_and_halved_ones_are_red(
    catalog: Path, thresholds: Thresholds
) -> None:
    scale = load_master_scale(catalog)
    levels = {}
    for name, factor in (("right", 1.0), ("too low", 2.0)):
        found = simulated(factor)
        validated = roc_auc_score(found.outcome, found.pd_ratio)
        findings = outcome_findings(found, scale, validated, thresholds)
        levels[name] = {(one.measure, one.subject): one.level for one in findings}
        grades = {one.subject for one in findings if one.measure == "jeffreys_p_value"}
        assert grades == {"portfolio", "G1", "G3", "G4", "G5", "G6"}
        assert all(one.of == CHAMPION for one in findings)
    assert levels["right"]["jeffreys_p_value", "portfolio"] == "green"
    assert levels["too low"]["jeffreys_p_value", "portfolio"] == "red"
    assert levels["too low"]["jeffreys_p_value", "G6"] == "red"
    # The order of the firms was kept, so that the area has not fallen.
    assert levels["too low"]["matured_auc", "portfolio"] == "green"


def test_an_area_that_surely_fell_is_red_and_one_of_few_defaults_is_not_judged(
    catalog: Path, thresholds: Thresholds
) -> None:
    scale, found = load_master_scale(catalog), simulated(1.0)

    def area(of: Matured, validated: float | None) -> str:
        findings = outcome_findings(of, scale, validated, thresholds)
        return next(one.level for one in findings if one.measure == "matured_auc")

    observed = roc_auc_score(found.outcome, found.pd_ratio)
    assert area(found, observed + 0.15) == "red"
    assert area(found, observed) == "green"
    assert area(found, None) == "none"
    assert area(simulated(1.0, 40), 0.99) == "none"


def test_firms_of_which_nothing_is_known_give_one_row_of_no_level(
    catalog: Path, thresholds: Thresholds
) -> None:
    nobody = Matured(
        ScoredDate(date(2020, 2, 29), "7"), np.array([], dtype=object), np.array([]), np.array([])
    )
    findings = outcome_findings(nobody, load_master_scale(catalog), 0.8, thresholds)
    assert [(one.measure, one.level) for one in findings] == [("observed_default_ratio", "none")]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_grades_are_those_of_the_master_scale(catalog: Path, pd_ratios: list[float]) -> None:
    scale = load_master_scale(catalog)
    numbers = scale.places(np.array(pd_ratios))
    assert [scale.grades[x].grade for x in numbers] == [scale.grade_of(x) for x in pd_ratios]
