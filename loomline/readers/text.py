"""Readers of delimited and fixed-width text and attribute-relation files, gzip or not."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from loomline.contracts.model import ArffFormat, CsvFormat, FixedWidthFormat
from loomline.errors import FileRefused
from loomline.readers.plain import plain_blocks
from loomline.readers.row import RowBlock, SourceRow, SourceRows, cell_count_problem, in_blocks

# A field may be of any size here: conform quarantines what is longer than its contract allows.
csv.field_size_limit(2**31 - 1)

BLANKS = "blanks"
TabularText = CsvFormat | FixedWidthFormat | ArffFormat


def open_text(path: Path, encoding: str, compression: str) -> TextIO:
    """Open text with strict decoding, line ends untouched, and a byte-order mark left out."""
    is_utf8 = encoding.lower().replace("_", "-") in ("utf-8", "utf8")
    file = io.BufferedReader(io.FileIO(path))
    raw = gzip.GzipFile(fileobj=file) if compression == "gzip" else file
    name = "utf-8-sig" if is_utf8 else encoding
    return io.TextIOWrapper(raw, encoding=name, errors="strict", newline="")


# csv.reader with its delimiter and quote already given.
Splitter = Callable[[Iterator[str]], Any]


class _RecordedLines:
    """Lines of a text, with those handed out since the last `take` kept for the raw text."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self._taken.append(line)
        return line

    def take(self) -> str:
        text = "".join(self._taken)
        self._taken = []
        return text.rstrip("\r\n")


def _delimited_rows(
    lines: Iterator[str], split: Splitter, header: list[str], first_line: int
) -> Iterator[SourceRow]:
    recorded = _RecordedLines(lines)
    reader = split(recorded)
    line_number = first_line
    for cells in reader:
        raw_text = recorded.take()
        # A blank line holds no value; everything else is a row, whatever its shape.
        if cells:
            problem = cell_count_problem(header, len(cells))
            yield SourceRow(line_number, raw_text, cells, problem)
        line_number = first_line + reader.line_num


class _Blanks:
    """A reader of lines whose cells stand between runs of blanks, in the shape of csv.reader."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.line_num = 0

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        line = next(self._lines)
        self.line_num += 1
        return line.split()


def read_csv(text: TextIO, file_format: CsvFormat) -> SourceRows:
    """Read delimited text, with the header that it has or the names that the contract gives."""
    delimiter, quote = file_format.delimiter, file_format.quote
    split: Splitter = _Blanks
    if delimiter != BLANKS:
        split = partial(csv.reader, delimiter=delimiter, quotechar=quote)
    names, first_line = list(file_format.columns), 1
    if not names:
        for _ in range(file_format.header_row - 1):
            next(text, None)
        header_reader = split(iter(text))
        names = [name.strip() for name in next(header_reader, [])]
        first_line = file_format.header_row + header_reader.line_num

    def by_line(lines: Iterator[str], first_line: int) -> Iterator[RowBlock]:
        return in_blocks(_delimited_rows(lines, split, names, first_line))

    if delimiter == BLANKS:
        return SourceRows(names, by_line(iter(text), first_line))
    return SourceRows(names, plain_blocks(text, delimiter, quote, names, first_line, by_line))


def read_arff(text: TextIO) -> SourceRows:
    """Read an attribute-relation file; SciPy's own reader would turn the values into numbers."""
    header: list[str] = []
    first_line = 1
    lines = iter(text)
    for line in lines:
        first_line += 1
        statement = line.strip()
        if statement.lower().startswith("@attribute"):
            rest = statement[len("@attribute") :].strip()
            quote = rest[0] if rest[:1] in ("'", '"') else ""
            header.append(rest[1:].split(quote, 1)[0] if quote else rest.split(None, 1)[0])
        if statement.lower() == "@data":
            break
    else:
        header = []
    split = partial(csv.reader, delimiter=",", quotechar="'", skipinitialspace=True)
    data = (line if not line.startswith("%") else "\n" for line in lines)
    return SourceRows(header, in_blocks(_delimited_rows(data, split, header, first_line)))


def _cut(line: str, places: Iterable[tuple[int, int | None]]) -> list[str]:
    """The fields of a line as far as it goes."""
    return [line[first - 1 : last] for first, last in places if first <= len(line) + 1]


def read_fixed_width(text: TextIO, name: str, file_format: FixedWidthFormat) -> SourceRows:
    """Read fixed-width records; the trailer, if there must be one, is checked at the end.

    Raises:
        FileRefused: while rows are asked for, when the trailer is missing or counts otherwise.
    """
    header = list(file_format.fields)
    places = list(file_format.fields.values())
    # A last field that runs to the line's end may be empty.
    shortest = max(last if last is not None else first - 1 for first, last in places)
    prefix = file_format.trailer_prefix

    def rows() -> Iterator[SourceRow]:
        count, trailer = 0, None
        for line_number, with_end in enumerate(text, start=1):
            line = with_end.rstrip("\r\n")
            if prefix is not None and line.startswith(prefix):
                trailer = line
            elif line:
                count += 1
                problem = None
                if len(line) < shortest:
                    problem = f"row: {len(line)} characters where the fields need {shortest}"
                yield SourceRow(line_number, line, _cut(line, places), problem)
        if file_format.trailer_count is not None:
            first, last = file_format.trailer_count
            counted = trailer[first - 1 : last] if trailer is not None else ""
            if not counted.isdigit() or int(counted) != count:
                said = f"its trailer counts {counted!r}" if trailer else "it has no trailer"
                raise FileRefused(
                    f"{name} is not whole: {said}, and it has {count} records.",
                    "Ask the sender for the file again.",
                )

    return SourceRows(header, in_blocks(rows()))


def read_text_file(path: Path, name: str, file_format: TabularText) -> SourceRows:
    """Open and read a text file of any of the text formats with columns."""
    text = open_text(path, file_format.encoding, file_format.compression)
    if isinstance(file_format, CsvFormat):
        return read_csv(text, file_format)
    if isinstance(file_format, FixedWidthFormat):
        return read_fixed_width(text, name, file_format)
    return read_arff(text)


def refused_text(name: str, file_format: object, error: Exception) -> FileRefused:
    """Why a text can't be read, in words, for each way in which reading fails."""
    if isinstance(error, UnicodeDecodeError):
        encoding = getattr(file_format, "encoding", "utf-8")
        return FileRefused(
            f"{name} is not {encoding} text: byte {error.object[error.start]:#04x} can't be read.",
            "Correct the encoding in the contract, or ask the sender for the file again.",
        )
    if isinstance(error, EOFError):
        return FileRefused(
            f"{name} is a gzip file that ends in the middle.", "Ask the sender for it again."
        )
    return FileRefused(f"{name} can't be read: {error}.", "Ask the sender for the file again.")
