"""The steps of measures out of the rows that the daily state gives, and ranks across slices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomline.families.algebra import window_values
from loomline.families.catalogue import features, load_families, measures_of
from loomline.families.state import DailyState, Steps, daily_state
from loomline.families.vocabulary import STATE_DAYS
from loomline.settings import PROJECT_ROOT
from spark_jobs.window_features import compute_slices, rank_slices
from spark_jobs.window_slices import SLICE_ENTERPRISES, Dealer, read_batches

FAMILIES = load_families(PROJECT_ROOT / "catalog")
AS_OF = date(2024, 6, 30)
# A flow, a balance, one that shows everybody's history, and one that is no longer declared.
MEASURES = ("sale_amount", "trade_position", "pledge_debt", "gone")
BALANCES = {one.name for one in measures_of(FAMILIES).values() if one.kind == "balance"}
# Enough firms for two slices, their codes in a system, and one that is not known to be anybody's.
FIRMS = SLICE_ENTERPRISES + 20
LINKS = {("erp", f"C{firm}"): f"E{firm}" for firm in range(FIRMS)}
CODES = [("erp", "C1"), ("erp", "C2"), ("", "E1"), ("", "E9"), ("erp", "unknown"), ("bank", "C1")]
ROWS = st.tuples(
    st.sampled_from([*CODES, ("erp", f"C{FIRMS - 1}")]),
    st.sampled_from(MEASURES),
    st.sampled_from([-1, 0, 1, 300, STATE_DAYS - 1, STATE_DAYS, 2000]),
    st.integers(-1, 2),
    st.sampled_from([-2_500_000, -1, 1, 10, 2_500_000, 10**17]),
)


def _file(rows: list[tuple[tuple[str, str], str, int, int, int]], group: int) -> pa.BufferReader:
    """Rows of the daily state: code, measure, days back, days since known and millionths."""
    amounts = [Decimal(row[4]).scaleb(-6) for row in rows]
    table = pa.table(
        {
            "code_system": pa.array([row[0][0] for row in rows], pa.string()),
            "enterprise_code": pa.array([row[0][1] for row in rows], pa.string()),
            "measure": pa.array([row[1] for row in rows], pa.string()),
            "event_date": pa.array([AS_OF - timedelta(row[2]) for row in rows], pa.date32()),
            "known_date": pa.array([AS_OF - timedelta(row[3]) for row in rows], pa.date32()),
            "delta": pa.array(amounts, pa.decimal128(28, 6)),
        }
    )
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, row_group_size=group)
    return pa.BufferReader(sink.getvalue())


@settings(deadline=None, max_examples=60)
@given(st.lists(ROWS, max_size=40), st.integers(1, 50), st.booleans())
def test_rows_add_up_to_the_steps_of_their_enterprises(
    rows: list[tuple[tuple[str, str], str, int, int, int]], group: int, are_many: bool
) -> None:
    # Each of the other firms has a step, so that a slice is full.
    if are_many:
        rows = [(("erp", f"C{firm}"), "sale_amount", 5, 0, 7) for firm in range(FIRMS)] + rows
    expected: dict[tuple[str, str, int], int] = defaultdict(int)
    for (system, code), measure, back, known, millionths in rows:
        enterprise = LINKS.get((system, code), "" if system else code)
        is_within = 0 <= back < STATE_DAYS or (back > 0 and measure in BALANCES)
        if enterprise and measure != "gone" and is_within and known >= 0:
            expected[enterprise, measure, min(back, STATE_DAYS)] += millionths
    expected = {key: total / 1e6 for key, total in expected.items() if total}
    with TemporaryDirectory() as folder:
        dealer = Dealer(FAMILIES, AS_OF, LINKS, Path(folder) / "steps")
        for batch in read_batches([_file(rows, group)]):
            dealer.deal(batch)
        found = {
            (firms[place], measure, back): amount
            for firms, steps in dealer.slices()
            for measure, of in steps.items()
            for place, back, amount in zip(
                of.places.tolist(), of.days_back.tolist(), of.amounts.tolist(), strict=True
            )
        }
        longest = dealer.longest().get("pledge_debt", 0)
    assert found == expected
    shown = [back + 1 for _, measure, back in expected if measure == "pledge_debt"]
    assert longest == max(shown, default=0)


def test_an_amount_that_can_not_be_added_up_is_refused(tmp_path: Path) -> None:
    dealer = Dealer(FAMILIES, AS_OF, LINKS, tmp_path / "steps")
    (batch,) = read_batches([_file([(("", "E1"), "sale_amount", 1, 1, 2**63)], 1)])
    with pytest.raises(ValueError, match=r"9\.2e12"):
        dealer.deal(batch)


def _state(steps: dict[str, Steps], firms: Sequence[int], trades: Sequence[int]) -> DailyState:
    """The state of some of the firms that steps are of."""
    of_all = {name: int(one.history_days(9999).max(initial=0)) for name, one in steps.items()}
    place_of = np.full(max(firms) + 1 if firms else 1, -1)
    place_of[list(firms)] = np.arange(len(firms))
    some = {}
    for name, one in steps.items():
        within = np.isin(one.places, firms)
        places = place_of[one.places[within]]
        some[name] = Steps(places, one.days_back[within], one.amounts[within])
    ids, of_firms = [f"E{firm}" for firm in firms], np.array([trades[firm] for firm in firms])
    return daily_state(FAMILIES, ids, of_firms, AS_OF, some, of_all)


def test_slices_give_what_all_enterprises_at_once_give(tmp_path: Path) -> None:
    made, random, count = features(FAMILIES), np.random.default_rng(7), 30
    steps = {}
    for place, name in enumerate(measures_of(FAMILIES)):
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
