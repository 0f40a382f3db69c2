"""The typed model of a source contract, one YAML file of `catalog/sources/`."""

from __future__ import annotations

import codecs
from datetime import datetime
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AwareDatetime, ConfigDict, Field, field_validator, model_validator

from loomline.declarations import Declaration

Compression = Literal["none", "gzip"]


class _TextFormat(Declaration):
    encoding: str = "utf-8"
    compression: Compression = "none"

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, name: str) -> str:
        try:
            codecs.lookup(name)
        except LookupError:
            raise ValueError(f"{name} is not a text encoding that Python knows") from None
        return name


class CsvFormat(_TextFormat):
    """Delimited text with a header; a quoted field may hold delimiters and line breaks."""

    type: Literal["csv"]
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', min_length=1, max_length=1)
    header_row: int = Field(default=1, ge=1)


class XlsxFormat(Declaration):
    """A sheet of a workbook; a blank header cell takes the text of the cell above it."""

    type: Literal["xlsx"]
    sheet: str
    header_row: int = Field(default=1, ge=1)


class JsonLinesFormat(_TextFormat):
    """One JSON object a line; a nested value stays JSON text."""

    type: Literal["json_lines"]


class ParquetFormat(Declaration):
    """An Apache Parquet file."""

    type: Literal["parquet"]


class ArffFormat(_TextFormat):
    """An attribute-relation file: `@attribute` lines name the columns of the `@data` lines."""

    type: Literal["arff"]


FileFormat = Annotated[
    CsvFormat | XlsxFormat | JsonLinesFormat | ParquetFormat | ArffFormat,
    Field(discriminator="type"),
]


class ColumnMapping(Declaration):
    """How one canonical column comes about; the canonical table says its type and unit.

    Exactly one of `from` (a column of the file), `constant`, or `sql` (a Spark SQL expression over
    the columns that are mapped by the other two) is given.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True)

    from_column: str | None = Field(default=None, alias="from")
    constant: str | None = None
    sql: str | None = None
    type: str | None = None
    unit: str | None = None
    codes: dict[str, str | bool] | None = None
    formats: tuple[str, ...] = ()
    missing_values: tuple[str, ...] = ()
    thousands_separator: str = Field(default="", max_length=1)
    longest: int = Field(default=1000, ge=1)

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        origins = [self.from_column, self.constant, self.sql]
        if sum(origin is not None for origin in origins) != 1:
            raise ValueError("give exactly one of from, constant or sql")
        if self.from_column is None and (self.codes or self.formats or self.missing_values):
            raise ValueError("codes, formats and missing_values go with from only")
        return self


class Moment(Declaration):
    """A point in time of a row.

    Exactly one of `column` (a canonical date or time), `from` (a column of the file that is no
    canonical column, with its formats), `constant`, or `landed` (when the file was landed) is
    given. A date stands for the start of that day in the contract's time zone; `days_later` is
    added.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True)

    column: str | None = None
    from_column: str | None = Field(default=None, alias="from")
    formats: tuple[str, ...] = ()
    constant: AwareDatetime | None = None
    landed: Literal[True] | None = None
    days_later: int = Field(default=0, ge=0)

    @field_validator("constant", mode="before")
    @classmethod
    def _says_its_zone(cls, value: object) -> object:
        # YAML's own timestamps arrive without the zone that the file may have said.
        if isinstance(value, datetime) and value.tzinfo is None:
            raise ValueError("write the instant with its zone, such as 2020-02-29T16:00:00+00:00")
        return value

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        origins = (self.column, self.from_column, self.constant, self.landed)
        if sum(origin is not None for origin in origins) != 1:
            raise ValueError("give exactly one of column, from, constant or landed")
        if bool(self.formats) != (self.from_column is not None):
            raise ValueError("formats go with from, and from needs them")
        return self


class Rule(Declaration):
    """A condition on the canonical columns; a row that breaks it is quarantined with `reason`."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    sql: str
    reason: str


class Contract(Declaration):
    """A source: which files, in which format, become which rows of which canonical table."""

    source: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    description: str
    owner: str
    files: tuple[str, ...] = Field(min_length=1)
    format: FileFormat
    target: str = Field(pattern=r"^silver\.[a-z][a-z0-9_]*$")
    time_zone: str
    columns: dict[str, ColumnMapping]
    key: tuple[str, ...] = ()
    event_at: Moment
    known_at: Moment
    control_total: str | None = None
    rules: tuple[Rule, ...] = ()

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{name} is not a time zone of the IANA list") from None
        return name

    @property
    def bronze_table(self) -> str:
        """The table that the source's files are landed in."""
        return f"bronze.{self.source}"

    def mapped_from(self) -> list[str]:
        """Columns of the file that the contract needs, in the order of the mapping."""
        origins = [mapping.from_column for mapping in self.columns.values()]
        origins += [self.event_at.from_column, self.known_at.from_column]
        return list(dict.fromkeys(origin for origin in origins if origin is not None))
