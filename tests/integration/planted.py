"""Rows that tests put straight into canonical tables, without files and contracts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from pathlib import Path

import pandas as pd
from pyspark.sql import DataFrame, SparkSession

from loomline.lake import rows_frame
from loomline.tables import table_declaration


def planted_rows(
    spark: SparkSession,
    catalog: Path,
    name: str,
    values: Iterable[dict[str, object]],
    file_sha256: str = "0" * 64,
) -> DataFrame:
    """Rows of a canonical table by what they say, whatever they do not say left empty.

    Each says its `known_at` (UTC, without a zone), at which what it tells of has happened too,
    unless it says an `event_at`.
    """
    columns = table_declaration(catalog, name).columns
    rows = []
    for number, one in enumerate(values, start=1):
        known_at = pd.Timestamp(str(one["known_at"])).to_pydatetime().replace(tzinfo=UTC)
        origin = {
            "event_at": one.get("event_at", known_at),
            "known_at": known_at,
            "superseded_at": None,
            "source": "planted",
            "source_file": "planted",
            "file_sha256": file_sha256,
            "line_number": number,
            "item_number": 1,
        }
        rows.append(tuple((one | origin).get(column) for column in columns))
    return rows_frame(spark, catalog, name, rows)
