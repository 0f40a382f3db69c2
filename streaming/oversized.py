"""Content that is too large for a Kafka record, each in a file named by its sha256."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from streaming.records import KeepFile, KeptFile

FOLDER = Path("broker") / "oversized"


def keeper(home: Path) -> KeepFile:
    """A function that keeps content in `broker/oversized` of a home and says where.

    When it returns, the file is whole and on the disk. The same content is one file.
    """

    def keep(content: bytes) -> KeptFile:
        sha256 = hashlib.sha256(content).hexdigest()
        kept = KeptFile(str(FOLDER / sha256), sha256, len(content))
        path = home / kept.path
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(path, content)
        return kept

    return keep


def write_durably(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole, or as it was before, whatever is killed."""
    unfinished = path.with_name(f".{path.name}.part")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
