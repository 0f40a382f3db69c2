"""What must hold on the machine before any work: one plain sentence with the remedy."""

from __future__ import annotations

import os
import shutil
import socket
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from loomline.engine.checks import (
    check_disk,
    check_java,
    check_port,
    java_major_version,
    port_answers,
    port_is_free,
)
from loomline.errors import EngineError

LOOPBACK = "127.0.0.1"
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind((LOOPBACK, 0))
        server.listen()
        yield int(server.getsockname()[1])


@pytest.mark.parametrize(
    ("printed", "version"),
    [
        ('openjdk version "17.0.9" 2023-10-17', 17),
        ('openjdk version "21" 2023-09-19', 21),
        ('java version "1.8.0_402"', 8),
        ('openjdk version "25-ea" 2025-09-16', 25),
        ("Error: could not find libjvm.so", None),
    ],
)
def test_the_version_of_java_is_read(printed: str, version: int | None) -> None:
    assert java_major_version(printed) == version


def _java(folder: Path, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program `java` that only says its version first on the path."""
    program = folder / "java"
    program.write_text(f"#!/bin/sh\necho '{says}' >&2\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_a_java_that_is_too_old_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _java(tmp_path, 'openjdk version "11.0.2"', monkeypatch)
    with pytest.raises(EngineError, match=r"Java 11 is too old.*Install a Java 17"):
        check_java()


def test_a_java_that_says_nothing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _java(tmp_path, "broken", monkeypatch)
    with pytest.raises(EngineError, match="did not say its version"):
        check_java()


def test_a_missing_java_is_said_to_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match=r"Java was not found.*Install a Java 17"):
        check_java()


def test_a_port_in_use_is_refused_with_the_variable_that_moves_it(taken_port: int) -> None:
    assert not port_is_free(LOOPBACK, taken_port)
    assert port_answers(LOOPBACK, taken_port)
    with pytest.raises(EngineError) as caught:
        check_port(LOOPBACK, taken_port, "LOOMLINE_CONNECT_PORT")
    assert str(taken_port) in caught.value.message
    assert "LOOMLINE_CONNECT_PORT" in caught.value.remedy


def test_a_free_port_passes(taken_port: int) -> None:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        free = int(probe.getsockname()[1])
    assert free != taken_port
    check_port(LOOPBACK, free, "LOOMLINE_CONNECT_PORT")
    assert not port_answers(LOOPBACK, free)


def test_a_full_disk_is_refused_for_a_home_that_does_not_exist_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def nearly_full(path: Path) -> Usage:
        asked.append(path)
        return Usage(10**12, 10**12 - 10**9, 10**9)

    monkeypatch.setattr(shutil, "disk_usage", nearly_full)
    with pytest.raises(EngineError, match=r"Only 1\.0 GB are free.*LOOMLINE_HOME"):
        check_disk(tmp_path / "not" / "yet")
    assert asked == [tmp_path]
