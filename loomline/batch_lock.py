"""A batch of a stream writes several tables; who compares them waits until none is half-written."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from loomline.locks import held


def _lock(home: Path) -> Path:
    return home / "streaming" / "batch.lock"


def in_batch(home: Path) -> AbstractContextManager[None]:
    """Within it, a batch is written; several streams may write theirs."""
    return held(_lock(home), shared=True)


def between_batches(home: Path) -> AbstractContextManager[None]:
    """Within it, no batch is in its middle, but for one that was cut off by a kill."""
    return held(_lock(home))
