"""What the gateway has done so far, and the line that says it."""

from __future__ import annotations

import threading

from streaming.records import Built


class Counts:
    """Counts of one run; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received = self._acknowledged = self._oversized = self._not_json = 0

    def received(self, built: Built) -> None:
        """Count a message or value that came."""
        with self._lock:
            self._received += 1
            self._oversized += built.is_oversized
            self._not_json += not built.is_json

    def acknowledged(self) -> None:
        """Count a record that Kafka has."""
        with self._lock:
            self._acknowledged += 1

    def line(self) -> str:
        """All counts in one line."""
        with self._lock:
            return (
                f"received {self._received:,}, acknowledged {self._acknowledged:,}, "
                f"oversized {self._oversized:,}, not JSON {self._not_json:,}"
            )
