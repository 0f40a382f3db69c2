"""Reader of XML: each element of one name is a row, its texts and attributes are cells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from loomline.contracts.model import XmlFormat
from loomline.readers.row import SourceRow, SourceRows, in_blocks


def local_name(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition("}")[2]


def element_cells(element: ElementTree.Element, path: str = "") -> Iterator[tuple[str, str]]:
    """The texts and attributes in an element, by their paths below it."""
    for name, value in element.attrib.items():
        yield f"{path}@{local_name(name)}", value
    children = list(element)
    if not children and path:
        yield path.rstrip("/"), element.text or ""
    for child in children:
        yield from element_cells(child, f"{path}{local_name(child.tag)}/")


def _records(path: Path, record: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The text of each record, and its cells; of several with one path the first counts."""
    root: ElementTree.Element | None = None
    for event, element in ElementTree.iterparse(path, events=("start", "end")):
        if root is None:
            root = element
        if event == "end" and local_name(element.tag) == record:
            cells = {f"/@{local_name(name)}": value for name, value in root.attrib.items()}
            for name, value in element_cells(element):
                cells.setdefault(name, value)
            tail, element.tail = element.tail, None
            yield ElementTree.tostring(element, encoding="unicode"), cells
            element.tail = tail
            # Else the whole document would be in memory at the end.
            element.clear()


def read_xml(path: Path, file_format: XmlFormat) -> SourceRows:
    """Read the records; the header is every path of any of them, `line_number` the record's number.

    The file is read twice, since the paths are known only at its end.
    """
    names: dict[str, None] = {}
    for _, cells in _records(path, file_format.record):
        names |= dict.fromkeys(cells)
    header = list(names)

    def rows() -> Iterator[SourceRow]:
        for number, (raw_text, cells) in enumerate(_records(path, file_format.record), start=1):
            yield SourceRow(number, raw_text, [cells.get(name) for name in header], None)

    return SourceRows(header, in_blocks(rows()))
