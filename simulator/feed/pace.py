"""How fast messages go out: by their own times, or so many a second."""

from __future__ import annotations

import time
from dataclasses import dataclass

from loomline.errors import LoomlineError


@dataclass(frozen=True)
class Pace:
    """`speed` times real time, or `rate` messages a second; real time if neither is given."""

    speed: float | None = None
    rate: float | None = None

    def __post_init__(self) -> None:
        """Refuse both at once."""
        if self.speed is not None and self.rate is not None:
            raise LoomlineError("--speed and --rate contradict each other.", "Give one of them.")

    def due_seconds(self, position: int, moment_ms: int, first_moment_ms: int) -> float:
        """Seconds after the start at which a message is due: the `position`th, from 0."""
        if self.rate is not None:
            return position / self.rate
        return max(0.0, (moment_ms - first_moment_ms) / 1000 / (self.speed or 1.0))


class Clock:
    """Waits for the moments at which messages are due."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._start = time.monotonic()
        self._first_moment_ms: int | None = None
        self._position = 0

    def seconds_until(self, moment_ms: int) -> float:
        """Seconds until the next message is due, which has this moment; not above 0 if it is."""
        if self._first_moment_ms is None:
            self._first_moment_ms = moment_ms
        due = self._pace.due_seconds(self._position, moment_ms, self._first_moment_ms)
        self._position += 1
        return self._start + due - time.monotonic()
