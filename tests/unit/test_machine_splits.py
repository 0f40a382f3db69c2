"""Machine health: what is held out stays out, and every figure of the protocol is made."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest

from models.evaluations.machine_health import as_frame, from_frame
from models.hazard import PersonIntervals
from models.hazard_training import unit_folds
from models.machine_health.declared import NAIVE
from models.machine_health.evaluation import (
    BASE_RATE,
    HAZARD,
    base_rates,
    held_out,
    measure,
)
from models.machine_health.machine_dates import MachineDates, machine_dates, sundays
from models.machine_health.specification import Specification
from models.machine_health.splits import out_of_enterprise, out_of_time, unseen_seed
from models.metrics import area_under_curve
from tests.unit.made_up_machines import day, fleet

SPECIFICATION = Specification(inverse_penalties=(1.0,))
LAST = 300


def _dates(seed: int, machines: int = 80) -> MachineDates:
    history = fleet(seed, machines)
    return machine_dates(history, sundays(day(LAST), SPECIFICATION), SPECIFICATION)


@pytest.fixture(scope="module")
def dates() -> MachineDates:
    return _dates(21)


def test_out_of_time_learns_from_nothing_that_was_known_later(dates: MachineDates) -> None:
    ((part, test),) = out_of_time(dates, SPECIFICATION).parts
    first = test.as_of_date.min()
    assert (part.known_by == first).all()
    ends = part.dates.as_of_date[part.person.row] + np.array([7, 30])[part.person.interval].astype(
        "timedelta64[D]"
    )
    assert (ends + np.timedelta64(7, "D") <= first).all()
    closed = np.unique(dates.as_of_date[dates.as_of_date + np.timedelta64(37, "D") <= day(LAST)])
    assert (closed >= first).sum() == -(-len(closed) // 3)


def test_out_of_enterprise_shares_no_owner_and_tests_every_row_once(dates: MachineDates) -> None:
    split = out_of_enterprise(dates, SPECIFICATION)
    tested = []
    for part, test in split.parts:
        assert not set(part.dates.owner) & set(test.owner)
        tested += list(zip(test.machine_id, test.as_of_date, strict=True))
    assert len(tested) == len(set(tested)) == len(dates.values)


def test_figures_are_those_of_the_plain_formulas(dates: MachineDates) -> None:
    split = out_of_time(dates, SPECIFICATION)
    found = measure("out of time", lambda: split, SPECIFICATION)
    assert found.why_not == ""
    figures = {(one.model, one.metric): one for one in found.figures}
    assert len(figures) == 2 * (1 + len(NAIVE) + 2)
    part = held_out(split, SPECIFICATION)
    for horizon, days in enumerate(SPECIFICATION.horizons):
        counts, failed = part.outcome(horizon)
        once = np.ones((1, int(counts.sum())))
        for name in NAIVE:
            rank = part.dates.values[name].to_numpy(dtype=float)[counts]
            expected = area_under_curve(failed[counts], rank, once)[0]
            assert figures[name, f"AUC {days} days"].estimate.value == pytest.approx(expected)
        rate = base_rates(split.parts[0][0], SPECIFICATION)[horizon]
        brier = np.mean((failed[counts] - rate) ** 2)
        of_base = figures[BASE_RATE, f"Brier {days} days"]
        assert of_base.estimate.value == pytest.approx(brier)
        of_hazard = figures[HAZARD, f"AUC {days} days"].estimate
        assert of_hazard.value > 0.55
        assert of_hazard.lower <= of_hazard.value <= of_hazard.upper
    for days, bins in found.reliability:
        counts, failed = part.outcome(SPECIFICATION.horizons.index(days))
        assert sum(one.enterprise_count for one in bins) == counts.sum()
        assert sum(one.default_count for one in bins) == failed[counts].sum()


def test_outcomes_dealt_at_random_can_not_be_told(dates: MachineDates) -> None:
    # The covariates of another machine and date: what is learnt is worth nothing.
    order = np.random.default_rng(22).permutation(len(dates.values))
    shuffled = replace(dates, values=dates.values.iloc[order].reset_index(drop=True))
    found = measure("out of time", partial(out_of_time, shuffled, SPECIFICATION), SPECIFICATION)
    (area,) = [
        one.estimate for one in found.figures if (one.model, one.metric) == (HAZARD, "AUC 30 days")
    ]
    assert area.lower < 0.5 < area.upper or abs(area.value - 0.5) < 0.04


def test_too_few_failures_are_said_and_not_measured(dates: MachineDates) -> None:
    few = dates.of(np.isin(dates.owner, np.unique(dates.owner)[:4]))
    for make_split in (
        partial(out_of_time, few, SPECIFICATION),
        partial(out_of_enterprise, few, SPECIFICATION),
        partial(unseen_seed, dates, few, SPECIFICATION),
    ):
        found = measure("any", make_split, SPECIFICATION)
        assert "needed" in found.why_not
        assert not found.figures


def test_machine_dates_survive_the_file_that_they_are_kept_in(dates: MachineDates) -> None:
    again = from_frame(as_frame(dates))
    pd.testing.assert_frame_equal(as_frame(again), as_frame(dates))
    for name in ("failure_date", "seen_known_date", "observed_until"):
        same = getattr(again, name) == getattr(dates, name)
        assert (same | np.isnat(getattr(dates, name))).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("failed", "in_all"), [(0, False), (2, False), (10, True), (18, False)])
def test_folds_are_of_whole_owners_and_share_out_those_that_failed_where_they_can(
    failed: int, in_all: bool
) -> None:
    owners = np.repeat([f"O{number:02}" for number in range(20)], 3)
    event = (np.arange(60) // 3 < failed).astype(float)
    person = PersonIntervals(np.arange(60), np.zeros(60, dtype=np.int64), event)
    fold = unit_folds(owners, person, 4, seed=0)
    of_owner = fold.reshape(20, 3)
    assert (of_owner == of_owner[:, :1]).all()
    assert np.bincount(of_owner[:, 0]).tolist() == [5, 5, 5, 5]
    assert not in_all or set(of_owner[:failed, 0]) == set(of_owner[failed:, 0]) == {0, 1, 2, 3}
