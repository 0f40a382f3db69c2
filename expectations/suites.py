"""Read the suites: what must hold in a table, declared in `expectations/<gate>/<table>.yml`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.registry import (
    get_expectation_impl,
    list_registered_expectation_implementations,
)
from pydantic import Field

from loomline.declarations import Declaration, catalogue_error, read_declaration
from loomline.errors import CatalogueError
from loomline.lake import sql_literal

SUITES_FOLDER = Path(__file__).resolve().parent
QUERY_EXPECTATION = "unexpected_rows_expectation"
COLUMN_ARGUMENTS = ("column", "column_A", "column_B", "column_list", "column_set")


class DeclaredExpectation(Declaration):
    """One expectation: its Great Expectations type and arguments, how grave it is, and why."""

    expectation: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    severity: Literal["critical", "warning"]
    why: str = Field(min_length=1)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the arguments name."""
        named = [self.arguments[name] for name in COLUMN_ARGUMENTS if name in self.arguments]
        return tuple(
            column for value in named for column in (value if isinstance(value, list) else [value])
        )

    @property
    def in_words(self) -> str:
        """The type, what it applies to, and why; names the expectation within its table."""
        if self.is_query:
            return f"no row found by the query: {self.why}"
        kind = self.expectation.removeprefix("expect_").replace("_", " ")
        return f"{' '.join((kind, ', '.join(self.columns))).strip()}: {self.why}"

    @property
    def is_query(self) -> bool:
        """Whether it is an SQL query that must find no row."""
        return self.expectation == QUERY_EXPECTATION


class Suite(Declaration):
    """What must hold in a table as of a date.

    `rows` is the SQL condition of the rows that a run for the date may read; `derived` names SQL
    expressions over a row, so that all row rules of a table are counted in one pass. Both, and the
    queries among the arguments, may use `{as_of_date}` and `{as_of_end}`. A table that
    `may_be_missing` is passed over while no job has made it.
    """

    table: str
    rows: str = "true"
    may_be_missing: bool = False
    derived: dict[str, str] = Field(default_factory=dict)
    expectations: tuple[DeclaredExpectation, ...] = Field(min_length=1)


@dataclass(frozen=True)
class SuiteFile:
    """A suite and the file that it was read from, for errors that point at a line."""

    path: Path
    suite: Suite

    def error(self, position: int, key: str, message: str) -> CatalogueError:
        """An error at a key of the expectation at that position."""
        return catalogue_error(self.path, ("expectations", position, key), message)


def with_dates(text: str, as_of_date: date, as_of_end: datetime) -> str:
    """SQL with `{as_of_date}` and `{as_of_end}` as literals; other braces stay."""
    dated = text.replace("{as_of_date}", sql_literal(as_of_date))
    return dated.replace("{as_of_end}", sql_literal(as_of_end))


def load_suites(gate: str, folder: Path = SUITES_FOLDER) -> list[SuiteFile]:
    """Every suite of a gate, each expectation checked to be one that Great Expectations knows.

    Raises:
        CatalogueError: an unknown key, type or argument; names file, line and key.
    """
    loaded = [
        SuiteFile(path, read_declaration(path, Suite))
        for path in sorted((folder / gate).glob("*.yml"))
    ]
    if not loaded:
        raise CatalogueError(f"No suite is declared in {folder / gate}.")
    for suite_file in loaded:
        _check_expectations(suite_file)
    return loaded


def _check_expectations(suite_file: SuiteFile) -> None:
    seen: set[str] = set()
    for position, declared in enumerate(suite_file.suite.expectations):
        if declared.expectation not in list_registered_expectation_implementations():
            raise suite_file.error(
                position,
                "expectation",
                f"Great Expectations has no expectation {declared.expectation!r}",
            )
        if declared.in_words in seen:
            raise suite_file.error(position, "why", "the same expectation stands here twice")
        seen.add(declared.in_words)
        try:
            build_expectation(declared, declared.arguments)
        except ValueError as error:
            first_line = " ".join(str(error).split())
            raise suite_file.error(position, "arguments", first_line) from error


def build_expectation(declared: DeclaredExpectation, arguments: dict[str, Any]) -> Expectation:
    """The Great Expectations object of a declared expectation, with these arguments for its own.

    Raises:
        ValueError: an argument is unknown, missing or of the wrong type.
    """
    implementation = get_expectation_impl(declared.expectation)
    # Data Docs put an expectation into words, but of a query they would show the SQL.
    description = declared.why if declared.is_query else None
    return implementation(
        **arguments, severity=declared.severity, notes=declared.why, description=description
    )


def check_columns(suite_file: SuiteFile, columns: list[str]) -> None:
    """Raise a `CatalogueError` at the first expectation on a column that the table lacks."""
    for position, declared in enumerate(suite_file.suite.expectations):
        for column in declared.columns:
            if column not in columns:
                raise suite_file.error(
                    position,
                    "arguments",
                    f"the table {suite_file.suite.table} has no column {column!r}",
                )
