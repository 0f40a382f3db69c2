"""The SQL of checks: canonical tables and links as they were known at a date.

In the SQL of a check stand, in braces: a canonical table without its schema, such as {invoice}, for
its rows that stood at the end of the as-of date; {links} for the codes that are enterprises' own
(code_system, enterprise_code, enterprise_id); {as_of} and {first_day} for the as-of date and the
first day of the months that are needed; {time_zone} for the business zone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
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


def _as_known(name: str, table: Table, end: datetime) -> str:
    known = known_condition(end)
    if "superseded_at" not in table.columns:
        # A rollup is as it is known now, and tells only when the last of it was known.
        known = f"known_at <= {sql_literal(end)}"
    return f"(select * from {name} where {known})"


def as_known(
    sql: str, tables: Mapping[str, Table], as_of: date, end: datetime, first_day: date, zone: str
) -> str:
    """A check's SQL for an as-of date that ends at the instant `end`.

    Raises:
        KeyError: it reads a table that is not declared.
    """
    values = {
        "as_of": sql_literal(as_of),
        "first_day": sql_literal(first_day),
        "time_zone": sql_literal(zone),
    }

    def filled(slot: re.Match[str]) -> str:
        word = slot[1]
        if word in values:
            return values[word]
        if word == "links":
            return (
                "(select code_system, party_code as enterprise_code, enterprise_id "
                f"from {LINK} where {OWN_CODE} and {known_condition(end)})"
            )
        name = f"silver.{word}"
        return _as_known(name, tables[name], end)

    return SLOT.sub(filled, sql)
