"""The trace of a file: the same while the file is, and another after any change."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from loomline.seen import Trace, trace


def settled(path: Path, monkeypatch: pytest.MonkeyPatch) -> Trace:
    """The trace of a file a while after its last change."""
    later = time.time_ns() + 10_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: later)
    found = trace(path, "patterns")
    monkeypatch.undo()
    assert found is not None
    return found


def corrected(path: Path) -> None:
    """The same size, and the time of change set back as a copying program does."""
    before = path.stat()
    path.write_text("b")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced(path: Path) -> None:
    other = path.with_name("other")
    other.write_text("b")
    before = path.stat()
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("change", [corrected, replaced])
def test_a_file_of_other_bytes_has_another_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None]
) -> None:
    path = tmp_path / "file"
    path.write_text("a")
    before = settled(path, monkeypatch)
    assert settled(path, monkeypatch) == before
    # The system's clock ticks every few milliseconds.
    time.sleep(0.05)
    change(path)
    assert path.stat().st_size == 1
    assert settled(path, monkeypatch) != before


def test_a_file_that_has_just_changed_has_no_trace_yet(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("a")
    assert trace(path, "patterns") is None
    assert trace(tmp_path / "missing", "patterns") is None


def test_a_file_is_looked_at_again_under_other_patterns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_text("a")
    before = settled(path, monkeypatch)
    monkeypatch.setattr(time, "time_ns", lambda: path.stat().st_ctime_ns + 10_000_000_000)
    assert trace(path, "others") != before
