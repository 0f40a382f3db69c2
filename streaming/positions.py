"""How far each OPC UA node has come into Kafka, so that a gateway can go on from there."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from streaming.oversized import write_durably

# No position is earlier, whatever a clock says: OPC UA takes its own first moment for no moment.
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, eq=False)
class Step:
    """Something on its way: its endpoint's address, its node, and the moment that it holds."""

    url: str
    node: str
    moment: datetime


@dataclass
class _Place:
    """Where a node is: the last moment that came into Kafka, and what has not come there yet."""

    furthest: datetime | None = None
    on_their_way: set[Step] = field(default_factory=set)

    def moment(self) -> datetime | None:
        """The last moment before which nothing is on its way; None if nothing has come yet."""
        if self.furthest is None:
            return None
        return min([self.furthest, *(step.moment for step in self.on_their_way)])


class Positions:
    """The moment of each node before which Kafka has all that came, kept in a small file.

    Values come and are stored in any order, whatever their moments: no position is later than a
    value that Kafka lacks, and one that comes late moves it back until Kafka has it. Whoever reads
    a node's history from its position on, with that moment itself, misses nothing. Safe to use from
    several threads.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._places: dict[str, dict[str, _Place]] = {}
        if path.exists():
            for url, nodes in json.loads(path.read_text(encoding="utf-8")).items():
                known = {node: _Place(datetime.fromisoformat(text)) for node, text in nodes.items()}
                self._places[url] = known
        self._saved = self._content()

    def of(self, url: str, node: str) -> datetime | None:
        """The moment that a node has come to, or None if nothing of it is known."""
        with self._lock:
            return self._place(url, node).moment()

    def start_over(self, url: str) -> None:
        """Forget what is on its way from an endpoint: it will be read again, from the positions."""
        with self._lock:
            for place in self._places.get(url, {}).values():
                place.furthest = place.moment()
                place.on_their_way.clear()

    def begin_gap(self, url: str, node: str) -> Step:
        """Note that a node's history is to be read; give what is returned to `stored` after it.

        Meanwhile it holds the position where it is.
        """
        with self._lock:
            place = self._place(url, node)
            step = Step(url, node, place.moment() or BEGINNING)
            place.on_their_way.add(step)
        return step

    def begin(self, url: str, node: str, moment: datetime, gap: Step | None = None) -> Step:
        """Note that a value is on its way; give what is returned to `stored`.

        A value out of the history that closes a `gap` moves the position no further back than that:
        who reads from there gets it again. Else each break would begin earlier than the one before.
        """
        earliest = BEGINNING if gap is None else gap.moment
        step = Step(url, node, max(moment, earliest))
        with self._lock:
            self._place(url, node).on_their_way.add(step)
        return step

    def stored(self, step: Step) -> None:
        """Note that Kafka has the value, or that a gap's whole history is on its way."""
        with self._lock:
            place = self._place(step.url, step.node)
            # What was forgotten has come, but not all that was forgotten with it.
            if step in place.on_their_way:
                place.on_their_way.remove(step)
                place.furthest = max(step.moment, place.furthest or step.moment)

    def save(self) -> None:
        """Write the positions to the file if they are others than it has."""
        with self._lock:
            content = self._content()
        if content != self._saved:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(self._path, json.dumps(content).encode())
            self._saved = content

    def _place(self, url: str, node: str) -> _Place:
        return self._places.setdefault(url, {}).setdefault(node, _Place())

    def _content(self) -> dict[str, dict[str, str]]:
        moments = {
            url: {node: place.moment() for node, place in nodes.items()}
            for url, nodes in self._places.items()
        }
        return {
            url: {node: moment.isoformat() for node, moment in nodes.items() if moment is not None}
            for url, nodes in moments.items()
        }
