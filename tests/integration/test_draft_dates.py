"""What a draft reads by a date pattern, Spark reads as the same moment."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from loomline.drafting.dates import (
    COMPACT_PATTERNS,
    DATE_PATTERNS,
    EPOCHS,
    MONTH_PATTERNS,
    every_pattern,
    read_moment,
)
from tests.unit.drafted import spark_text

ZONE = ZoneInfo("Asia/Shanghai")
MOMENTS = (datetime(2024, 3, 1), datetime(2019, 12, 31, 23, 59, 59, 123456))
# All dates, and of the many dates with a time every 23rd.
PATTERNS = [*DATE_PATTERNS, *MONTH_PATTERNS, *COMPACT_PATTERNS]
PATTERNS += [p for p in every_pattern()[::23] if p not in PATTERNS and p not in EPOCHS]


def test_spark_reads_each_pattern_as_the_draft_does(spark: SparkSession) -> None:
    names = [f"t{place}" for place in range(len(PATTERNS))]
    texts = [[spark_text(moment, pattern) for pattern in PATTERNS] for moment in MOMENTS]
    frame = spark.createDataFrame(texts, names)
    parsed = [
        F.unix_micros(
            F.try_to_timestamp(name, F.lit(pattern))
            if "X" in pattern
            else F.to_utc_timestamp(F.try_to_timestamp(name, F.lit(pattern)), ZONE.key)
        )
        for name, pattern in zip(names, PATTERNS, strict=True)
    ]
    assert len(PATTERNS) > 150
    for line, row in zip(texts, frame.select(*parsed).collect(), strict=True):
        for text, pattern, micros in zip(line, PATTERNS, row, strict=True):
            read = read_moment(text, pattern)
            assert read is not None
            moment = (read if read.tzinfo else read.replace(tzinfo=ZONE)).astimezone(UTC)
            assert micros == round(moment.timestamp() * 1_000_000), (pattern, text)
