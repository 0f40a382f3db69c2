"""What a minute and a day of readings come to: pure functions on frames.

Every figure depends on the readings alone and not on how the engine spreads them: sums of floating
point numbers are taken in the order of the device's clock.
"""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

SENSOR = ("code_system", "machine_code", "sensor_code")
MACHINE_DAY = ("code_system", "machine_code", "reading_date")
# Readings are held up on their way and never sent ahead of it, so the promptest tell the clock.
# Not the very promptest: a single wrong moment would be believed.
PROMPT_SHARE = 0.05
LATE_SECONDS = 24 * 3600
# Hashes that are kept of a day, to tell a repetition in which some readings were lost.
SKETCH_SIZE = 32


def reading_date(device_time: str, zone: str) -> SparkColumn:
    """The business day of a moment, in the zone of that name."""
    return F.to_date(F.from_utc_timestamp(device_time, zone))


def readings_of(telemetry: DataFrame, zone: str) -> DataFrame:
    """The standing rows of `silver.telemetry` with their day, their minute and their good value."""
    local = F.from_utc_timestamp("device_time", zone)
    return (
        telemetry.where("superseded_at is null")
        .select(
            *SENSOR,
            *("device_time", "known_at", "unit", "value"),
            F.coalesce(F.col("quality") == "bad", F.lit(False)).alias("is_bad"),
            F.to_date(local).alias("reading_date"),
            F.date_trunc("minute", "device_time").alias("minute_at"),
            (F.hour(local) * 60 + F.minute(local)).alias("minute_of_day"),
        )
        .withColumn("good_value", F.when(~F.col("is_bad"), F.col("value")))
    )


def _seconds(earlier: str, later: str) -> SparkColumn:
    return (F.unix_micros(later) - F.unix_micros(earlier)) / 1e6


def _mean() -> SparkColumn:
    """The mean of the good values, summed in the order of the clock."""
    value = F.struct("device_time", "good_value")
    values = F.array_sort(F.collect_list(F.when(F.col("good_value").isNotNull(), value)))
    total = F.aggregate(values, F.lit(0.0), lambda total, one: total + one["good_value"])
    return F.when(F.size(values) > 0, total / F.size(values))


def _shared_figures() -> list[SparkColumn]:
    good_time = F.when(F.col("good_value").isNotNull(), F.col("device_time"))
    return [
        F.max_by("unit", "device_time").alias("unit"),
        F.count("*").alias("reading_count"),
        F.count_if("is_bad").alias("bad_count"),
        F.min("good_value").alias("value_min"),
        F.max("good_value").alias("value_max"),
        _mean().alias("value_mean"),
        F.max_by("good_value", good_time).alias("value_last"),
        F.max("known_at").alias("known_at"),
    ]


def minute_rollup(readings: DataFrame) -> DataFrame:
    """The rows of `silver.telemetry_minute` of readings as `readings_of` gives them."""
    # The day is named with the minute, so that the engine spreads both rollups alike.
    return readings.groupBy(*SENSOR, "reading_date", "minute_at").agg(*_shared_figures())


def _with_neighbours(readings: DataFrame) -> DataFrame:
    """Readings with what the one before says, and since when their value has been the same."""
    of_day = Window.partitionBy(*SENSOR, "reading_date").orderBy("device_time")
    earlier = of_day.rowsBetween(Window.unboundedPreceding, -1)
    up_to_now = of_day.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    readings = readings.withColumns(
        {
            "time_before": F.lag("device_time").over(of_day),
            "value_before": F.last("good_value", ignorenulls=True).over(earlier),
        }
    )
    is_frozen = F.coalesce(F.col("good_value") == F.col("value_before"), F.lit(False))
    begins = F.when(F.col("good_value").isNotNull() & ~is_frozen, F.col("device_time"))
    return readings.withColumns(
        {"is_frozen": is_frozen, "same_since": F.last(begins, ignorenulls=True).over(up_to_now)}
    )


def day_rollup(readings: DataFrame) -> DataFrame:
    """The rows of `silver.telemetry_day` of readings as `readings_of` gives them, none final."""
    delay = _seconds("device_time", "known_at")
    is_good = F.col("good_value").isNotNull()
    frozen_for = F.when(is_good, _seconds("same_since", "device_time"))
    content = F.array_sort(F.collect_list(F.struct("minute_of_day", "value")))
    sketch = F.array_sort(F.collect_set(F.xxhash64("minute_of_day", "value")))
    return (
        _with_neighbours(readings)
        .groupBy(*SENSOR, "reading_date")
        .agg(
            *_shared_figures(),
            F.min("device_time").alias("first_read_at"),
            F.max("device_time").alias("last_read_at"),
            F.max(_seconds("time_before", "device_time")).alias("longest_gap_seconds"),
            F.max(frozen_for).alias("longest_frozen_seconds"),
            F.count_if("is_frozen").alias("frozen_reading_count"),
            F.size(F.collect_set("good_value")).cast("bigint").alias("distinct_value_count"),
            F.max(F.abs(F.col("good_value") - F.col("value_before"))).alias("largest_jump"),
            F.percentile(delay, PROMPT_SHARE).alias("clock_offset_seconds"),
            F.count_if(delay > LATE_SECONDS).alias("late_count"),
            F.hex(F.xxhash64(content)).alias("content_hash"),
            F.slice(sketch, 1, SKETCH_SIZE).alias("content_sketch"),
            F.lit(False).alias("is_final"),
        )
    )
