"""What the state and the features of one more day cost, beside summing the whole state anew.

Run from the repository on a home whose state is up to the day before, with the files of the day:

    LOOMLINE_HOME=FOLDER python bench/new_day_features.py --date DATE --data FILES

Brings the files into the lake, and measures the jobs `daily_state` and `window_features`. Then all
rows of the state are taken out and both run again from the same rows of silver; state and vectors
must come out as they were. Processor seconds are those of the engine and of this process. The
first jobs of an engine are slow: run it for two days, and take the second.
"""

from __future__ import annotations

import time
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from engine_use import seconds_of_both
from pyspark.sql import SparkSession

from loomline.engine.session import open_session
from loomline.lake import remove_rows
from loomline.runner import run_job
from loomline.settings import Settings, load_settings

STATE, VALUES = "features.daily_state", "features.window_value"
BEFORE = (
    *("land", "conform", "enterprise", "trade_relation", "ledger_balance", "credit_outcome"),
    "identity",
)
MEASURED = ("daily_state", "window_features")
# What is known of each day when, whichever runs have added it.
KNOWN = f"""
select sum(hash(code_system, enterprise_code, measure, event_date, known_date, delta)) as digest
from (
    select code_system, enterprise_code, measure, event_date, known_date, sum(delta) as delta
    from {STATE}
    group by all
    having sum(delta) <> 0
)
"""
VECTORS = f"""
select sum(hash(enterprise_id, feature_values)) as digest
from {VALUES}
where as_of_date = date'{{day}}'
"""


def _digests(spark: SparkSession, day: date) -> list[int]:
    """State and vectors, a number each."""
    queries = (KNOWN, VECTORS.format(day=day))
    return [spark.sql(query).collect()[0]["digest"] for query in queries]


def _measure(settings: Settings, day: date, what: str) -> None:
    """Run the jobs; a line of the table each."""
    for job in MEASURED:
        used, clock = seconds_of_both(settings), time.perf_counter()
        rows = run_job(job, day, None, settings, say=lambda _line: None).rows_in
        seconds, processor = time.perf_counter() - clock, seconds_of_both(settings) - used
        print(f"| {what} | {job} | {rows:,} | {seconds:.1f} | {processor:.1f} |", flush=True)


def main(
    as_of: Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="The new day.")],
    data: Annotated[Path, typer.Option(help="Folder of the files of the day.")],
) -> None:
    """Bring a day into the lake, and measure it and the rebuild."""
    settings, day = load_settings(), as_of.date()
    for job in BEFORE:
        run_job(job, day, data, settings)
    print("| what | job | rows in | seconds | processor seconds |")
    print("| --- | --- | --- | --- | --- |")
    _measure(settings, day, "new day")
    spark = open_session(settings)
    before = _digests(spark, day)
    remove_rows(spark, STATE, "true")
    _measure(settings, day, "rebuild")
    if _digests(spark, day) != before:
        raise SystemExit("The rebuild gives another state or other vectors.")
    print("State and vectors are the same.")


if __name__ == "__main__":
    typer.run(main)
