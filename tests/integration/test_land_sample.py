"""The sample, landed and conformed on the shared engine."""

from __future__ import annotations

from loomline.job import JobContext


def test_the_sample_reconciles(lake: JobContext) -> None:
    rows = lake.spark.table("quality.reconciliation").collect()
    assert len(rows) == 4
    assert all(row["is_reconciled"] for row in rows)
