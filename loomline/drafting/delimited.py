"""Sniff delimited text: its delimiter and quote by DuckDB, its header row by what stands below."""

from __future__ import annotations

import csv
import io
import tempfile
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import duckdb

from loomline.contracts.model import CsvFormat
from loomline.drafting.cells import is_typed
from loomline.drafting.sample import ROW_LIMIT, Sample, SampleText
from loomline.drafting.shape import Shape
from loomline.readers.text import BLANKS, read_csv

LOOKED_AT = 400
SNIFFED_CHARACTERS = 1 << 20
HEADER_WITHIN = 30
# A title or a total may have other cells than the table has.
LIKE_SHARE = 0.9
# A first word longer than that is more than one field.
LONGEST_WORD = 24
FALLBACK_QUOTE = '"'
APOSTROPHE = "'"
# How DuckDB is asked: for any quote, or for none but the fallback.
SNIFFED = "select Delimiter, Quote from sniff_csv(?, sample_size = 2000)"
SNIFFED_BY_FALLBACK = (
    f"select Delimiter, Quote from sniff_csv(?, sample_size = 2000, quote = '{FALLBACK_QUOTE}')"
)

# A record with the number of its first line.
Record = tuple[int, list[str]]


def _sniffed(text: str, query: str = SNIFFED) -> tuple[str, str]:
    """The delimiter and quote that DuckDB finds; a comma where it finds nothing."""
    text = text[: text.rfind("\n", 0, SNIFFED_CHARACTERS) + 1] or text
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample.csv"
        path.write_text(text, encoding="utf-8", newline="")
        try:
            found = duckdb.execute(query, [str(path)]).fetchone()
        except duckdb.Error:
            found = None
    delimiter, quote = found or (",", "")
    return delimiter, quote if len(quote) == 1 and quote != "\0" else FALLBACK_QUOTE


def _records(text: str, delimiter: str, quote: str) -> list[Record]:
    """The first records that are not blank."""
    if delimiter == BLANKS:
        lines = enumerate(islice(io.StringIO(text), LOOKED_AT), start=1)
        return [(number, line.split()) for number, line in lines if line.strip()]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote)
    records, line = [], 1
    try:
        for cells in islice(reader, LOOKED_AT):
            if cells:
                records.append((line, cells))
            line = reader.line_num + 1
    except csv.Error:
        return []
    return records


def _width(records: Sequence[Record]) -> tuple[int, float]:
    """The usual number of cells, and the share of records that have it."""
    if not records:
        return 0, 0.0
    width, count = Counter(len(cells) for _, cells in records).most_common(1)[0]
    return width, count / len(records)


def header_position(rows: Sequence[Sequence[str | None]], width: int) -> tuple[int | None, bool]:
    """Which of the first rows names the columns, and whether that is sure; None if none does.

    A header has a name in every column, each another one, and none that is a number or a date
    where those below are.
    """
    for position, cells in enumerate(rows[:HEADER_WITHIN]):
        names = [(cell or "").strip() for cell in cells]
        if len(names) != width or not all(names) or len(set(names)) != width:
            continue
        below = rows[position + 1 :]
        unlike = alike = repeated = 0
        for column, name in enumerate(names):
            values = [(row[column] or "").strip() for row in below if len(row) > column]
            values = [value for value in values if value]
            if not values:
                continue
            if sum(map(is_typed, values)) > 0.8 * len(values):
                unlike += not is_typed(name)
                alike += is_typed(name)
            else:
                repeated += name in values
        if alike > unlike or (repeated and not unlike):
            return None, position == 0
        if not any(map(is_typed, names)) or unlike:
            return position, unlike > 0 or not below
    return None, False


def _below_titles(records: Sequence[Record]) -> Sequence[Record]:
    """The records that are judged: titles above a header have fewer cells."""
    return records[min(5, len(records) // 4) :]


def _of_delimiter(text: str, delimiter: str, quote: str) -> tuple[list[Record], int] | None:
    records = _records(text, delimiter, quote)
    width, share = _width(_below_titles(records))
    return (records, width) if width > 1 and share >= LIKE_SHARE else None


def _has_column_in_apostrophes(records: Sequence[Record], width: int) -> bool:
    """Whether all that is said in some column stands between apostrophes."""
    rows = [cells for _, cells in _below_titles(records) if len(cells) == width]
    columns = ([cell for cell in column if cell] for column in zip(*rows, strict=True))
    return any(
        column and all(len(cell) > 1 and cell[0] == cell[-1] == APOSTROPHE for cell in column)
        for column in columns
    )


def _dialect(text: str) -> tuple[str, str]:
    """The delimiter and quote of a text.

    A few apostrophes at the ends of cells make DuckDB take the apostrophe for the quote and then,
    where whole lines stand between two of them, any delimiter. So the apostrophe is the quote only
    if more records are alike by it than without it, or if it stands around a whole column.
    """
    sniffed = _sniffed(text)
    if sniffed[1] != APOSTROPHE:
        return sniffed
    other = _sniffed(text, SNIFFED_BY_FALLBACK)
    found, found_other = _of_delimiter(text, *sniffed), _of_delimiter(text, *other)
    if found is None or found_other is None:
        return other if found is None else sniffed
    # Of all records: a delimiter within each first cell makes all but the header alike.
    share, share_other = _width(found[0])[1], _width(found_other[0])[1]
    if share == share_other:
        return sniffed if _has_column_in_apostrophes(*found_other) else other
    return sniffed if share > share_other else other


def _blank_separated(text: str) -> tuple[list[Record], int] | None:
    found = _of_delimiter(text, BLANKS, FALLBACK_QUOTE)
    if found is None or all(len(cells[0]) > LONGEST_WORD for _, cells in found[0]):
        return None
    return found


def sniff_delimited(sample: Sample, text: SampleText) -> Shape | None:
    """The shape of delimited or blank-separated text; None where lines have no common delimiter."""
    delimiter, quote = _dialect(text.text)
    found = _of_delimiter(text.text, delimiter, quote)
    if found is None:
        delimiter, quote = BLANKS, FALLBACK_QUOTE
        found = _blank_separated(text.text)
    return None if found is None else _shape(sample, text, delimiter, quote, *found)


def sniff_single_column(sample: Sample, text: SampleText) -> Shape:
    """The shape of text whose lines are one value each."""
    records = _records(text.text, ",", FALLBACK_QUOTE)
    return _shape(sample, text, ",", FALLBACK_QUOTE, records, 1)


def _shape(
    sample: Sample,
    text: SampleText,
    delimiter: str,
    quote: str,
    records: Sequence[Record],
    width: int,
) -> Shape:
    position, is_sure = header_position([cells for _, cells in records], width)
    doubts = [] if text.is_sure else [f"the encoding {text.encoding} is a guess"]
    given: dict[str, object] = {"type": "csv", "encoding": text.encoding, "delimiter": delimiter}
    given |= {"compression": sample.compression, "quote": quote}
    if position is None:
        given["columns"] = tuple(f"column_{number}" for number in range(1, width + 1))
        doubts.append("no header was found: these names are places")
    else:
        given["header_row"] = records[position][0]
        if not is_sure:
            doubts.append(f"line {records[position][0]} may be a row and no header")
    file_format = CsvFormat.model_validate(given)
    opened = read_csv(io.StringIO(text.text, newline=""), file_format)
    rows = [row.cells for row in islice(opened.rows(), ROW_LIMIT) if row.problem is None]
    return Shape(
        format=file_format,
        header=opened.header,
        rows=rows,
        is_whole=sample.is_whole and len(rows) < ROW_LIMIT,
        has_names=position is not None,
        doubts=tuple(doubts),
    )
