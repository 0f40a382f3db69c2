"""Turn bronze rows into canonical rows, as a contract says: pure functions on Spark frames.

Every column is parsed strictly; what does not parse becomes a reason, never a guess or a null.
"""

from __future__ import annotations

import re
from functools import reduce

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from loomline.contracts.catalogue import MOMENT_COLUMNS, PROVENANCE_COLUMNS, business_columns
from loomline.contracts.model import ColumnMapping, Contract, Moment
from loomline.lake import quoted
from loomline.tables import Column, Table

# Blanks that people and systems leave around values, the ideographic and no-break space included.
BLANKS = " \t\r\n\u00a0\u3000\ufeff"
# As much of a wrong value as a reason quotes; the whole of it is in the raw text.
QUOTED_LENGTH = 80

# A letter of a date format that stands for a zone or an offset, outside quoted text.
ZONE_LETTER = re.compile(r"(?:[^']|'[^']*')*?[VzOXxZ]")

CONFORMED, DUPLICATE, QUARANTINED = "conformed", "duplicate", "quarantined"


def decimal_pattern(type_name: str) -> str:
    """The pattern of a plain decimal number that fits a `decimal(precision,scale)` exactly."""
    precision, scale = (int(part) for part in re.findall(r"\d+", type_name))
    fraction = rf"(\.[0-9]{{1,{scale}}}0*)?" if scale else r"(\.0*)?"
    return rf"^-?[0-9]{{1,{precision - scale}}}{fraction}$"


def _parsed_number(text: SparkColumn, declared: Column, mapping: ColumnMapping) -> SparkColumn:
    pattern = r"^-?[0-9]{1,18}$"
    if declared.type.startswith("decimal"):
        pattern = decimal_pattern(declared.type)
    elif declared.type == "double":
        pattern = r"^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$"
    separator = mapping.thousands_separator
    if separator:
        is_grouped = text.rlike(rf"^-?[0-9]{{1,3}}({re.escape(separator)}[0-9]{{3}})+(\.[0-9]*)?$")
        text = F.when(is_grouped, F.replace(text, F.lit(separator), F.lit(""))).otherwise(text)
    return F.when(text.rlike(pattern), text.try_cast(declared.type))


def _parsed_moment(
    text: SparkColumn, declared: Column, mapping: ColumnMapping, time_zone: str
) -> SparkColumn:
    moments = []
    for form in mapping.formats:
        parsed = F.try_to_timestamp(text, F.lit(form))
        says_its_zone = ZONE_LETTER.match(form) is not None
        if declared.type == "date":
            local = F.from_utc_timestamp(parsed, time_zone) if says_its_zone else parsed
            moments.append(local.cast("date"))
        else:
            moments.append(parsed if says_its_zone else F.to_utc_timestamp(parsed, time_zone))
    return F.coalesce(*moments)


def _parsed_code(text: SparkColumn, codes: dict[str, str | bool], type_name: str) -> SparkColumn:
    chain = F.lit(None)
    for raw, canonical in codes.items():
        value = str(canonical).lower() if isinstance(canonical, bool) else canonical
        chain = F.when(text == raw, F.lit(value)).otherwise(chain)
    return chain.cast(type_name)


def _parsed(
    text: SparkColumn, declared: Column, mapping: ColumnMapping, time_zone: str
) -> SparkColumn:
    if mapping.codes is not None:
        return _parsed_code(text, mapping.codes, declared.type)
    if declared.type == "string":
        return F.when(F.length(text) <= mapping.longest, text)
    if declared.type in ("date", "timestamp"):
        return _parsed_moment(text, declared, mapping, time_zone)
    if declared.type == "boolean":
        return _parsed_code(F.lower(text), {"true": True, "false": False}, "boolean")
    return _parsed_number(text, declared, mapping)


def _complaint(
    name: str, text: SparkColumn, declared: Column, mapping: ColumnMapping
) -> SparkColumn:
    if declared.type == "string" and mapping.codes is None:
        longest = F.lit(f" characters; at most {mapping.longest} are allowed")
        return F.concat(F.lit(f"{name}: has "), F.length(text).cast("string"), longest)
    expected = "not in the code list" if mapping.codes else f"not a {declared.type}"
    if mapping.formats:
        expected += f" as {' or '.join(mapping.formats)}"
    return F.concat(
        F.lit(f"{name}: {expected}: '"), F.substring(text, 1, QUOTED_LENGTH), F.lit("'")
    )


def _mappings(contract: Contract) -> dict[str, ColumnMapping]:
    """The mappings of the canonical columns, and of the moments that the file itself says."""
    mappings = dict(contract.columns)
    for name in MOMENT_COLUMNS:
        moment: Moment = getattr(contract, name)
        if moment.from_column is not None:
            mappings[name] = ColumnMapping(from_column=moment.from_column, formats=moment.formats)
    return mappings


def _moment(name: str, moment: Moment, table: Table, time_zone: str) -> SparkColumn:
    if moment.from_column is not None:
        instant = F.col(name)
    elif moment.landed:
        instant = F.col("landed_at")
    elif moment.constant is not None:
        instant = F.lit(moment.constant)
    else:
        instant = F.col(str(moment.column))
        if table.columns[str(moment.column)].type == "date":
            return F.to_utc_timestamp(
                F.date_add(instant, moment.days_later).cast("timestamp"), time_zone
            )
    return instant + F.expr(f"interval {moment.days_later} days")


def _text_of(mapping: ColumnMapping) -> SparkColumn:
    """The text of a mapped column without the blanks around it; null where the value is missing."""
    text = F.btrim(F.col("fields")[mapping.from_column], F.lit(BLANKS))
    return F.when(~text.isin("", *mapping.missing_values), text)


def control_total(contract: Contract, table: Table) -> SparkColumn:
    """A bronze row's control total as an amount; null where it can't be read as one."""
    if contract.control_total is None:
        return F.lit(None).cast("decimal(18,2)")
    mapping = contract.columns[contract.control_total]
    return _parsed_number(_text_of(mapping), table.columns[contract.control_total], mapping)


def parse_rows(bronze: DataFrame, contract: Contract, table: Table) -> DataFrame:
    """Parse bronze rows into canonical columns, with the reasons why a row does not hold.

    Returns:
        The target's columns, `landed_at`, `raw_text`, and `reasons` (array of text, empty where the
        row holds).
    """
    mappings = _mappings(contract)
    mapped = {name: m for name, m in mappings.items() if m.from_column is not None}
    trimmed = bronze.select(
        "*",
        *[_text_of(mapping).alias(f"text_{name}") for name, mapping in mapped.items()],
    )
    values, complaints = [], [F.col("problem")]
    for name, mapping in mappings.items():
        declared = table.columns[name]
        if mapping.constant is not None:
            values.append(F.lit(mapping.constant).cast(declared.type).alias(name))
        if name not in mapped:
            continue
        text = F.col(f"text_{name}")
        value = _parsed(text, declared, mapping, contract.time_zone)
        values.append(value.alias(name))
        complaint = F.when(
            text.isNotNull() & value.isNull(), _complaint(name, text, declared, mapping)
        )
        if declared.required:
            complaint = F.when(text.isNull(), F.lit(f"{name}: is missing")).otherwise(complaint)
        # A row that could not be split has one reason: its cells mean nothing.
        complaints.append(F.when(F.col("problem").isNull(), complaint))
    own = ("raw_text", "landed_at", "source_file", "file_sha256", "line_number")
    parsed = trimmed.select(
        *own, *values, F.array_compact(F.array(*complaints)).alias("complaints")
    )
    derived = {
        name: F.expr(mapping.sql).cast(table.columns[name].type)
        for name, mapping in contract.columns.items()
        if mapping.sql is not None
    }
    parsed = parsed.withColumns(
        {
            **derived,
            "event_at": _moment("event_at", contract.event_at, table, contract.time_zone),
            "known_at": _moment("known_at", contract.known_at, table, contract.time_zone),
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
    mapped = {name for name, mapping in contract.columns.items() if mapping.from_column is not None}
    lacking = [
        F.when(parses & F.col(name).isNull(), F.lit(f"{name}: is missing"))
        for name in (*contract.columns, *MOMENT_COLUMNS)
        if table.columns[name].required and name not in mapped
    ]
    known_early = F.when(
        F.col("known_at") < F.col("event_at"), F.lit("known_at: is earlier than event_at")
    )
    reasons = F.concat("complaints", F.array_compact(F.array(*broken, *lacking, known_early)))
    unmapped = [
        F.lit(None).cast(table.columns[name].type).alias(name)
        for name in business_columns(table)
        if name not in contract.columns
    ]
    return parsed.select("*", *unmapped, reasons.alias("reasons")).select(
        *table.columns, "landed_at", "raw_text", "reasons"
    )


def _same_content(columns: list[str], other: str) -> SparkColumn:
    same = [F.col(name).eqNullSafe(F.col(f"{other}.{name}")) for name in columns]
    return reduce(lambda left, right: left & right, same)


def possible_rivals(silver: DataFrame, parsed: DataFrame, key: tuple[str, ...]) -> DataFrame | None:
    """The rows of `silver` that parsed rows may repeat; None where there are none.

    Those are the rows within the parsed rows' range of every key column. Delta keeps the ranges of
    its files, so that a new day does not read the years before it.
    """
    if silver.isEmpty():
        return None
    ends = [end(name).cast("string") for name in key for end in (F.min, F.max)]
    lows_and_highs, kinds = iter(parsed.agg(*ends).collect()[0]), dict(silver.dtypes)
    for name in key:
        low, high = (F.lit(next(lows_and_highs)).cast(kinds[name]) for _ in range(2))
        silver = silver.where(F.col(name).isNull() | F.col(name).between(low, high))
    return None if silver.isEmpty() else silver


def classify_rows(
    parsed: DataFrame, contract: Contract, table: Table, silver: DataFrame | None = None
) -> DataFrame:
    """Say of every parsed row whether it is conformed, a duplicate, or quarantined.

    Of several rows with one key the first stands: a row already in `silver`, else the one known
    first, else the one landed first; within a file the first line. A later row of the same content
    is a duplicate; of other content, quarantined. `silver` holds the rows of other files that the
    new ones may repeat, and possibly more.
    """
    key = [quoted(name) for name in contract.key or table.key]
    content = business_columns(table)
    rows = parsed.withColumn("is_new", F.lit(True))
    if silver is not None:
        old = silver.select(
            *table.columns,
            F.lit(None).cast("timestamp").alias("landed_at"),
            F.lit("").alias("raw_text"),
            F.array().cast("array<string>").alias("reasons"),
            F.lit(False).alias("is_new"),
        )
        rows = rows.unionByName(old)
    holds = F.size("reasons") == 0
    of_key = Window.partitionBy(*key, holds).orderBy(
        *("is_new", "known_at", "landed_at", "source_file", "file_sha256", "line_number")
    )
    first = F.struct(*content, *PROVENANCE_COLUMNS)
    ranked = rows.select(
        "*", F.row_number().over(of_key).alias("rank"), F.first(first).over(of_key).alias("first")
    )
    repeats = holds & (F.col("rank") > 1)
    place = F.concat(
        F.col("first.source_file"), F.lit(" line "), F.col("first.line_number").cast("string")
    )
    is_same = _same_content(content, "first")
    conflict = F.concat(F.lit("key: another row with this key has other content: "), place)
    repeat = F.concat(F.lit("duplicate: the same content stands in "), place)
    disposition = (
        F.when(~holds, QUARANTINED)
        .when(F.col("rank") == 1, CONFORMED)
        .when(is_same, DUPLICATE)
        .otherwise(QUARANTINED)
    )
    reasons = F.when(repeats, F.array(F.when(is_same, repeat).otherwise(conflict))).otherwise(
        F.col("reasons")
    )
    classified = ranked.where("is_new").select(
        *table.columns, "raw_text", reasons.alias("reasons"), disposition.alias("disposition")
    )
    return classified
