"""Errors that a person reads: what is wrong, in one sentence, and what to do about it."""

from __future__ import annotations


class LoomlineError(Exception):
    """A problem the user can mend.

    `message` is one plain sentence; `remedy`, where there is one, says what to do next.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.message = message
        self.remedy = remedy


class CatalogueError(LoomlineError):
    """A catalogue entry that does not hold; the message names file, line and key."""


class BrokerError(LoomlineError):
    """A message broker or the gateway can't start, can't be reached, or stopped when needed."""


class EngineError(LoomlineError):
    """The engine can't start, can't be reached, or stopped while it was needed."""


class DiskFull(LoomlineError):
    """The disk of the home has no room left."""


class FileRefused(LoomlineError):
    """A source file that can't be read as its contract says; nothing of it is landed."""


class GateFailed(LoomlineError):
    """A critical expectation did not hold; nothing downstream may read the table."""
