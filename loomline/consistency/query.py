"""The SQL of checks: canonical tables and links as they were known at a date.

In the SQL of a check stand, in braces: a canonical table without its schema, such as {invoice}, for
its rows that stood at the end of the as-of date, none where the table is not there yet; {links} for
the codes that are enterprises' own (code_system, enterprise_code, enterprise_id); {as_of} and
{first_day} for the as-of date and the first day of the months that are needed; {time_zone} for the
business zone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from loomline.identity import OWN_CODE
from loomline.lake import known_condition, sql_literal
from loomline.tables import Table

SLOT = re.compile(r"\{([a-z_]+)\}")
LINK = "silver.enterprise_link"
_VALUES = ("as_of", "first_day", "time_zone")


def unknown_slots(sql: str, tables: Mapping[str, Table]) -> list[str]:
    """The slots of a check's SQL that mean nothing."""
    known = {"links", *_VALUES, *(name.removeprefix("silver.") for name in tables)}
    return sorted(set(SLOT.findall(sql)) - known)


def tables_of_query(sql: str) -> list[str]:
    """The canonical tables that a check's SQL reads."""
    slots = set(SLOT.findall(sql)) - set(_VALUES)
    return sorted(LINK if slot == "links" else f"silver.{slot}" for slot in slots)


def _as_known(name: str, table: Table, end: datetime, is_there: bool) -> str:
    if not is_there:
        columns = (f"cast(null as {x.type}) as {column}" for column, x in table.columns.items())
        return f"(select {', '.join(columns)} where false)"
    known = known_condition(end)
    if "superseded_at" not in table.columns:
        # A rollup is as it is known now, and tells only when the last of it was known.
        known = f"known_at <= {sql_literal(end)}"
    return f"(select * from {name} where {known})"


@dataclass(frozen=True)
class AsOf:
    """The as-of date, the instant at which it ends, and the business zone (Asia/Shanghai)."""

    day: date
    end: datetime
    zone: str


def as_known(
    sql: str, tables: Mapping[str, Table], there: Collection[str], as_of: AsOf, first_day: date
) -> str:
    """A check's SQL as of a date, where of the declared `tables` those of `there` exist.

    Raises:
        KeyError: it reads a table that is not declared.
    """
    values = {
        "as_of": sql_literal(as_of.day),
        "first_day": sql_literal(first_day),
        "time_zone": sql_literal(as_of.zone),
    }

    def filled(slot: re.Match[str]) -> str:
        word = slot[1]
        if word in values:
            return values[word]
        name = LINK if word == "links" else f"silver.{word}"
        known = _as_known(name, tables[name], as_of.end, name in there)
        if word == "links":
            return (
                "(select code_system, party_code as enterprise_code, enterprise_id "
                f"from {known} where {OWN_CODE})"
            )
        return known

    return SLOT.sub(filled, sql)
