"""Server processes of a home that outlive the command that starts them."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from loomline.errors import LoomlineError

STOP_SECONDS = 30
LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class ServerProcess:
    """One server of a home.

    `process_file` notes its id; `mark`, a text that its command line holds and no other's, tells it
    from a stranger with a recycled id.
    """

    process_file: Path
    mark: str

    def running(self) -> psutil.Process | None:
        """The process, if it lives."""
        try:
            process = psutil.Process(int(self.process_file.read_text()))
            is_ours = self.mark in " ".join(process.cmdline())
            is_alive = process.status() != psutil.STATUS_ZOMBIE
        except (FileNotFoundError, ValueError, psutil.Error):
            return None
        return process if is_ours and is_alive else None

    def start(
        self,
        command: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start the server in the log's folder and note its id.

        For a moment it has no command line to be told by: look at what is returned meanwhile.
        """
        with log.open("ab") as log_file:
            started = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log_file,
                stderr=log_file,
                cwd=log.parent,
                env=environment,
                start_new_session=True,
            )
        self.process_file.write_text(str(started.pid))
        return started

    def stop(self) -> bool:
        """End the server and its children; returns whether it was running."""
        process = self.running()
        if process is None:
            self.process_file.unlink(missing_ok=True)
            return False
        family = [process, *process.children(recursive=True)]
        process.terminate()
        _, alive = psutil.wait_procs(family, timeout=STOP_SECONDS)
        for survivor in alive:
            survivor.kill()
        psutil.wait_procs(alive, timeout=STOP_SECONDS)
        self.process_file.unlink(missing_ok=True)
        return True


@dataclass(frozen=True)
class Starting:
    """A server that is starting: how it is called, its log, and the command that stops it."""

    name: str
    log: Path
    stop_command: str
    seconds: float

    def wait(
        self,
        is_up: Callable[[], bool],
        has_ended: Callable[[], bool],
        error: type[LoomlineError],
    ) -> None:
        """Wait until the server is up.

        Raises:
            LoomlineError: an `error`: it ended, or was not up in time; its log is named.
        """
        deadline = time.monotonic() + self.seconds
        while time.monotonic() < deadline:
            if is_up():
                return
            if has_ended():
                raise error(
                    f"{self.name} ended while it was starting.",
                    f"Look at {self.log}; its last lines are:\n{last_lines(self.log)}",
                )
            time.sleep(LOOK_SECONDS)
        raise error(
            f"{self.name} did not answer within {self.seconds} seconds.",
            f"Look at {self.log}, then run `{self.stop_command}` and start it again.",
        )


def last_lines(log: Path, count: int = 5) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
