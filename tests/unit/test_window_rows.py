"""The steps of measures out of the rows that the daily state gives, and ranks across slices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from loomline.families.algebra import window_values
from loomline.families.catalogue import features, load_families, measures_of
from loomline.families.state import DailyState, Steps, daily_state
from loomline.families.vocabulary import STATE_DAYS
from loomline.settings import PROJECT_ROOT
from spark_jobs.window_features import compute_slices, rank_slices
from spark_jobs.window_slices import read_steps, steps_of

MEASURES, FIRMS = ("cost", "sale", "stock"), ("E1", "E2", "E3")


@given(
    st.lists(
        st.tuples(
            st.sampled_from((*MEASURES, "gone")),
            st.sampled_from(FIRMS),
            st.integers(0, 730),
            st.floats(-9, 9),
        ),
        max_size=24,
        unique_by=lambda row: row[:3],
    ),
    st.integers(1, 9),
)
def test_a_measure_has_the_steps_of_its_rows(
    rows: list[tuple[str, str, int, float]], group: int
) -> None:
    columns = list(zip(*rows, strict=True)) or [[], [], [], []]
    table = pa.table(
        {
            "measure": pa.array(columns[0], pa.string()),
            "enterprise_id": pa.array(columns[1], pa.string()),
            "days_back": pa.array(columns[2], pa.int16()),
            "amount": pa.array(columns[3], pa.float64()),
        }
    )
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, row_group_size=group)
    firms, found = steps_of(read_steps(pa.BufferReader(sink.getvalue())), MEASURES)
    assert firms == sorted({row[1] for row in rows})
    assert list(found) == list(MEASURES)
    for measure, steps in found.items():
        names = [firms[place] for place in steps.places]
        told = zip(names, steps.days_back.tolist(), steps.amounts.tolist(), strict=True)
        expected = [row[1:] for row in rows if row[0] == measure]
        assert sorted(told) == sorted(expected)


def _state(steps: dict[str, Steps], firms: Sequence[int], trades: Sequence[int]) -> DailyState:
    """The state of some of the firms that steps are of."""
    families = load_families(PROJECT_ROOT / "catalog")
    of_all = {name: int(one.history_days(9999).max(initial=0)) for name, one in steps.items()}
    place_of = np.full(max(firms) + 1 if firms else 1, -1)
    place_of[list(firms)] = np.arange(len(firms))
    some = {}
    for name, one in steps.items():
        within = np.isin(one.places, firms)
        places = place_of[one.places[within]]
        some[name] = Steps(places, one.days_back[within], one.amounts[within])
    ids, of_firms = [f"E{firm}" for firm in firms], np.array([trades[firm] for firm in firms])
    return daily_state(families, ids, of_firms, date(2024, 6, 30), some, of_all)


def test_slices_give_what_all_enterprises_at_once_give(tmp_path: Path) -> None:
    families = load_families(PROJECT_ROOT / "catalog")
    made, random, count = features(families), np.random.default_rng(7), 30
    steps = {}
    for place, name in enumerate(measures_of(families)):
        # Every third firm is silent, and most measures begin late.
        is_active = random.random((count, STATE_DAYS)) < 0.2
        is_active[place % 3 :: 3] = False
        is_active[:, : random.integers(0, STATE_DAYS)] = False
        places, days = np.nonzero(is_active)
        amounts = np.round(random.lognormal(3, 1, len(places)), 2)
        steps[name] = Steps(places, STATE_DAYS - 1 - days, amounts)
    trades = random.integers(-1, 2, count).tolist()
    every = window_values(made, _state(steps, range(count), trades))
    parts = ([3], list(range(10, 30)), [0, 1, 2, *range(4, 10)])
    slices = compute_slices(made, (_state(steps, part, trades) for part in parts), tmp_path / "x")
    rank_slices(made, slices)
    assert np.isfinite(every).mean() > 0.2
    for part, one in zip(parts, slices, strict=True):
        np.testing.assert_array_equal(one.values("r").T, every[part])
