"""Read a file as its contract says, or refuse the whole of it with one plain sentence."""

from __future__ import annotations

import difflib
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from gzip import BadGzipFile
from pathlib import Path
from xml.etree.ElementTree import ParseError

import pyarrow as pa
from openpyxl.utils.exceptions import InvalidFileException

from loomline.contracts.model import Contract, ParquetFormat, XlsxFormat
from loomline.errors import FileRefused
from loomline.readers.binary import read_parquet, read_xlsx
from loomline.readers.row import SourceRow, SourceRows
from loomline.readers.text import read_text_file, refused_text

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
    needed = contract.mapped_from()
    missing = [column for column in needed if column not in header]
    unused = [column for column in header if column not in needed]
    if missing:
        similar = difflib.get_close_matches(missing[0], unused, n=1, cutoff=0.5)
        hint = f" ({similar[0]!r} looks like {missing[0]!r})" if similar else ""
        raise FileRefused(
            f"{name} lacks {', '.join(repr(column) for column in missing)}; "
            f"it has {', '.join(repr(column) for column in header)}{hint}.",
            f"Correct the mapping in catalog/sources/{contract.source}.yml, or the file.",
        )
    return unused


def read_rows(path: Path, name: str, contract: Contract) -> SourceRows:
    """Read a file; `name` is what messages call it.

    Raises:
        FileRefused: at once, or while rows are asked for, when the file can't be read.
    """
    file_format = contract.format
    try:
        if isinstance(file_format, XlsxFormat):
            opened = read_xlsx(path, file_format)
        elif isinstance(file_format, ParquetFormat):
            opened = read_parquet(path)
        else:
            opened = read_text_file(path, file_format)
    except UNREADABLE as error:
        raise refused_text(name, file_format, error) from error

    def rows() -> Iterator[SourceRow]:
        try:
            yield from opened.rows
        except UNREADABLE as error:
            raise refused_text(name, file_format, error) from error

    return SourceRows(opened.header, rows())
