"""Find the shapes in which a file can be read: its format, its columns, its first rows."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from dataclasses import replace
from itertools import islice

import pyarrow.parquet as pq
from openpyxl import load_workbook

from loomline.contracts.model import KEY, VALUE, ArffFormat, ParquetFormat, XlsxFormat
from loomline.drafting.cells import is_typed, stripped
from loomline.drafting.delimited import header_position, sniff_delimited, sniff_single_column
from loomline.drafting.fixed_width import sniff_fixed_width
from loomline.drafting.nested import sniff_json_lines, sniff_xml
from loomline.drafting.sample import (
    PARQUET_MAGIC,
    ROW_LIMIT,
    ZIP_MAGIC,
    Sample,
    SampleText,
    sample_text,
)
from loomline.drafting.shape import Cells, Shape
from loomline.errors import LoomlineError
from loomline.readers.binary import cell_text
from loomline.readers.file import UNREADABLE
from loomline.readers.text import read_arff

HEADER_WITHIN = 30
LOOKED_AT = 1 << 16
# So many columns that are named alike are measures or moments, not columns.
FEWEST_ALIKE = 12
ALIKE_SHARE = 0.6


def sniff(sample: Sample, sheet: str = "") -> list[Shape]:
    """Every shape in which a file can be read: one, or one for each sheet or kind of item.

    Raises:
        LoomlineError: the file has no rows, or is in no format that a contract reads.
    """
    if sample.raw.startswith(PARQUET_MAGIC):
        shapes = [_parquet(sample)]
    elif sample.raw.startswith(ZIP_MAGIC):
        shapes = _workbook(sample, sheet)
    else:
        shapes = _of_text(sample)
    shapes = [shape for shape in shapes if shape.rows and shape.header]
    if not shapes:
        raise LoomlineError(f"{sample.path.name} has no rows to draft from.", "Take another day's.")
    return [*shapes, *(turned for shape in shapes if (turned := unpivoted(shape)) is not None)]


def _of_text(sample: Sample) -> list[Shape]:
    text = sample_text(sample)
    if "\0" in text.text[:LOOKED_AT]:
        raise LoomlineError(
            f"{sample.path.name} is no text, workbook or Parquet file.", "Unpack it first."
        )
    start = text.text.lstrip("\ufeff \t\r\n")[:200]
    if start.startswith("<"):
        return [sniff_xml(sample)]
    if start.startswith(("{", "[")):
        return sniff_json_lines(sample, text)
    if start.lower().startswith(("@relation", "@attribute", "%")):
        return [_arff(sample, text)]
    shape = sniff_delimited(sample, text) or sniff_fixed_width(sample, text)
    return [shape or sniff_single_column(sample, text)]


def _arff(sample: Sample, text: SampleText) -> Shape:
    opened = read_arff(io.StringIO(text.text, newline=""))
    rows = [row.cells for row in islice(opened.rows(), ROW_LIMIT) if row.problem is None]
    given = {"type": "arff", "encoding": text.encoding, "compression": sample.compression}
    is_whole = sample.is_whole and len(rows) < ROW_LIMIT
    return Shape(ArffFormat.model_validate(given), opened.header, rows, is_whole)


def _parquet(sample: Sample) -> Shape:
    file = pq.ParquetFile(sample.path)
    header = list(file.schema_arrow.names)
    rows: list[Cells] = []
    for batch in file.iter_batches(batch_size=ROW_LIMIT):
        values = zip(*(column.to_pylist() for column in batch.columns), strict=True)
        rows += [[cell_text(value) for value in row] for row in values]
        if len(rows) >= ROW_LIMIT:
            break
    is_whole = file.metadata.num_rows <= ROW_LIMIT
    return Shape(ParquetFormat(type="parquet"), header, rows[:ROW_LIMIT], is_whole)


def _sheet_header(rows: list[Cells]) -> tuple[int | None, list[str], bool]:
    """The row of a sheet's header (from 0), its names, and whether that is sure.

    A blank cell takes the text of the cell above it, as the reader has it.
    """
    filled: list[Cells] = []
    above: list[str] = []
    for row in rows:
        cells = [stripped(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        above += [""] * (len(cells) - len(above))
        cells = [cell or above[place] for place, cell in enumerate(cells)]
        above = [*cells, *above[len(cells) :]]
        filled.append(cells)
    for width in sorted({len(row) for row in filled}, reverse=True):
        # Below the header the cells are as they stand.
        for number, names in enumerate(filled[:HEADER_WITHIN]):
            if len(names) != width or not any(stripped(cell) for cell in rows[number]):
                continue
            position, is_sure = header_position([names, *rows[number + 1 :]], width)
            if position == 0 and not all(map(is_typed, names)):
                return number, [name or "" for name in names], is_sure
    return None, [], False


def _workbook(sample: Sample, sheet: str) -> list[Shape]:
    with sample.path.open("rb") as file:
        try:
            workbook = load_workbook(file, read_only=True, data_only=False)
        except UNREADABLE as error:
            raise LoomlineError(
                f"{sample.path.name} is a zip file, but no workbook.", "Unpack it first."
            ) from error
        names = list(workbook.sheetnames)
        if sheet and sheet not in names:
            raise LoomlineError(f"{sample.path.name} has no sheet {sheet!r}.", ", ".join(names))
        tables = {
            name: [
                [cell_text(value) for value in row]
                for row in islice(workbook[name].iter_rows(values_only=True), ROW_LIMIT)
            ]
            for name in names
            if not sheet or name == sheet
        }
    shapes = []
    for name, table in tables.items():
        position, header, is_sure = _sheet_header([list(row) for row in table])
        if position is None:
            continue
        width = len(header)
        rows = [row[:width] for row in table[position + 1 :] if any(cell for cell in row)]
        padded: list[Cells] = [[*row, *[None] * (width - len(row))] for row in rows]
        others = [other for other in names if other != name]
        notes = (f"other sheets, with --sheet: {', '.join(others)}",) if others else ()
        shapes.append(
            Shape(
                format=XlsxFormat(type="xlsx", sheet=name, header_row=position + 1),
                header=header,
                rows=padded,
                is_whole=len(table) < ROW_LIMIT,
                doubts=() if is_sure else (f"row {position + 1} may be a row and no header",),
                notes=notes,
                subjects=(name,),
            )
        )
    return shapes


def unpivoted(shape: Shape) -> Shape | None:
    """The shape whose many columns of one kind are items of a row; None where there are few."""
    alike: dict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(shape.header):
        alike[re.sub(r"[0-9]+", "#", name)].append(place)
    shape_of_name, places = max(alike.items(), key=lambda entry: len(entry[1]))
    is_plain = shape.items is None and shape.has_names and shape.format.type != "json_lines"
    if not is_plain or "#" not in shape_of_name or len(places) < FEWEST_ALIKE:
        return None
    if len(places) < ALIKE_SHARE * len(shape.header):
        return None
    pattern = re.escape(shape_of_name).replace(r"\#", "[0-9]+")
    kept = [place for place in range(len(shape.header)) if place not in set(places)]
    rows: list[Cells] = []
    for row in shape.rows:
        stands = [row[place] for place in kept]
        rows += [[*stands, shape.header[place], row[place]] for place in places]
        if len(rows) >= ROW_LIMIT:
            break
    header = [*(shape.header[place] for place in kept), KEY, VALUE]
    is_whole = shape.is_whole and len(rows) < ROW_LIMIT
    return replace(shape, header=header, rows=rows[:ROW_LIMIT], unpivot=pattern, is_whole=is_whole)
