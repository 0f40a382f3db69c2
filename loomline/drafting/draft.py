"""Draft a contract from a file: the whole way from its bytes to YAML."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from loomline.drafting.matching import Matcher, TableMatch
from loomline.drafting.profiling import profile_columns
from loomline.drafting.proposing import source_name
from loomline.drafting.sample import read_sample
from loomline.drafting.sniffing import sniff
from loomline.drafting.words import Vocabulary, load_words
from loomline.drafting.writing import Draft, write_draft
from loomline.errors import LoomlineError
from loomline.tables import Table

# Tables whose fit is that near to the best are named in the draft.
NEAR, MOST_OTHERS = 0.25, 3


def match_file(
    path: Path,
    tables: Mapping[str, Table],
    vocabulary: Vocabulary,
    target: str = "",
    sheet: str = "",
) -> list[TableMatch]:
    """The ways to read a file with the tables that it may be for, the best first.

    Raises:
        LoomlineError: the file can't be read, is in no known format, or has no rows.
    """
    if target and target not in tables:
        names = ", ".join(sorted(tables))
        raise LoomlineError(f"No contract can fill {target}.", f"Tables are: {names}.")
    shapes = [(shape, profile_columns(shape)) for shape in sniff(read_sample(path), sheet)]
    wanted = {target: tables[target]} if target else tables
    subjects = (path.name, path.absolute().parent.name)
    return Matcher(vocabulary, wanted).best(shapes, subjects)


def draft_contract(
    path: Path,
    tables: Mapping[str, Table],
    catalog: Path,
    time_zone: str,
    target: str = "",
    source: str = "",
    sheet: str = "",
) -> Draft:
    """Draft the contract of a file for the table that fits it best, or for `target`.

    `tables` are the canonical tables that a contract may fill, by full name. At most the first
    20,000 rows and 32 MB of the file are read.

    Raises:
        LoomlineError: the file can't be read, is in no known format, or has no rows.
    """
    vocabulary = Vocabulary(load_words(catalog))
    best, *rest = match_file(path, tables, vocabulary, target, sheet)
    others: dict[str, TableMatch] = {}
    for match in rest:
        if match.table != best.table and match.fit >= best.fit - NEAR and match.matches:
            others.setdefault(match.table, match)
    return write_draft(
        path,
        source or source_name(path, best.table),
        time_zone,
        best,
        tables[best.table],
        vocabulary,
        list(others.values())[:MOST_OTHERS],
        is_asked=bool(target),
    )
