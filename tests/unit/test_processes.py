"""Server processes of a home are told from strangers, and end when they are asked to."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from loomline.processes import ServerProcess, last_lines

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)", "a mark"]


def test_a_process_that_was_started_is_found_and_stopped(tmp_path: Path) -> None:
    server, log = ServerProcess(tmp_path / "server.pid", "a mark"), tmp_path / "server.log"
    assert server.running() is None
    started = server.start(SLEEP, log)
    try:
        while "up" not in log.read_text():
            assert started.poll() is None
        found = server.running()
        assert found is not None and found.pid == started.pid
        assert last_lines(log) == "up"
        assert server.stop()
        assert server.running() is None
    finally:
        started.kill()
    assert not server.stop()


def test_a_stranger_with_a_recycled_id_is_left_alone(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "server.pid", "a mark that this process lacks")
    server.process_file.write_text(str(os.getpid()))
    assert server.running() is None
    assert not server.stop()
    assert not server.process_file.exists()
