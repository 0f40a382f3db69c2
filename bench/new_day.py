"""What one more day costs on top of a long history, and on top of a short one: the same?

Two homes get the same simulated days, one after a history of 365 days and one after the last 30 of
them. Run from the repository, one step after the other; each takes some minutes and goes on from
the one before:

    python bench/new_day.py prepare FOLDER
    python bench/new_day.py history FOLDER long
    python bench/new_day.py history FOLDER short
    python bench/new_day.py day FOLDER 0          # not counted: it warms both engines
    python bench/new_day.py day FOLDER 1          # and so on
    python bench/new_day.py table FOLDER

After each day both homes must hold the same rows of that day's files, all of them reconciled. The
homes' engines are up at once; the order of the homes changes from day to day.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Literal

import typer
from engine_use import seconds_of_both

from loomline.engine.server import stop_engine
from loomline.engine.session import open_session
from loomline.jobs import DAILY_JOBS
from loomline.runner import run_job
from loomline.settings import Settings, load_settings
from simulator.calendar import date_of
from simulator.run import Parameters, simulate

Length = Literal["short", "long"]
HISTORIES: dict[Length, int] = {"short": 30, "long": 365}
# The first day of the simulation that is new to both homes.
FIRST_NEW = max(HISTORIES.values())
# Every daily job up to the gate of silver; what follows is of an as-of date and not of a day.
JOBS = [job.name for job in takewhile(lambda job: job.name != "features", DAILY_JOBS)]

app = typer.Typer()


def _settings(folder: Path, length: Length, first_port: int) -> Settings:
    """Settings of a home in the folder; the two have ports of their own."""
    port = first_port + (0 if length == "short" else 2)
    shared = load_settings()
    home = folder / f"home-{length}"
    ports = {"connect_port": port, "thrift_port": port + 1}
    return Settings.model_validate({**shared.model_dump(), "home": home, **ports})


def _sent(ecosystem: Path) -> dict[Path, int]:
    """The files of an ecosystem, with the moment of their last change."""
    files = ecosystem / "files"
    return {
        path.relative_to(files): path.stat().st_mtime_ns
        for path in files.rglob("*")
        if path.is_file()
    }


@contextmanager
def _delivery(ecosystem: Path, *folders: Path) -> Iterator[None]:
    """Keep in folders what the days that are simulated meanwhile send."""
    before = _sent(ecosystem)
    yield
    for path, changed in _sent(ecosystem).items():
        if before.get(path) == changed:
            continue
        for folder in folders:
            kept = folder / path
            kept.parent.mkdir(parents=True, exist_ok=True)
            # A later day may write the file anew.
            kept.write_bytes((ecosystem / "files" / path).read_bytes())


@app.command()
def prepare(
    folder: Path,
    enterprises: Annotated[int, typer.Option(help="How many enterprises.")] = 20,
    new_days: Annotated[int, typer.Option(help="Days that come after the histories.")] = 6,
) -> None:
    """Simulate the histories and the new days."""
    parameters, ecosystem = Parameters(enterprises, seed=1), folder / "ecosystem"
    short, long = folder / "history-short", folder / "history-long"
    early = FIRST_NEW - HISTORIES["short"]

    def go_on(days: int, start: int) -> None:
        simulate(parameters, days, ecosystem, from_day=start, say=lambda _line: None)

    with _delivery(ecosystem, long):
        go_on(early, 0)
    with _delivery(ecosystem, long, short):
        go_on(HISTORIES["short"], early)
    for day in range(new_days):
        with _delivery(ecosystem, folder / f"day-{day}"):
            go_on(1, FIRST_NEW + day)


def _run_all(settings: Settings, day: date, files: Path) -> dict[str, float]:
    """Seconds of each job for a day."""
    seconds = {}
    for job in JOBS:
        clock = time.perf_counter()
        run_job(job, day, files, settings)
        seconds[job] = time.perf_counter() - clock
    return seconds


@app.command()
def history(folder: Path, length: Length, first_port: int = 25_000) -> None:
    """Land, conform and reconcile a history, all of it at once."""
    settings = _settings(folder, length, first_port)
    day = date_of(FIRST_NEW - 1)
    for job in JOBS:
        run_job(job, day, folder / f"history-{length}", settings)
    stop_engine(settings)


def _answer(settings: Settings, day: int, files: Path) -> dict[str, int]:
    """Rows of the day's files by source; raises where one does not reconcile."""
    names = {str(path.relative_to(files)) for path in files.rglob("*") if path.is_file()}
    rows = open_session(settings).table("quality.reconciliation").collect()
    broken = [row["source_file"] for row in rows if not row["is_reconciled"]]
    if broken:
        raise ValueError(f"day {day}: these do not reconcile in {settings.home}: {broken}")
    landed: dict[str, int] = {}
    for row in rows:
        if row["source_file"] in names:
            landed[row["source"]] = landed.get(row["source"], 0) + row["landed_rows"]
    return landed


@app.command("day")
def one_more_day(folder: Path, number: int, first_port: int = 25_000) -> None:
    """Bring one more day into both homes, and note what it took."""
    order: list[Length] = ["short", "long"] if number % 2 else ["long", "short"]
    files, day = folder / f"day-{number}", date_of(FIRST_NEW) + timedelta(days=number)
    answers = []
    for length in order:
        settings = _settings(folder, length, first_port)
        # The engine is up, and the session open, before the clock starts.
        run_job("enterprise", day, None, settings)
        before = seconds_of_both(settings)
        seconds = _run_all(settings, day, files)
        processor = seconds_of_both(settings) - before
        answers.append(_answer(settings, number, files))
        # Else the next home's jobs would go on in this home's engine.
        open_session(settings).stop()
        with (folder / "measured.jsonl").open("a", encoding="utf-8") as notes:
            note = {"day": number, "history": length, "processor": processor, **seconds}
            notes.write(json.dumps(note) + "\n")
    if answers[0] != answers[1]:
        raise ValueError(f"day {number}: the homes differ: {answers}")


@app.command()
def table(folder: Path, first_port: int = 25_000) -> None:
    """Print the medians of the days but the first, and stop the engines."""
    text = (folder / "measured.jsonl").read_text(encoding="utf-8")
    notes = [note for note in map(json.loads, text.splitlines()) if note["day"] > 0]
    for note in notes:
        note["all jobs"] = sum(note[job] for job in JOBS)
    print("| seconds, median | on 30 days | on 365 days | ratio |")
    print("| --- | --- | --- | --- |")
    for what in (*JOBS, "all jobs", "processor"):
        short, long = (
            statistics.median(note[what] for note in notes if note["history"] == length)
            for length in HISTORIES
        )
        print(f"| {what} | {short:.1f} | {long:.1f} | {long / short:.2f} |")
    for length in HISTORIES:
        stop_engine(_settings(folder, length, first_port))


if __name__ == "__main__":
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    app()
