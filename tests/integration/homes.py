"""Homes of engines for tests: free ports, small memory, their own folder."""

from __future__ import annotations

import socket
from pathlib import Path

PORTS = ("CONNECT", "THRIFT", "MLFLOW", "AIRFLOW")


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


def home_environment(home: Path) -> dict[str, str]:
    """The environment variables that put a Loomline home into a folder, on free ports."""
    variables = {"LOOMLINE_HOME": str(home), "LOOMLINE_ENGINE_MEMORY": "2g"}
    for name, port in zip(PORTS, free_ports(len(PORTS)), strict=True):
        variables[f"LOOMLINE_{name}_PORT"] = str(port)
    return variables
