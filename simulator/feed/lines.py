"""The telemetry files of a day, read line by line in the order of their moments."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from loomline.errors import LoomlineError

MQTT_KINDS = ("mqtt_vendor_a", "mqtt_vendor_b")
OPC_UA_KIND = "opc_ua"
PAYLOAD = b',"payload":'


@dataclass(frozen=True)
class MqttMessage:
    """A message as its file has it: the payload's very bytes, `moment_ms` in epoch milliseconds."""

    kind: str
    moment_ms: int
    topic: str
    payload: bytes


@dataclass(frozen=True)
class OpcUaValue:
    """A value of a node as its file has it, with the moments of its source and its server."""

    kind: str
    moment_ms: int
    endpoint: str
    node: str
    value: float
    source_time: datetime
    server_time: datetime


def day_files(folder: Path, day: date) -> dict[str, Path]:
    """The telemetry files of a day that there are, by kind.

    Raises:
        LoomlineError: there is none.
    """
    telemetry = folder / "files" / "telemetry"
    paths = {kind: telemetry / f"{kind}_{day:%Y%m%d}.jsonl" for kind in (*MQTT_KINDS, OPC_UA_KIND)}
    there = {kind: path for kind, path in paths.items() if path.is_file()}
    if not there:
        raise LoomlineError(
            f"{telemetry} has no telemetry of {day}.",
            "Simulate that day first; see `loomline simulate --help`.",
        )
    return there


def messages(files: dict[str, Path]) -> Iterator[MqttMessage | OpcUaValue]:
    """All messages, as good as in the order of their moments; one line a file is in memory.

    A line that came late in its file comes late here too, as it did in the simulated world.
    """
    readers = [
        _opc_ua_values(path) if kind == OPC_UA_KIND else _mqtt_messages(kind, path)
        for kind, path in files.items()
    ]
    return heapq.merge(*readers, key=lambda message: message.moment_ms)


def _mqtt_messages(kind: str, path: Path) -> Iterator[MqttMessage | OpcUaValue]:
    with path.open("rb") as file:
        for line in file:
            # The payload stands last in its line, and goes out byte for byte.
            head, _, rest = line.rstrip(b"\n").partition(PAYLOAD)
            about = json.loads(head + b"}")
            yield MqttMessage(kind, int(about["sent_at"]), about["topic"], rest[:-1])


def _opc_ua_values(path: Path) -> Iterator[MqttMessage | OpcUaValue]:
    with path.open("rb") as file:
        for line in file:
            about = json.loads(line)
            server_time = datetime.fromisoformat(about["server_time"])
            yield OpcUaValue(
                OPC_UA_KIND,
                int(server_time.timestamp() * 1000),
                about["endpoint"],
                about["node"],
                float(about["value"]),
                datetime.fromisoformat(about["source_time"]),
                server_time,
            )


def opc_ua_nodes(path: Path) -> dict[str, str]:
    """The endpoint of each node that a file of OPC UA values names.

    Raises:
        LoomlineError: two endpoints have a node of one name, which one server can't hold.
    """
    endpoints: dict[str, str] = {}
    with path.open("rb") as file:
        for line in file:
            about = json.loads(line)
            if endpoints.setdefault(about["node"], about["endpoint"]) != about["endpoint"]:
                raise LoomlineError(f"The node {about['node']} is of two endpoints in {path}.")
    return endpoints
