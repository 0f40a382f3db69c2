"""Locks of a home: files that processes hold. The system frees the hold of one that dies."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


def _open(path: Path) -> IO[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("w")


def _take(lock: IO[str], kind: int) -> bool:
    """Take a lock at once; whether that could be."""
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _say_nothing() -> None:
    """What is said where nobody minds the waiting."""


@contextmanager
def held(
    path: Path, *, shared: bool = False, say_waiting: Callable[[], None] = _say_nothing
) -> Iterator[None]:
    """Hold a lock, waiting for it; `say_waiting` is called first where somebody else has it.

    Several may hold it `shared` at a time, and nobody else meanwhile.
    """
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    with _open(path) as lock:
        if not _take(lock, kind):
            say_waiting()
            fcntl.flock(lock, kind)
        yield


@contextmanager
def held_at_once(path: Path) -> Iterator[bool]:
    """Hold a lock if nobody else does; yields whether it is held."""
    with _open(path) as lock:
        yield _take(lock, fcntl.LOCK_EX)
