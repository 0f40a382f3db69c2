"""How far each OPC UA node has come into Kafka, so that a gateway can go on from there."""

from __future__ import annotations

import json
import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from streaming.oversized import write_durably


@dataclass
class Step:
    """One value on its way: its endpoint's address, its node, its moment, and whether it is in."""

    url: str
    node: str
    moment: datetime
    is_stored: bool = False


class Positions:
    """The last moment of each node up to which Kafka has all that came, kept in a small file.

    Values are stored in any order; a position moves only over values before which none of its node
    is missing. Safe to use from several threads.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._steps: dict[str, dict[str, deque[Step]]] = {}
        self._has_news = False
        self._moments: dict[str, dict[str, datetime]] = {}
        if path.exists():
            for url, nodes in json.loads(path.read_text(encoding="utf-8")).items():
                known = {node: datetime.fromisoformat(text) for node, text in nodes.items()}
                self._moments[url] = known

    def of(self, url: str, node: str) -> datetime | None:
        """The moment that a node has come to, or None if nothing of it is known."""
        with self._lock:
            return self._moments.get(url, {}).get(node)

    def start_over(self, url: str) -> None:
        """Forget what is on its way from an endpoint: it will be read again."""
        with self._lock:
            self._steps.pop(url, None)

    def begin(self, url: str, node: str, moment: datetime) -> Step:
        """Note that a value is on its way; give what is returned to `stored`."""
        step = Step(url, node, moment)
        with self._lock:
            self._steps.setdefault(url, {}).setdefault(node, deque()).append(step)
        return step

    def stored(self, step: Step) -> None:
        """Note that Kafka has the value."""
        with self._lock:
            step.is_stored = True
            steps = self._steps.get(step.url, {}).get(step.node)
            while steps and steps[0].is_stored:
                first = steps.popleft()
                nodes = self._moments.setdefault(first.url, {})
                nodes[first.node] = max(first.moment, nodes.get(first.node, first.moment))
                self._has_news = True

    def save(self) -> None:
        """Write the positions to the file if they have moved since."""
        with self._lock:
            if not self._has_news:
                return
            self._has_news = False
            content = {
                url: {node: moment.isoformat() for node, moment in nodes.items()}
                for url, nodes in self._moments.items()
            }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(self._path, json.dumps(content).encode())
