"""What the OPC UA server remembers: every value of every node, in one SQLite file."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from asyncua import ua
from asyncua.server.history import HistoryStorageInterface

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PAGE = 1_000
TABLE = """
create table if not exists readings (
    node text not null, source_us integer not null, server_us integer not null, value real not null
);
create index if not exists readings_by_time on readings (node, source_us);
"""


def _microseconds(moment: datetime) -> int:
    known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (known - EPOCH) // timedelta(microseconds=1)


def _moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def data_value(value: float, source_time: datetime, server_time: datetime) -> ua.DataValue:
    """A good value with both its moments."""
    return ua.DataValue(
        ua.Variant(value, ua.VariantType.Double),
        SourceTimestamp=cast(ua.DateTime, source_time),
        ServerTimestamp=cast(ua.DateTime, server_time),
    )


class ReadingHistory(HistoryStorageInterface):
    """A history backend of asyncua.

    The one that comes with it watches nodes for changes of value, and so forgets a reading that is
    equal to the one before; this one is told of each.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(PAGE)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, check_same_thread=False)
        self._database.executescript(TABLE)

    def add(self, readings: list[tuple[str, datetime, datetime, float]]) -> None:
        """Keep readings: node, source time, server time and value of each."""
        rows = [
            (node, _microseconds(source), _microseconds(server), value)
            for node, source, server, value in readings
        ]
        with self._database:
            self._database.executemany("insert into readings values (?, ?, ?, ?)", rows)

    async def read_node_history(
        self, node_id: ua.NodeId, start: datetime | None, end: datetime | None, nb_values: int
    ) -> tuple[list[ua.DataValue], datetime | None]:
        """Values by source time from `start` on; the second is where the next page starts."""
        least = _microseconds(start or EPOCH)
        most = _microseconds(end) if end and end > ua.get_win_epoch() else 2**62
        page = min(nb_values or PAGE, PAGE)
        rows = self._database.execute(
            "select source_us, server_us, value from readings where node = ? "
            "and source_us between ? and ? order by source_us, rowid limit ?",
            (node_id.to_string(), least, most, page + 1),
        ).fetchall()
        after = _moment(rows[page][0]) if len(rows) > page else None
        values = [
            data_value(value, _moment(source), _moment(server))
            for source, server, value in rows[:page]
        ]
        return values, after

    async def init(self) -> None:
        """Nothing to do: the file is open."""

    async def new_historized_node(
        self, node_id: ua.NodeId, period: timedelta | None, count: int = 0
    ) -> None:
        """Nothing to do: every node is kept."""

    async def save_node_value(self, node_id: ua.NodeId, datavalue: ua.DataValue) -> None:
        """Nothing to do: `add` was told already."""

    async def new_historized_event(
        self, source_id: ua.NodeId, evtypes: list[Any], period: timedelta | None, count: int = 0
    ) -> None:
        """Nothing to do: there are no events."""

    async def save_event(self, event: Any) -> None:
        """Nothing to do: there are no events."""

    async def read_event_history(
        self,
        source_id: ua.NodeId,
        start: datetime | None,
        end: datetime | None,
        nb_values: int,
        evfilter: Any,
    ) -> tuple[list[Any], datetime | None]:
        """There are no events."""
        return [], None

    async def stop(self) -> None:
        """Close the file."""
        self._database.close()
