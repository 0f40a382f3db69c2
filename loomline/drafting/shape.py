"""What sniffing finds: the format of a file, its columns and its first rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from loomline.contracts.model import FileFormat

Cells = Sequence[str | None]


@dataclass(frozen=True)
class Shape:
    """One way to read a file: its format, and the columns and first rows that come of it.

    `rows` are at most 20,000, each as long as `header`. `doubts` says what of the format is a
    guess, `notes` what else a reader of the draft must know. `subjects` are words beside the
    file's name that say what it is about: a sheet, an element. Where the file names no columns,
    `has_names` is False and the header says their places.
    """

    format: FileFormat
    header: list[str]
    rows: list[Cells]
    is_whole: bool
    items: str | None = None
    unpivot: str | None = None
    has_names: bool = True
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    subjects: tuple[str, ...] = field(default=())

    @property
    def has_paths(self) -> bool:
        """Whether the header's names are paths to values."""
        return self.format.type in ("json_lines", "xml")
