"""Turn bronze rows into canonical rows, as a contract says: pure functions on Spark frames.

Every column is parsed strictly; what does not parse becomes a reason, never a guess or a null.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from loomline.contracts.catalogue import (
    MOMENT_COLUMNS,
    business_columns,
    column_declarations,
)
from loomline.contracts.model import ColumnMapping, Contract, Moment, RowUnit
from loomline.fields import Fields
from loomline.tables import Column, Table
from loomline.units import Conversion, conversion

# As much of a wrong value as a reason quotes; the whole of it is in the raw text.
QUOTED_LENGTH = 80

# A letter of a date format that stands for a zone or an offset, outside quoted text.
ZONE_LETTER = re.compile(r"(?:[^']|'[^']*')*?[VzOXxZ]")

# A letter of a date format that stands for an hour, outside quoted text.
HOUR_LETTER = re.compile(r"(?:[^']|'[^']*')*?[HhKk]")

# Seconds or milliseconds since 1970, in place of a date format.
EPOCH_UNITS = {"epoch_seconds": 1, "epoch_milliseconds": 1000}

PLAIN_NUMBER = r"^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$"


def decimal_pattern(type_name: str) -> str:
    """The pattern of a plain decimal number that fits a `decimal(precision,scale)` exactly."""
    precision, scale = (int(part) for part in re.findall(r"\d+", type_name))
    fraction = rf"(\.[0-9]{{1,{scale}}}0*)?" if scale else r"(\.0*)?"
    return rf"^-?[0-9]{{1,{precision - scale}}}{fraction}$"


def _converted(text: SparkColumn, declared: Column, how: Conversion) -> SparkColumn:
    """A number in another unit; a decimal that its type can't hold exactly is no such number."""
    if not declared.type.startswith("decimal"):
        value = text.try_cast("double") * F.lit(float(how.factor)) + F.lit(float(how.offset))
        return F.when(text.rlike(PLAIN_NUMBER), value.try_cast(declared.type))
    exact = text.try_cast("decimal(30,10)")
    value = exact * F.lit(how.factor) + F.lit(how.offset)
    fits = value.try_cast(declared.type)
    return F.when(text.rlike(r"^-?[0-9]{1,20}(\.[0-9]{1,10})?$") & (fits == value), fits)


def _parsed_number(
    text: SparkColumn, declared: Column, mapping: ColumnMapping, fields: Fields
) -> SparkColumn:
    separator, point = mapping.thousands_separator, mapping.decimal_separator
    if separator:
        grouped = rf"^-?[0-9]{{1,3}}({re.escape(separator)}[0-9]{{3}})+({re.escape(point)}[0-9]*)?$"
        ungrouped = F.replace(text, F.lit(separator), F.lit(""))
        text = F.when(text.rlike(grouped), ungrouped).otherwise(text)
    if point != ".":
        text = F.when(~text.contains("."), F.replace(text, F.lit(point), F.lit(".")))
    if isinstance(mapping.unit, RowUnit):
        unit = fields.text_of(mapping.unit.from_columns)
        by_unit = F.lit(None)
        for name, into in mapping.unit.into.items():
            value = _converted(text, declared, conversion(name, into))
            by_unit = F.when(unit == name, value).otherwise(by_unit)
        return by_unit.cast(declared.type)
    if mapping.unit is not None and mapping.unit != declared.unit:
        return _converted(text, declared, conversion(mapping.unit, declared.unit))
    pattern = r"^-?[0-9]{1,18}$"
    if declared.type.startswith("decimal"):
        pattern = decimal_pattern(declared.type)
    elif declared.type == "double":
        pattern = PLAIN_NUMBER
    return F.when(text.rlike(pattern), text.try_cast(declared.type))


def _in_zone(local: SparkColumn, time_zone: str, days_later: int) -> SparkColumn:
    """The UTC instant of a local time, some local days later."""
    days = F.expr(f"interval {days_later} days")
    return F.to_utc_timestamp(local + days if days_later else local, time_zone)


def _instant(text: SparkColumn, form: str, time_zone: str, days_later: int = 0) -> SparkColumn:
    """The UTC instant of a text in one format, some local days later.

    A time that a clock put forward has left out is no instant; of one that came twice, the first.
    """
    if form in EPOCH_UNITS:
        units = F.when(text.rlike(r"^[0-9]{1,15}$"), text.try_cast("bigint"))
        instant = F.timestamp_micros(units * (1_000_000 // EPOCH_UNITS[form]))
        return _later(instant, time_zone, days_later)
    parsed = F.try_to_timestamp(text, F.lit(form))
    if ZONE_LETTER.match(form) is not None:
        return _later(parsed, time_zone, days_later)
    instant = _in_zone(parsed, time_zone, days_later)
    if HOUR_LETTER.match(form) is None:
        return instant
    there_was_one = F.from_utc_timestamp(F.to_utc_timestamp(parsed, time_zone), time_zone) == parsed
    return F.when(there_was_one, instant)


def _later(instant: SparkColumn, time_zone: str, days: int) -> SparkColumn:
    """An instant some local days later, at the same time of the day."""
    return _in_zone(F.from_utc_timestamp(instant, time_zone), time_zone, days) if days else instant


def _parsed_moment(
    text: SparkColumn, declared: Column, formats: Sequence[str], time_zone: str
) -> SparkColumn:
    moments = []
    for form in formats:
        if declared.type == "timestamp":
            moments.append(_instant(text, form, time_zone))
        elif form in EPOCH_UNITS or ZONE_LETTER.match(form) is not None:
            instant = _instant(text, form, time_zone)
            moments.append(F.from_utc_timestamp(instant, time_zone).cast("date"))
        else:
            moments.append(F.try_to_timestamp(text, F.lit(form)).cast("date"))
    return F.coalesce(*moments)


def _parsed_code(text: SparkColumn, codes: dict[str, str | bool], type_name: str) -> SparkColumn:
    chain = F.lit(None)
    for raw, canonical in codes.items():
        value = str(canonical).lower() if isinstance(canonical, bool) else canonical
        chain = F.when(text == raw, F.lit(value)).otherwise(chain)
    return chain.cast(type_name)


def _parsed(
    text: SparkColumn, declared: Column, mapping: ColumnMapping, time_zone: str, fields: Fields
) -> SparkColumn:
    if mapping.codes is not None:
        return _parsed_code(text, mapping.codes, declared.type)
    if declared.type == "string":
        return F.when(F.length(text) <= mapping.longest, text)
    if declared.type in ("date", "timestamp"):
        return _parsed_moment(text, declared, mapping.formats, time_zone)
    if declared.type == "boolean":
        return _parsed_code(F.lower(text), {"true": True, "false": False}, "boolean")
    return _parsed_number(text, declared, mapping, fields)


def _complaint(
    name: str, text: SparkColumn, declared: Column, mapping: ColumnMapping
) -> SparkColumn:
    if declared.type == "string" and mapping.codes is None:
        longest = F.lit(f" characters; at most {mapping.longest} are allowed")
        return F.concat(F.lit(f"{name}: has "), F.length(text).cast("string"), longest)
    expected = "not in the code list" if mapping.codes else f"not a {declared.type}"
    if mapping.formats:
        expected += f" as {' or '.join(mapping.formats)}"
    if isinstance(mapping.unit, RowUnit):
        expected += f" in {' or '.join(mapping.unit.into)}"
    elif mapping.unit is not None and mapping.unit != declared.unit:
        expected += f" once converted from {mapping.unit}"
    return F.concat(
        F.lit(f"{name}: {expected}: '"), F.substring(text, 1, QUOTED_LENGTH), F.lit("'")
    )


def _mappings(contract: Contract) -> dict[str, ColumnMapping]:
    """The mappings of all columns, and of the moments that the file itself says."""
    mappings = contract.working_columns | contract.columns
    for name in MOMENT_COLUMNS:
        moment: Moment = getattr(contract, name)
        if moment.from_columns is not None:
            mappings[name] = ColumnMapping(from_columns=moment.from_columns, formats=moment.formats)
    return mappings


def _moment(
    name: str, moment: Moment, declared: dict[str, Column], contract: Contract
) -> SparkColumn:
    zone, days = contract.time_zone, moment.days_later
    if moment.from_columns is not None:
        instants = [_instant(F.col(f"text_{name}"), form, zone, days) for form in moment.formats]
        return F.coalesce(*instants)
    if moment.file_name is not None:
        text = F.regexp_extract("source_file", moment.file_name, 1)
        return F.coalesce(*[_instant(text, form, zone, days) for form in moment.formats])
    if moment.column is not None and declared[moment.column].type == "date":
        local = F.date_add(F.col(moment.column), days).cast("timestamp")
        return F.to_utc_timestamp(local, zone)
    if moment.column is not None:
        instant = F.col(moment.column)
    elif moment.landed:
        instant = F.col("landed_at")
    else:
        instant = F.lit(moment.constant)
    return _later(instant, zone, days)


def _text_of(mapping: ColumnMapping, fields: Fields) -> SparkColumn:
    """The text of a mapped column without the blanks around it; null where the value is missing."""
    text = fields.text_of(mapping.origins, joined=mapping.joined is not None)
    return F.when(~text.isin(*mapping.missing_values), text) if mapping.missing_values else text


def landed_rows(
    bronze: DataFrame, contract: Contract, table: Table, others: Sequence[Contract]
) -> DataFrame:
    """The rows of bronze, and of each whether it `is_own`: the contract must account for it.

    `total`, an amount, is null where the contract has no control total or the text is no amount.
    """
    fields = Fields(bronze, contract, others)
    total = F.lit(None).cast("decimal(22,4)")
    if contract.control_total is not None:
        mapping = contract.columns[contract.control_total]
        declared = table.columns[contract.control_total]
        total = _parsed_number(_text_of(mapping, fields), declared, mapping, fields)
    return fields.rows().withColumn("total", total)


def _said(reasons: Sequence[SparkColumn]) -> SparkColumn:
    """The reasons that there are, as an array; most rows have none, which Spark sees quickly."""
    none = reduce(lambda left, right: left & right, [reason.isNull() for reason in reasons])
    return F.when(none, F.array().cast("array<string>")).otherwise(
        F.array_compact(F.array(*reasons))
    )


def parse_rows(
    bronze: DataFrame, contract: Contract, table: Table, others: Sequence[Contract] = ()
) -> DataFrame:
    """Parse bronze rows into canonical columns, with the reasons why a row does not hold.

    `others` are the contracts that read the same files.

    Returns:
        The target's columns, `landed_at`, `raw_text`, and `reasons` (array of text, empty where the
        row holds).
    """
    fields = Fields(bronze, contract, others)
    declarations = column_declarations(contract, table)
    mappings = _mappings(contract)
    mapped = {name: mapping for name, mapping in mappings.items() if mapping.is_of_file}
    texts = [_text_of(mapping, fields).alias(f"text_{name}") for name, mapping in mapped.items()]
    rows = fields.own_rows().select("*", *texts)
    values, complaints = {}, [F.col("problem")]
    for name, mapping in mappings.items():
        declared = declarations[name]
        if mapping.constant is not None:
            values[name] = F.lit(mapping.constant).cast(declared.type)
        if name not in mapped:
            continue
        text = F.col(f"text_{name}")
        values[name] = _parsed(text, declared, mapping, contract.time_zone, fields)
        complaint = F.when(
            text.isNotNull() & F.col(name).isNull(), _complaint(name, text, declared, mapping)
        )
        if declared.required:
            complaint = F.when(text.isNull(), F.lit(f"{name}: is missing")).otherwise(complaint)
        # A row that could not be split has one reason: its cells mean nothing.
        complaints.append(F.when(F.col("problem").isNull(), complaint))
    own = ["raw_text", "landed_at", "source_file", "file_sha256", "line_number", "item_number"]
    own += [f"text_{name}" for name in mapped if name in MOMENT_COLUMNS]
    # Values come before the complaints, which Spark works out without compiling them: it would
    # parse every text again there, and slowly.
    parsed = rows.select("*", *(value.alias(name) for name, value in values.items()))
    parsed = parsed.select(*own, *values, _said(complaints).alias("complaints"))
    derived = [
        F.expr(mapping.sql).cast(declarations[name].type).alias(name)
        for name, mapping in mappings.items()
        if mapping.sql is not None
    ]
    moments = {
        name: _moment(name, getattr(contract, name), declarations, contract)
        for name in MOMENT_COLUMNS
    }
    parsed = parsed.select("*", *derived).withColumns(
        {
            **moments,
            "superseded_at": F.lit(None).cast("timestamp"),
            "source": F.lit(contract.source),
        }
    )
    return _with_reasons(parsed, contract, table)


def _with_reasons(parsed: DataFrame, contract: Contract, table: Table) -> DataFrame:
    parses = F.size("complaints") == 0
    broken = [
        F.when(
            # A rule without an answer is broken, unless the missing value is the reason itself.
            F.coalesce(~F.expr(rule.sql), parses),
            F.lit(f"{rule.name}: {rule.reason}"),
        )
        for rule in contract.rules
    ]
    # A required value that no column of the file gives may still come out as nothing.
    mapped = {name for name, mapping in contract.columns.items() if mapping.is_of_file}
    lacking = [
        F.when(parses & F.col(name).isNull(), F.lit(f"{name}: is missing"))
        for name in (*contract.columns, *MOMENT_COLUMNS)
        if table.columns[name].required and name not in mapped
    ]
    known_early = F.when(
        F.col("known_at") < F.col("event_at"), F.lit("known_at: is earlier than event_at")
    )
    reasons = F.concat("complaints", _said([*broken, *lacking, known_early]))
    unmapped = [
        F.lit(None).cast(table.columns[name].type).alias(name)
        for name in business_columns(table)
        if name not in contract.columns
    ]
    return parsed.select("*", *unmapped, reasons.alias("reasons")).select(
        *table.columns, "landed_at", "raw_text", "reasons"
    )
