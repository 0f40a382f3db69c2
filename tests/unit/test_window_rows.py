"""The steps of measures out of the rows that the daily state gives."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from spark_jobs.window_features import steps_of_batches

MEASURES, FIRMS = ("cost", "sale", "stock"), ("E1", "E2", "E3")
STEPS = pa.list_(pa.struct([("days_back", pa.int16()), ("amount", pa.float64())]))


@given(
    st.lists(
        st.tuples(
            st.sampled_from((*MEASURES, "gone")),
            st.sampled_from(FIRMS),
            st.lists(st.tuples(st.integers(0, 730), st.floats(-9, 9)), min_size=1, max_size=4),
        ),
        max_size=12,
        unique_by=lambda row: row[:2],
    )
)
def test_a_measure_has_the_steps_of_its_rows(
    rows: list[tuple[str, str, list[tuple[int, float]]]],
) -> None:
    lists = [
        [{"days_back": back, "amount": amount} for back, amount in taken] for *_, taken in rows
    ]
    table = pa.table(
        {
            "measure": pa.array([row[0] for row in rows], pa.string()),
            "enterprise_id": pa.array([row[1] for row in rows], pa.string()),
            "steps": pa.array(lists, STEPS),
        }
    )
    batches = table.to_batches(max_chunksize=3)
    found = steps_of_batches(batches, FIRMS, MEASURES)
    assert not batches
    assert list(found) == list(MEASURES)
    for measure, steps in found.items():
        expected = [
            (firm, back, amount)
            for name, firm, taken in rows
            if name == measure
            for back, amount in taken
        ]
        names = [FIRMS[place] for place in steps.places]
        told = zip(names, steps.days_back.tolist(), steps.amounts.tolist(), strict=True)
        assert sorted(told) == sorted(expected)
