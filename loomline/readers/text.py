"""Readers of delimited text, JSON lines and attribute-relation files, gzip or not."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from loomline.contracts.model import ArffFormat, CsvFormat, JsonLinesFormat
from loomline.errors import FileRefused
from loomline.readers.row import SourceRow, SourceRows, cell_count_problem

# A field may be of any size here: conform quarantines what is longer than its contract allows.
csv.field_size_limit(2**31 - 1)


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
            yield SourceRow(line_number, raw_text, cells, cell_count_problem(header, cells))
        line_number = first_line + reader.line_num


def read_csv(text: TextIO, file_format: CsvFormat) -> SourceRows:
    """Read delimited text with a header."""
    split = partial(csv.reader, delimiter=file_format.delimiter, quotechar=file_format.quote)
    for _ in range(file_format.header_row - 1):
        text.readline()
    lines = iter(text)
    header_reader = split(lines)
    header = next(header_reader, [])
    first_line = file_format.header_row + header_reader.line_num
    names = [name.strip() for name in header]
    return SourceRows(names, _delimited_rows(lines, split, names, first_line))


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _json_object(line: str) -> tuple[dict[str, str | None], str | None]:
    try:
        # Numbers stay the text that they were.
        content = json.loads(line, parse_float=str, parse_int=str, parse_constant=str)
    except (json.JSONDecodeError, RecursionError) as error:
        return {}, f"row: is not JSON: {error}"
    if not isinstance(content, dict):
        return {}, "row: is not a JSON object"
    fields = {str(key): _as_text(value) for key, value in content.items()}
    try:
        "".join([*fields, *filter(None, fields.values())]).encode()
    except UnicodeEncodeError:
        # JSON can escape what no text can hold.
        return {}, "row: holds one half of a surrogate pair"
    return fields, None


def read_json_lines(text: TextIO, again: TextIO) -> SourceRows:
    """Read JSON lines; the header is every key that any line has, in order of first sight.

    `again` is the same text opened a second time, since keys are known only at the end.
    """
    keys: dict[str, None] = {}
    for line in text:
        keys.update(dict.fromkeys(_json_object(line)[0]))
    header = list(keys)

    def rows() -> Iterator[SourceRow]:
        for line_number, line in enumerate(again, start=1):
            raw_text = line.rstrip("\r\n")
            if raw_text:
                fields, problem = _json_object(raw_text)
                yield SourceRow(line_number, raw_text, [fields.get(key) for key in header], problem)

    return SourceRows(header, rows())


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
    return SourceRows(header, _delimited_rows(data, split, header, first_line))


def read_text_file(path: Path, file_format: CsvFormat | JsonLinesFormat | ArffFormat) -> SourceRows:
    """Open and read a text file of any of the text formats."""

    def opened() -> TextIO:
        return open_text(path, file_format.encoding, file_format.compression)

    if isinstance(file_format, CsvFormat):
        return read_csv(opened(), file_format)
    if isinstance(file_format, JsonLinesFormat):
        return read_json_lines(opened(), opened())
    return read_arff(opened())


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
