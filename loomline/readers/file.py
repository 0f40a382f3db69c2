"""Read a file as its contract says, or refuse the whole of it with one plain sentence."""

from __future__ import annotations

import difflib
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from gzip import BadGzipFile
from pathlib import Path
from xml.etree.ElementTree import ParseError

import pyarrow as pa
from openpyxl.utils.exceptions import InvalidFileException

from loomline.contracts.model import (
    KEY,
    VALUE,
    Contract,
    JsonLinesFormat,
    ParquetFormat,
    XlsxFormat,
    XmlFormat,
)
from loomline.errors import FileRefused
from loomline.readers.binary import read_parquet, read_xlsx
from loomline.readers.lines import read_lines
from loomline.readers.row import RowBlock, SourceRows
from loomline.readers.text import read_text_file, refused_text
from loomline.readers.xml import read_xml

# Formats whose rows need not be alike: what a row lacks is a matter of the row.
SHAPELESS = (JsonLinesFormat, XmlFormat)

UNREADABLE = (
    UnicodeDecodeError,
    EOFError,
    BadGzipFile,
    zlib.error,
    zipfile.BadZipFile,
    ParseError,
    InvalidFileException,
    KeyError,
    pa.ArrowInvalid,
)


def check_header(name: str, header: list[str], contract: Contract) -> list[str]:
    """Refuse a file whose columns are not the contract's; return those it does not use.

    Raises:
        FileRefused: no header, a column given twice, or a mapped column missing. A column that
            looks like the missing one is named, since files get renamed columns.
    """
    if isinstance(contract.file_format, SHAPELESS):
        return []
    if not any(header):
        raise FileRefused(
            f"{name} is empty: it has no header.", "Ask the sender for the file again."
        )
    repeated = [column for column, count in Counter(header).items() if count > 1]
    if repeated:
        raise FileRefused(
            f"{name} has the column {repeated[0]!r} more than once.",
            "Ask the sender for a file whose columns have different names.",
        )
    needed = [
        names for names in contract.mapped_from(also_absent=False) if not {KEY, VALUE} & set(names)
    ]
    missing = [names for names in needed if not any(column in header for column in names)]
    used = {column for names in contract.mapped_from() for column in names}
    pattern = re.compile(contract.unpivot) if contract.unpivot is not None else None
    unused = [
        column
        for column in header
        if column not in used and not (pattern is not None and pattern.fullmatch(column))
    ]
    if missing:
        first = missing[0][0]
        similar = difflib.get_close_matches(first, unused, n=1, cutoff=0.5)
        hint = f" ({similar[0]!r} looks like {first!r})" if similar else ""
        raise FileRefused(
            f"{name} lacks {', '.join(' or '.join(map(repr, names)) for names in missing)}; "
            f"it has {', '.join(repr(column) for column in header)}{hint}.",
            f"Correct the mapping in catalog/sources/{contract.source}.yml, or the file.",
        )
    return unused


def read_rows(path: Path, name: str, contract: Contract) -> SourceRows:
    """Read a file; `name` is what messages call it.

    Raises:
        FileRefused: at once, or while rows are asked for, when the file can't be read.
    """
    file_format = contract.file_format
    try:
        if isinstance(file_format, JsonLinesFormat):
            opened = SourceRows([], read_lines(path, file_format))
        elif isinstance(file_format, XlsxFormat):
            opened = read_xlsx(path, file_format)
        elif isinstance(file_format, ParquetFormat):
            opened = read_parquet(path)
        elif isinstance(file_format, XmlFormat):
            opened = read_xml(path, file_format)
        else:
            opened = read_text_file(path, name, file_format)
    except UNREADABLE as error:
        raise refused_text(name, file_format, error) from error

    def blocks() -> Iterator[RowBlock]:
        try:
            yield from opened.blocks
        except UNREADABLE as error:
            raise refused_text(name, file_format, error) from error

    return SourceRows(opened.header, blocks())
