"""Simulated ecosystems brought to lakes of their own, and what is read of them.

All of it stays where it was made: a run that was killed goes on after the last step that was done,
and what was read once is kept as a file, for which no lake is needed.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pandas as pd

from loomline.engine.server import start_engine
from loomline.job import JobContext
from loomline.locks import held
from loomline.settings import Settings
from models.evaluations.own_homes import own_home, run_command, run_job

# The simulator's day 0.
FIRST_DAY = date(2019, 7, 1)
# The first month end with a quarter of history.
FIRST_MONTH_END = date(2019, 9, 30)
SIMULATE = "simulate"

# A job and the date to run it for.
Step = tuple[str, date]
Read = Callable[[JobContext], pd.DataFrame]


@dataclass(frozen=True)
class Ecosystem:
    """A simulated ecosystem: how many enterprises, for how many days.

    `dropped` are the folders of its files that are not brought to the lake.
    """

    seed: int
    enterprises: int
    days: int
    dropped: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What its folder is called."""
        return f"seed_{self.seed}_{self.enterprises}_enterprises_{self.days}_days"

    @property
    def last_day(self) -> date:
        """The last simulated day."""
        return FIRST_DAY + timedelta(days=self.days - 1)

    @property
    def month_ends(self) -> tuple[date, ...]:
        """The ends of its months with a quarter of history, up to its last day."""
        every = pd.date_range(FIRST_MONTH_END, self.last_day, freq="ME")
        return tuple(one.date() for one in every)


def steps_on_last_day(ecosystem: Ecosystem, jobs: Sequence[str]) -> tuple[Step, ...]:
    """Jobs, each for the last day."""
    return tuple((job, ecosystem.last_day) for job in jobs)


def once(notes: Path, step: str, work: Callable[[], None]) -> None:
    """Do the work of a step unless the notes have it; say it and its seconds on stderr.

    It is noted, a line a step, when it is done.
    """
    if notes.exists() and step in notes.read_text(encoding="utf-8").splitlines():
        return
    clock = time.monotonic()
    print(f"  {step} ...", end=" ", file=sys.stderr, flush=True)
    try:
        work()
    except BaseException:
        print("not done", file=sys.stderr)
        raise
    with notes.open("a", encoding="utf-8") as file:
        file.write(f"{step}\n")
    print(f"{time.monotonic() - clock:.0f} s", file=sys.stderr)


def _simulate(ecosystem: Ecosystem, out: Path, settings: Settings) -> None:
    # One that was interrupted begins anew: the same seed writes the same bytes over what is there.
    command = ["simulate", "--enterprises", str(ecosystem.enterprises), "--out", str(out)]
    command += ["--days", str(ecosystem.days), "--seed", str(ecosystem.seed)]
    run_command(command, settings)


def _drop(files: Path, folder: str) -> None:
    # It is gone where a run was killed before this was noted.
    if (files / folder).exists():
        shutil.rmtree(files / folder)


@contextmanager
def simulated_lake(folder: Path, ecosystem: Ecosystem, steps: Sequence[Step]) -> Iterator[Settings]:
    """Settings of a home to whose lake an ecosystem was brought by these steps, its engine up.

    The folder has the ecosystem, the home and the notes of what is done. The engine is stopped at
    the end.

    Raises:
        LoomlineError: a step failed; the remedy is what it said.
        EngineError: the engine can't start.
    """
    out, notes = folder / "ecosystem", folder / "done.txt"
    files = out / "files"

    def say_waiting() -> None:
        print(f"waiting for another evaluation in {folder}", file=sys.stderr)

    # A second run would stop the first one's engine.
    with (
        held(folder / "evaluation.lock", say_waiting=say_waiting),
        own_home(folder / "home") as settings,
    ):
        print(f"{folder}:", file=sys.stderr)
        once(notes, SIMULATE, partial(_simulate, ecosystem, out, settings))
        for name in ecosystem.dropped:
            once(notes, f"drop {name}", partial(_drop, files, name))
        for job, as_of_date in steps:
            work = partial(run_job, job, as_of_date, files, settings)
            once(notes, f"{job} {as_of_date}", work)
        start_engine(settings)
        yield settings


def kept_rows(
    folder: Path, ecosystem: Ecosystem, steps: Sequence[Step], read: Read
) -> pd.DataFrame:
    """What `read` finds in the lake of an ecosystem as of its last day.

    It is kept as a file in the folder, beside the lake; where the file is, no lake is made.

    Raises:
        LoomlineError: as `simulated_lake` and `read` do.
    """
    path = folder / f"{ecosystem.name}.parquet"
    if path.exists():
        print(f"{path}: read before", file=sys.stderr)
        return pd.read_parquet(path)
    with simulated_lake(folder / ecosystem.name, ecosystem, steps) as settings:
        context = JobContext(settings, ecosystem.last_day)
        rows = read(context)
        context.spark.stop()
    unfinished = path.with_suffix(".part")
    rows.to_parquet(unfinished, index=False)
    unfinished.replace(path)
    return pd.read_parquet(path)
