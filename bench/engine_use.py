"""What the engine's process and the bench's own have used."""

from __future__ import annotations

import time
from pathlib import Path

import psutil

from loomline.engine.server import engine_folder
from loomline.settings import Settings


def engine_process(settings: Settings) -> psutil.Process:
    """The process of a home's engine, which must run."""
    return psutil.Process(int((engine_folder(settings) / "engine.pid").read_text("ascii")))


def processor_seconds(process: psutil.Process) -> float:
    """What a process has used so far."""
    used = process.cpu_times()
    return float(used.user + used.system)


def seconds_of_both(settings: Settings) -> float:
    """What the home's engine and this process have used so far."""
    return processor_seconds(engine_process(settings)) + time.process_time()


def peak_megabytes(process: psutil.Process) -> float:
    """The most that a process has had resident, as Linux tells it."""
    lines = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
