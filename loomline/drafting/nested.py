"""Sniff JSON lines and XML: paths to values, and what of a line or document repeats."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any
from xml.etree import ElementTree

from loomline.contracts.model import KEY, VALUE, JsonLinesFormat, XmlFormat
from loomline.drafting.sample import ROW_LIMIT, Sample, SampleText
from loomline.drafting.shape import Cells, Shape
from loomline.errors import LoomlineError
from loomline.readers.xml import element_cells, local_name

# An array that is no array of items shows its first entries.
SHOWN_ENTRIES = 3
# An object is a list of measures where its keys differ from line to line.
KEY_SHARE = 0.9

Flat = dict[str, str | None]


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if not isinstance(value, dict | list) else json.dumps(value)


def flat(value: object, path: str = "", left_out: str | None = None) -> Flat:
    """The texts of a JSON value by their paths; what stands at `left_out` is not looked into."""
    if left_out is not None and path == left_out:
        return {}
    if isinstance(value, Mapping):
        children = [(str(name), child) for name, child in value.items()]
    elif isinstance(value, list) and value:
        children = [(str(number), child) for number, child in enumerate(value[:SHOWN_ENTRIES])]
    else:
        return {path: _text(value if not isinstance(value, list) else None)}
    found: Flat = {}
    for name, child in children:
        found |= flat(child, f"{path}.{name}" if path else name, left_out)
    return found


def _at(value: object, path: str) -> object:
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _containers(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every array and every inner object that no array holds, by its path."""
    if isinstance(value, list):
        yield path, value
    elif isinstance(value, Mapping):
        if path:
            yield path, value
        for name, child in value.items():
            yield from _containers(child, f"{path}.{name}" if path else str(name))


def item_paths(lines: list[object]) -> list[str]:
    """The paths of arrays of objects, and of objects whose keys differ from line to line."""
    arrays: Counter[str] = Counter()
    keys: dict[str, Counter[str]] = {}
    seen: Counter[str] = Counter()
    nested: set[str] = set()
    for line in lines:
        for path, value in _containers(line):
            if isinstance(value, list):
                arrays[path] += bool(value) and all(isinstance(entry, dict) for entry in value)
            elif isinstance(value, Mapping):
                seen[path] += 1
                keys.setdefault(path, Counter()).update(map(str, value))
                if any(isinstance(child, Mapping | list) for child in value.values()):
                    nested.add(path)
    found = [path for path, count in arrays.items() if count]
    for path, counted in keys.items():
        is_stable = all(count >= KEY_SHARE * seen[path] for count in counted.values())
        if path not in nested and not is_stable and len(counted) > 2:
            found.append(path)
    return found


def _rows_of(lines: list[object], items: str | None) -> list[Flat]:
    """The rows of lines, each item of them a row where `items` says so."""
    rows: list[Flat] = []
    for line in lines:
        if items is None:
            rows.append(flat(line))
            continue
        outer, inner = flat(line, left_out=items), _at(line, items)
        if isinstance(inner, list):
            rows += [outer | flat(entry, items) for entry in inner]
        elif isinstance(inner, Mapping):
            rows += [outer | {KEY: str(key), VALUE: _text(value)} for key, value in inner.items()]
        if len(rows) >= ROW_LIMIT:
            break
    return rows[:ROW_LIMIT]


def table_of(rows: list[Flat]) -> tuple[list[str], list[Cells]]:
    """The names that any row has, in the order in which they come, and the rows by them."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return names, [[row.get(name) for name in names] for row in rows]


def sniff_json_lines(sample: Sample, text: SampleText) -> list[Shape]:
    """The shapes of JSON lines: a line a row, and one more for each path that may hold items.

    Raises:
        LoomlineError: the text is one JSON document, or a line is no JSON object.
    """
    lines: list[object] = []
    for number, line in enumerate(text.lines(), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line, parse_float=str, parse_int=str)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise LoomlineError(
                f"{sample.path.name} line {number} is no JSON object.",
                "A contract reads one JSON object a line; split the document first.",
            )
        lines.append(value)
        if len(lines) >= ROW_LIMIT:
            break
    file_format = JsonLinesFormat(
        type="json_lines",
        encoding=text.encoding,
        compression="gzip" if sample.compression == "gzip" else "none",
    )
    shapes = []
    for items in (*item_paths(lines), None):
        header, rows = table_of(_rows_of(lines, items))
        subjects = (items,) if items is not None else ()
        is_whole = sample.is_whole and max(len(lines), len(rows)) < ROW_LIMIT
        shapes.append(Shape(file_format, header, rows, is_whole, items=items, subjects=subjects))
    return shapes


def record_element(root: ElementTree.Element) -> str:
    """The name of the elements that repeat: those with most cells, of the outermost that do."""
    level = [root]
    while level:
        children = [child for element in level for child in element]
        counted = Counter(local_name(child.tag) for child in children if len(child) or child.attrib)
        repeated = {name: count for name, count in counted.items() if count > 1}
        if repeated:
            return max(repeated, key=lambda name: repeated[name])
        level = children
    with_children = [local_name(child.tag) for child in root if len(child) or child.attrib]
    return with_children[0] if with_children else local_name(root.tag)


def sniff_xml(sample: Sample) -> Shape:
    """The shape of an XML document; of a large one as far as it was read.

    Raises:
        LoomlineError: it is compressed, or no XML.
    """
    if sample.compression != "none":
        raise LoomlineError(f"{sample.path.name} is compressed XML, which no contract reads.")
    parser = ElementTree.XMLPullParser(events=("start",))
    try:
        parser.feed(sample.raw)
        events: Iterator[Any] = iter(parser.read_events())
        root: ElementTree.Element = next(events)[1]
        if sample.is_whole:
            parser.close()
    except (ElementTree.ParseError, StopIteration) as error:
        raise LoomlineError(f"{sample.path.name} can't be read as XML: {error}.") from error
    if not len(root):
        raise LoomlineError(
            f"{sample.path.name} has no records to draft from.", "Take another day's."
        )
    record = record_element(root)
    own = {f"/@{local_name(name)}": value for name, value in root.attrib.items()}
    found: list[Flat] = []
    elements = (element for element in root.iter() if local_name(element.tag) == record)
    for element in islice(elements, ROW_LIMIT):
        cells: Flat = dict(own)
        for name, value in element_cells(element):
            cells.setdefault(name, value)
        found.append(cells)
    if not sample.is_whole:
        found = found[:-1]
    header, rows = table_of(found)
    doubts = ("the record repeats in no other place, or only once",) if len(found) < 2 else ()
    return Shape(
        format=XmlFormat(type="xml", record=record),
        header=header,
        rows=rows,
        is_whole=sample.is_whole and len(rows) < ROW_LIMIT,
        doubts=doubts,
        subjects=(local_name(root.tag), record),
    )
