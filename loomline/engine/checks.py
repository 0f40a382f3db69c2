"""What must hold on the machine before any work: Java, free ports, free disk."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from pathlib import Path

from loomline.errors import DiskFull, EngineError

MINIMUM_JAVA = 17
MINIMUM_FREE_GB = 2
# With less a job would most likely end in the middle. An engine that can't write its metastore may
# leave its clients without an answer, so that it is not even asked.
MINIMUM_FREE_BYTES = 200_000_000


def java_major_version(printed: str) -> int | None:
    """The major version in what `java -version` printed, such as 17, or 8 for `1.8.0_402`."""
    found = re.search(r'version "(\d+)(?:\.(\d+))?', printed)
    if found is None:
        return None
    first, second = int(found.group(1)), found.group(2)
    return int(second) if first == 1 and second else first


def check_java() -> None:
    """Raise unless a Java that Spark runs on is the `java` on the path."""
    remedy = f"Install a Java {MINIMUM_JAVA} runtime (JDK or JRE) and put `java` on the PATH."
    if shutil.which("java") is None:
        raise EngineError("Java was not found.", remedy)
    done = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False)
    version = java_major_version(done.stderr + done.stdout)
    if version is None:
        raise EngineError("`java -version` did not say its version.", remedy)
    if version < MINIMUM_JAVA:
        raise EngineError(f"Java {version} is too old for Spark.", remedy)


def port_is_free(address: str, port: int) -> bool:
    """Whether a server could bind the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Ports on the loopback address that nothing uses now, all different."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def port_answers(address: str, port: int) -> bool:
    """Whether something accepts connections on the port now."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((address, port)) == 0


def check_port(address: str, port: int, variable: str) -> None:
    """Raise if the port is taken; the remedy names the variable that moves it."""
    if not port_is_free(address, port):
        raise EngineError(
            f"Port {port} on {address} is in use by another program.",
            f"Stop that program, or set {variable} to a free port.",
        )


def _free_bytes(folder: Path) -> tuple[Path, int]:
    """The folder, or the nearest above it that exists, and the room on its disk."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    return existing, shutil.disk_usage(existing).free


def check_room(folder: Path) -> None:
    """Raise `DiskFull` if the disk of `folder` has no room for a job to begin."""
    existing, free = _free_bytes(folder)
    if free < MINIMUM_FREE_BYTES:
        raise DiskFull(
            f"The disk of {existing} is full: {free / 1e6:.1f} MB are free, and a job begins with "
            f"{MINIMUM_FREE_BYTES / 1e6:.0f} MB at least.",
            "Free some space and run the job again: it goes on from what is committed.",
        )


def check_disk(folder: Path) -> None:
    """Raise if the disk that will hold `folder` has too little room to work in."""
    existing, free = _free_bytes(folder)
    free_gb = free / 1e9
    if free_gb < MINIMUM_FREE_GB:
        raise EngineError(
            f"Only {free_gb:.1f} GB are free on the disk of {existing}; "
            f"at least {MINIMUM_FREE_GB} GB are needed.",
            "Free some space, or set LOOMLINE_HOME to a folder on another disk.",
        )
