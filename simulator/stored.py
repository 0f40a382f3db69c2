"""The state on disk: `state/day-00030.npz` with all arrays, books and rows held back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from loomline.errors import LoomlineError
from simulator.frame import Frame
from simulator.state import BOOKS, State, array_names

KEPT_STATES = 3
PARAMETERS_FILE = "parameters.json"


def _path(folder: Path, day: int) -> Path:
    return folder / f"day-{day:05d}.npz"


def save_state(folder: Path, state: State, pending: Mapping[str, Frame]) -> None:
    """Write the state of a day whole or not at all, and forget those of long ago."""
    arrays: dict[str, Any] = {name: getattr(state, name) for name in array_names()}
    for name, book in state.books.items():
        arrays |= {f"book/{name}/{column}": book[column] for column in book.columns}
    for name, rows in pending.items():
        arrays |= {f"pending/{name}/{column}": rows[column] for column in rows.columns}
    arrays["serials"] = np.array(json.dumps(dict(state.serials)))
    folder.mkdir(parents=True, exist_ok=True)
    path = _path(folder, state.day)
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        np.savez(file, **arrays)
    unfinished.replace(path)
    for old in sorted(folder.glob("day-*.npz"))[:-KEPT_STATES]:
        old.unlink()


def days_to_go_on_from(folder: Path) -> list[int]:
    """The days that can be simulated next: those whose day before the folder has the state of."""
    days = [int(path.stem.removeprefix("day-")) + 1 for path in sorted(folder.glob("day-*.npz"))]
    return days or [0]


def load_state(folder: Path, day: int) -> tuple[State, dict[str, Frame]]:
    """The state at the end of a day, and the rows held back.

    Raises:
        LoomlineError: there is no such state.
    """
    path = _path(folder, day)
    if not path.exists():
        there = ", ".join(map(str, days_to_go_on_from(folder)))
        raise LoomlineError(
            f"{folder} has no state of the end of day {day}, which day {day + 1} would follow.",
            f"From this folder you can go on from day {there}.",
        )
    frames: dict[str, dict[str, dict[str, Any]]] = {"book": {}, "pending": {}}
    arrays: dict[str, Any] = {}
    with np.load(path) as stored:
        serials = json.loads(str(stored["serials"]))
        for key in stored.files:
            kind, _, rest = key.partition("/")
            if rest:
                name, _, column = rest.rpartition("/")
                frames[kind].setdefault(name, {})[column] = stored[key]
            elif key != "serials":
                arrays[key] = stored[key]
    books = {name: Frame(frames["book"][name]) for name in BOOKS}
    pending = {name: Frame(columns) for name, columns in frames["pending"].items()}
    return State(day=day, serials=serials, books=books, **arrays), pending


def stored_parameters(folder: Path) -> dict[str, Any]:
    """The parameters of a folder's simulation, as they were noted.

    Raises:
        LoomlineError: it holds none.
    """
    path = folder / PARAMETERS_FILE
    if not path.exists():
        raise LoomlineError(
            f"{folder.parent} holds no simulation to continue.",
            "Leave --from-day out, or name its folder with --out.",
        )
    parameters: dict[str, Any] = json.loads(path.read_text())
    return parameters


def check_parameters(folder: Path, parameters: Mapping[str, Any], is_start: bool) -> None:
    """Note the parameters of a folder, or make sure that they are still the same.

    Raises:
        LoomlineError: the folder is of a simulation with other parameters.
    """
    path = folder / PARAMETERS_FILE
    if path.exists() or not is_start:
        before = stored_parameters(folder)
        if before != dict(parameters):
            differing = ", ".join(
                f"{name} {before.get(name)}"
                for name in parameters
                if before.get(name) != parameters[name]
            )
            raise LoomlineError(
                f"{folder.parent} holds a simulation of other parameters ({differing}).",
                "Give the same ones, or another folder with --out.",
            )
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(dict(parameters), indent=2, sort_keys=True) + "\n")
