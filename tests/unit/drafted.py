"""For tests of drafts: columns mapped right by hand-written truths; moments as text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import yaml

from loomline.commands.draft import fillable_tables
from loomline.drafting.draft import match_file
from loomline.drafting.words import Vocabulary, load_words


@dataclass
class Measured:
    """Counts over some files: columns with a known truth, and what a draft makes of them.

    `right` are mapped right where the table is given, `right_alone` where it is not; `sure` are the
    columns that a draft does not mark as unsure, `sure_right` the right ones of these.
    """

    columns: int = 0
    right: int = 0
    right_alone: int = 0
    sure: int = 0
    sure_right: int = 0
    files: int = 0
    tables_right: int = 0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.right}/{self.columns} columns right with the table given, "
            f"{self.right_alone} without; table right {self.tables_right}/{self.files}; "
            f"{self.sure_right}/{self.sure} of those not marked unsure right"
        )


def measure(
    truth: Path, find: Callable[[str], Path], catalog: Path
) -> tuple[Measured, dict[str, Measured]]:
    """Measure drafts against a file of truths: all together, and by folder.

    A truth is named `folder/file`, with `#sheet` or `@items` where a part of the file is meant.
    """
    tables, vocabulary = fillable_tables(catalog), Vocabulary(load_words(catalog))
    every, by_folder = Measured(), {}
    for name, wanted in yaml.safe_load(truth.read_text("utf-8")).items():
        path = find(name.split("#")[0].split("@")[0])
        sheet = name.partition("#")[2]
        table, columns = f"silver.{wanted['table']}", wanted["columns"]
        given = match_file(path, tables, vocabulary, target=table, sheet=sheet)[0]
        alone = match_file(path, tables, vocabulary, sheet=sheet)[0]
        found = {given.profiles[m.place].name: m for m in given.matches.values()}
        found_alone = {
            alone.profiles[m.place].name: m.column
            for m in alone.matches.values()
            if alone.table == table
        }
        for measured in (every, by_folder.setdefault(name.split("/")[0], Measured())):
            measured.files += 1
            measured.tables_right += alone.table == table
            measured.columns += len(columns)
            measured.sure += sum(match.is_sure for match in found.values())
            for origin, column in columns.items():
                match = found.get(origin)
                is_right = match is not None and match.column == column
                measured.right += is_right
                measured.sure_right += is_right and match is not None and match.is_sure
                measured.right_alone += found_alone.get(origin) == column
                if not is_right:
                    got = match.column if match is not None else "nothing"
                    measured.wrong.append(f"{name} {origin}: {got} instead of {column}")
    return every, by_folder


ZONE = "+08:00"


def spark_text(moment: datetime, pattern: str) -> str:
    """A moment as text by a pattern, written apart from the code under test."""
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    out, place = "", 0
    while place < len(pattern):
        letter = pattern[place]
        if letter == "'":
            end = pattern.index("'", place + 1)
            out, place = out + pattern[place + 1 : end], end + 1
            continue
        run = len(pattern[place:]) - len(pattern[place:].lstrip(letter))
        hour = moment.hour % 12 or 12
        out += {
            "y": f"{moment.year:04d}"[-run:],
            "M": months[moment.month - 1] if run == 3 else f"{moment.month:0{run}d}",
            "d": f"{moment.day:0{run}d}",
            "H": f"{moment.hour:0{run}d}",
            "h": f"{hour:0{run}d}",
            "m": f"{moment.minute:02d}",
            "s": f"{moment.second:02d}",
            "S": f"{moment.microsecond:06d}"[:run],
            "a": "PM" if moment.hour >= 12 else "AM",
            "X": ZONE if run == 3 else "+08",
        }.get(letter, letter * run)
        place += run
    return out
