"""The typed model of a source contract, one YAML file of `catalog/sources/`."""

from __future__ import annotations

import codecs
import re
from datetime import datetime
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)

from loomline.declarations import Declaration

Compression = Literal["none", "gzip"]
# How a contract names the name and the value of an item.
KEY, VALUE = "<key>", "<value>"


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
    """Delimited text; a quoted field may hold delimiters and line breaks.

    `delimiter: blanks` splits at any run of blanks. A file without a header has its names in
    `columns`.
    """

    type: Literal["csv"]
    delimiter: str = Field(default=",", pattern="^(.|\t|blanks)$")
    quote: str = Field(default='"', min_length=1, max_length=1)
    header_row: int = Field(default=1, ge=1)
    columns: tuple[str, ...] = ()


class FixedWidthFormat(_TextFormat):
    """Records of one kind, a line each, cut by characters.

    `fields` says the first and last character of each, counted from 1; a last one of null is the
    line's end. A line that begins with `trailer_prefix` counts the records: a file whose count
    (characters `trailer_count`) is not that of its records is refused, and so is one without it.
    """

    type: Literal["fixed_width"]
    fields: dict[str, tuple[int, int | None]] = Field(min_length=1)
    trailer_prefix: str | None = Field(default=None, min_length=1)
    trailer_count: tuple[int, int] | None = None

    @model_validator(mode="after")
    def _places_hold(self) -> Self:
        for name, (first, last) in self.fields.items():
            if first < 1 or (last is not None and last < first):
                raise ValueError(f"the field {name} ends before it begins")
        if (self.trailer_prefix is None) != (self.trailer_count is None):
            raise ValueError("trailer_prefix and trailer_count go together")
        return self


class XlsxFormat(Declaration):
    """A sheet of a workbook; a blank header cell takes the text of the cell above it."""

    type: Literal["xlsx"]
    sheet: str
    header_row: int = Field(default=1, ge=1)


class JsonLinesFormat(_TextFormat):
    """One JSON object a line.

    A value is named by its path: `payload.deviceId`, `stops.2.actual` (the third of an array).
    """

    type: Literal["json_lines"]


class XmlFormat(Declaration):
    """The elements called `record`, each a row.

    A value is named by its path below the record: `Defendant/Name`, `@id` for an attribute,
    `/@date` for an attribute of the root.
    """

    type: Literal["xml"]
    record: str


class ParquetFormat(Declaration):
    """An Apache Parquet file."""

    type: Literal["parquet"]


class ArffFormat(_TextFormat):
    """An attribute-relation file: `@attribute` lines name the columns of the `@data` lines."""

    type: Literal["arff"]


FileFormat = Annotated[
    CsvFormat
    | FixedWidthFormat
    | XlsxFormat
    | JsonLinesFormat
    | XmlFormat
    | ParquetFormat
    | ArffFormat,
    Field(discriminator="type"),
]


def _compiled(pattern: str | None) -> str | None:
    try:
        re.compile(pattern or "")
    except re.error as error:
        raise ValueError(f"is no pattern: {error}") from None
    return pattern


def _names(given: object) -> object:
    if isinstance(given, bool):
        raise ValueError("an unquoted yes, no, on or off is no text in YAML: put it in quotes")
    return (given,) if isinstance(given, str) else given


# A name that a file gives a column; several where the sender has renamed it.
Origins = Annotated[tuple[str, ...], Field(min_length=1), BeforeValidator(_names)]


class RowUnit(Declaration):
    """A unit that the row itself says: the column with its name, and what each converts into."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True)

    from_columns: Origins = Field(alias="from")
    into: dict[str, str] = Field(min_length=1)


class ColumnMapping(Declaration):
    """How one canonical column comes about; the canonical table says its type and unit.

    Exactly one of `from`, `joined` (texts of several columns, a blank between them), `constant`, or
    `sql` (a Spark SQL expression over the columns that are mapped by the others) is given. `from`
    is a column of the file, or the names that it has had: the first that has a value counts. A file
    that lacks a column is refused, unless it `may_be_absent`.

    `unit` is the file's: a number is converted to the unit of the canonical column. Where the row
    says its unit, `unit` says the column that does and what each unit is converted into. `type` is
    needed for a working column only.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True)

    from_columns: Origins | None = Field(default=None, alias="from")
    joined: tuple[str, ...] | None = Field(default=None, min_length=2)
    constant: str | None = None
    sql: str | None = None
    type: str | None = None
    unit: str | RowUnit | None = None
    codes: dict[str, str | bool] | None = None
    formats: tuple[str, ...] = ()
    missing_values: tuple[str, ...] = ()
    thousands_separator: str = Field(default="", max_length=1)
    decimal_separator: str = Field(default=".", min_length=1, max_length=1)
    longest: int = Field(default=1000, ge=1)
    may_be_absent: bool = False

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        origins = [self.from_columns, self.joined, self.constant, self.sql]
        if sum(origin is not None for origin in origins) != 1:
            raise ValueError("give exactly one of from, joined, constant or sql")
        if not self.is_of_file and (self.codes or self.formats or self.missing_values or self.unit):
            raise ValueError("codes, formats, missing_values and unit go with from or joined only")
        if self.thousands_separator == self.decimal_separator:
            raise ValueError("thousands_separator and decimal_separator are the same")
        return self

    @property
    def is_of_file(self) -> bool:
        """Whether the column's text stands in the file."""
        return self.from_columns is not None or self.joined is not None

    @property
    def origins(self) -> tuple[str, ...]:
        """The columns of the file that it is made from."""
        return self.from_columns or self.joined or ()


class Moment(Declaration):
    """A point in time of a row.

    Exactly one of `column` (a canonical or working date or time), `from` (a column of the file that
    is no canonical column, with its formats), `file_name` (a pattern whose one group, found in the
    path of the file, is read by `formats`), `constant`, or `landed` (when the file was landed) is
    given. A date stands for the start of that day in the contract's time zone; `days_later` is
    added.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True)

    column: str | None = None
    from_columns: Origins | None = Field(default=None, alias="from")
    file_name: str | None = None
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

    @field_validator("file_name")
    @classmethod
    def _has_one_group(cls, pattern: str | None) -> str | None:
        if pattern is not None and re.compile(_compiled(pattern) or "").groups != 1:
            raise ValueError("the pattern needs exactly one group, around the moment")
        return pattern

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        origins = (self.column, self.from_columns, self.file_name, self.constant, self.landed)
        if sum(origin is not None for origin in origins) != 1:
            raise ValueError("give exactly one of column, from, file_name, constant or landed")
        if bool(self.formats) != (self.from_columns is not None or self.file_name is not None):
            raise ValueError("formats go with from or file_name, and those need them")
        return self


class Rule(Declaration):
    """A condition on the canonical columns; a row that breaks it is quarantined with `reason`."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    sql: str
    reason: str


class Matching(Declaration):
    """Texts that match a pattern as a whole."""

    matches: str

    @field_validator("matches")
    @classmethod
    def _is_pattern(cls, pattern: str) -> str | None:
        return _compiled(pattern)


def _kind(wanted: object) -> str:
    return "pattern" if isinstance(wanted, dict | Matching) else "values"


# The texts that a column must have: some values, or what matches a pattern.
Wanted = Annotated[
    Annotated[Matching, Tag("pattern")] | Annotated[tuple[str, ...], Tag("values")],
    Discriminator(_kind),
]


class Contract(Declaration):
    """A source: which files, in which format, become which rows of which canonical table.

    A contract has `files` and their `format`, or `rows_of`: the source whose landed rows it reads
    too, where one kind of file fills several canonical tables. `where` says which rows are its own
    (columns of the file with the values that they may have, or with what those `matches`); a row
    that no contract of its file takes is quarantined under the contract that has the files.

    A row of a file is one canonical row, unless `items` or `unpivot` is given. `items` is the path
    of an array or object in JSON, each entry an item of the row: of an array, named by paths below
    it (`goods.sku`); of an object, its name `<key>` and what stands there `<value>`. `unpivot` is
    a pattern: each column of the row whose whole name matches is an item, with its name as `<key>`
    and its cell as `<value>`.

    The records of `kafka_topic` are lines of such files too, each by itself.

    `corrections` says what a later row is that has the key of an earlier one and other content:
    `quarantine` sets it aside as a conflict, `supersede` makes it the row that stands from its own
    `known_at` on.
    """

    source: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    description: str
    owner: str
    files: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    format: FileFormat | None = None
    kafka_topic: str | None = None
    rows_of: str | None = None
    where: dict[str, Wanted] = Field(default_factory=dict)
    items: str | None = None
    unpivot: str | None = None
    target: str = Field(pattern=r"^silver\.[a-z][a-z0-9_]*$")
    time_zone: str
    working_columns: dict[str, ColumnMapping] = Field(default_factory=dict)
    columns: dict[str, ColumnMapping]
    key: tuple[str, ...] = ()
    corrections: Literal["quarantine", "supersede"] = "quarantine"
    event_at: Moment
    known_at: Moment
    control_total: str | None = None
    rules: tuple[Rule, ...] = ()

    @field_validator("unpivot")
    @classmethod
    def _is_pattern(cls, pattern: str | None) -> str | None:
        return _compiled(pattern)

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{name} is not a time zone of the IANA list") from None
        return name

    @model_validator(mode="after")
    def _has_rows(self) -> Self:
        if self.rows_of is not None and (self.files or self.format):
            raise ValueError("rows_of takes the files and the format of the other source")
        if self.rows_of is None and not (self.files and self.format):
            raise ValueError("give files and their format, or rows_of")
        if self.kafka_topic is not None and not isinstance(self.format, JsonLinesFormat):
            raise ValueError("kafka_topic goes with json_lines only")
        if self.kafka_topic is not None and self.corrections != "quarantine":
            raise ValueError("a reading of a stream is never corrected: leave corrections out")
        for name, mapping in self.working_columns.items():
            if mapping.type is None:
                raise ValueError(f"the working column {name} needs a type")
        return self

    @property
    def landed_as(self) -> str:
        """The source under which its rows are landed."""
        return self.rows_of or self.source

    @property
    def bronze_table(self) -> str:
        """The table that its rows are landed in."""
        return f"bronze.{self.landed_as}"

    @property
    def file_format(self) -> FileFormat:
        """The format of its files; that of the other source for `rows_of`, once loaded."""
        if self.format is None:
            raise ValueError(f"{self.source} was not read from the catalogue")
        return self.format

    def mapped_from(self, also_absent: bool = True) -> list[tuple[str, ...]]:
        """Columns of the file that the contract uses; of several names one is enough.

        Without `also_absent`, those that no file may lack.
        """
        needed: dict[tuple[str, ...], None] = {(name,): None for name in self.where}
        for mapping in (*self.working_columns.values(), *self.columns.values()):
            if mapping.may_be_absent and not also_absent:
                continue
            if mapping.from_columns is not None:
                needed[mapping.from_columns] = None
            needed |= {(name,): None for name in mapping.joined or ()}
            if isinstance(mapping.unit, RowUnit):
                needed[mapping.unit.from_columns] = None
        for moment in (self.event_at, self.known_at):
            if moment.from_columns is not None:
                needed[moment.from_columns] = None
        return list(needed)
