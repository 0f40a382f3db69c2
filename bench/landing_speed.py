"""How fast telemetry lands, against Spark that only writes the same lines to Parquet.

Run from the repository: python bench/landing_speed.py. It starts an engine in a home of its own in
a temporary folder. Rounds alternate; each lands other files, and both sides have the same ones.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from pyspark.sql import DataFrame

from loomline.engine.server import start_engine, stop_engine
from loomline.engine.session import open_session
from loomline.job import JobResult
from loomline.runner import run_job
from loomline.settings import Settings, load_settings
from simulator.calendar import date_of
from simulator.run import Parameters, simulate
from simulator.telemetry.readings import Density


def _lines_a_second(rewritten: DataFrame, target: Path, rows: int) -> float:
    """Rows a second at which Spark writes a frame to Parquet; the rows must all be there."""
    clock = time.perf_counter()
    rewritten.write.mode("overwrite").parquet(str(target))
    seconds = time.perf_counter() - clock
    written = rewritten.sparkSession.read.parquet(str(target)).count()
    if written != rows:
        raise ValueError(f"{written} rows were written of {rows}")
    return rows / seconds


def _rows_a_second(job: str, day: date, files: Path, settings: Settings) -> tuple[float, JobResult]:
    clock = time.perf_counter()
    result = run_job(job, day, files, settings)
    return result.rows_in / (time.perf_counter() - clock), result


def _days(folder: Path, enterprises: int, days: int) -> list[Path]:
    """A folder of telemetry files for each simulated day."""
    parameters = Parameters(enterprises, 1, Density.FULL)
    simulate(parameters, days, folder / "ecosystem", say=lambda _line: None)
    folders = []
    for day in range(days):
        of_day = folder / f"day-{day}" / "telemetry"
        of_day.mkdir(parents=True)
        for path in (folder / "ecosystem" / "files" / "telemetry").glob(
            f"*_{date_of(day):%Y%m%d}.*"
        ):
            shutil.copy(path, of_day)
        folders.append(of_day.parent)
    return folders


def main(
    enterprises: Annotated[int, typer.Option(help="How many enterprises.")] = 1000,
    days: Annotated[int, typer.Option(help="Days of telemetry; the first warms up.")] = 5,
) -> None:
    """Measure and print a table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folders = _days(folder, enterprises, days)
        settings = load_settings().model_copy(update={"home": folder / "home"})
        start_engine(settings)
        rates: dict[str, list[float]] = {"lines to Parquet": [], "land": [], "conform": []}
        try:
            for number, of_day in enumerate(folders):
                files = [str(path) for path in sorted(of_day.rglob("*.jsonl"))]
                lines = open_session(settings).read.text(files)
                landed, result = _rows_a_second("land", date_of(number), of_day, settings)
                conformed, _ = _rows_a_second("conform", date_of(number), of_day, settings)
                rewritten = _lines_a_second(lines, folder / "rewritten", result.rows_in)
                if number:
                    for what, rate in zip(rates, (rewritten, landed, conformed), strict=True):
                        rates[what].append(rate)
        finally:
            stop_engine(settings)
    print("| what | lines a second, median | of the rewrite |")
    print("| --- | --- | --- |")
    whole = statistics.median(rates["lines to Parquet"])
    for what, found in rates.items():
        median = statistics.median(found)
        print(f"| {what} | {median:,.0f} | {median / whole:.2f} |")


if __name__ == "__main__":
    typer.run(main)
