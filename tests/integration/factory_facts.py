"""Small facts of machines, as rows of silver, and how long machines stood still by the minute."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pyspark.sql import DataFrame

from loomline.job import JobContext
from loomline.lake import append_rows, create_tables, remove_rows, rows_frame
from loomline.tables import table_declaration

ZONE = ZoneInfo("Asia/Shanghai")
# Planted rows are told from the sample's by their source or their system.
PLANTED = "planted"
SENSORS = "planted_sensors"
# As of this date the facts are looked at.
DAY = date(2019, 8, 31)
Row = dict[str, Any]


def moment(day: date, hours: float = 0) -> datetime:
    """The instant so many hours after a business day began."""
    return datetime.combine(day, datetime.min.time(), ZONE) + timedelta(hours=hours)


def days_ago(count: int) -> date:
    """A day before `DAY`."""
    return DAY - timedelta(days=count)


def frame_of(lake: JobContext, table: str, rows: list[Row]) -> DataFrame:
    """Rows of a silver table; what a row does not name is as of a row that stands, or null."""
    declared = table_declaration(lake.catalog, table)
    filled = []
    for number, row in enumerate(rows):
        usual = {
            **{"code_system": PLANTED, "source": PLANTED, "source_file": PLANTED},
            **{"file_sha256": PLANTED, "line_number": number, "item_number": 1},
            **{"event_at": moment(DAY), "known_at": moment(DAY)},
        }
        assert row.keys() <= declared.columns.keys()
        filled.append(tuple({**usual, **row}.get(column) for column in declared.columns))
    return rows_frame(lake.spark, lake.catalog, table, filled)


def plant(lake: JobContext, facts: dict[str, list[Row]]) -> None:
    """Add rows to silver tables, each in one commit."""
    create_tables(lake.spark, lake.catalog, facts)
    for table, rows in facts.items():
        append_rows(frame_of(lake, table, rows), table)


def filled(lake: JobContext, table: str, rows: list[Row]) -> None:
    """Add rows to a table as they are, in one commit; what a row does not name is null."""
    columns = table_declaration(lake.catalog, table).columns
    create_tables(lake.spark, lake.catalog, (table,))
    values = [tuple(row.get(name) for name in columns) for row in rows]
    append_rows(rows_frame(lake.spark, lake.catalog, table, values), table)


def uproot(lake: JobContext, facts: dict[str, list[Row]]) -> None:
    """Take all planted rows away."""
    for table in facts:
        remove_rows(lake.spark, table, f"code_system like '{PLANTED}%'")


def report(machine: str, day: date, **changes: Any) -> Row:
    """A work report: 60 of 80 possible pieces within an hour, 6 of them scrap."""
    return {
        **{"enterprise_code": "F1", "work_order_number": "1", "machine_code": machine},
        **{"production_date": day, "quantity_unit": "pieces", "known_at": moment(day, 24)},
        **{"good_quantity": Decimal(54), "scrap_quantity": Decimal(6), "run_minutes": 60.0},
        **{"rated_capacity_per_hour": 80.0, "energy_kwh": Decimal(27)},
        **changes,
    }


def stop(machine: str, started: datetime, ended: datetime | None, **changes: Any) -> Row:
    """A stop, known when the day on which it began is over."""
    day = started.astimezone(ZONE).date()
    return {
        **{"enterprise_code": "F1", "machine_code": machine, "is_stop": True},
        **{"event_code": f"{machine} {started:%d %H:%M} {ended}", "event_type": "jam"},
        **{"started_at": started, "ended_at": ended, "known_at": moment(day, 24)},
        **changes,
    }


def readings(machine: str, day: date, **changes: Any) -> Row:
    """A day of 24 readings of a temperature, none of them odd; each day's values are its own."""
    first = moment(day, 0.5)
    return {
        **{"code_system": SENSORS, "machine_code": machine},
        **{"sensor_code": "temperature", "unit": "degC"},
        **{"reading_date": day, "reading_count": 24, "bad_count": 0},
        **{"value_min": 20.0, "value_max": 60.0, "value_mean": 40.0, "value_last": 21.0},
        **{"first_read_at": first, "last_read_at": first + timedelta(hours=23)},
        **{"longest_gap_seconds": 3600.0, "longest_frozen_seconds": 0.0, "largest_jump": 30.0},
        **{"frozen_reading_count": 0, "distinct_value_count": 20, "late_count": 0},
        **{"clock_offset_seconds": 3.0, "content_hash": f"{machine} {day}"},
        **{"content_sketch": [day.toordinal() * 100 + place for place in range(24)]},
        **{"is_final": False, "known_at": moment(day, 24)},
        **changes,
    }


@dataclass(frozen=True)
class Stoppage:
    """A time in whole minutes since the first midnight in which a machine stood still."""

    machine: str
    start: int
    minutes: int


FIRST_DAY = days_ago(9)


def random_stops(seed: int, machines: int) -> list[Stoppage]:
    """Stops that meet, overlap, hold one another, and last over midnights."""
    generator = random.Random(seed)
    return [
        Stoppage(f"R{machine}", generator.randrange(8 * 1440), generator.choice((5, 90, 900, 3000)))
        for machine in range(machines)
        for _ in range(generator.randrange(1, 12))
    ]


def minutes_stopped(stops: list[Stoppage]) -> dict[tuple[str, date], int]:
    """Minutes of each day up to `DAY` in which a machine stood still, counted one by one."""
    still: dict[tuple[str, date], set[int]] = defaultdict(set)
    for each in stops:
        for minute in range(each.start, each.start + each.minutes):
            day = FIRST_DAY + timedelta(days=minute // 1440)
            if day <= DAY:
                still[each.machine, day].add(minute)
    return {machine_day: len(minutes) for machine_day, minutes in still.items()}
