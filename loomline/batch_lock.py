"""A batch of a stream writes several tables; who compares them waits until none is half-written."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def _hold(home: Path, kind: int) -> Iterator[None]:
    folder = home / "streaming"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "batch.lock").open("w") as lock:
        # The system frees the hold of a process that dies.
        fcntl.flock(lock, kind)
        yield


@contextmanager
def in_batch(home: Path) -> Iterator[None]:
    """Within it, a batch is written; several streams may write theirs."""
    with _hold(home, fcntl.LOCK_SH):
        yield


@contextmanager
def between_batches(home: Path) -> Iterator[None]:
    """Within it, no batch is in its middle, but for one that was cut off by a kill."""
    with _hold(home, fcntl.LOCK_EX):
        yield
