"""What the gateway writes into Kafka: one JSON object a record, shaped as the lines of files are.

An MQTT payload is kept byte for byte: as JSON inside the record, or in base64 if it is not JSON.
Content that would make a record too large is kept in a file, and the record says which.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from loomline.broker.kafka import RECORD_LIMIT_BYTES


@dataclass(frozen=True)
class KeptFile:
    """Content that is in a file: its path below the home, sha256 and size in bytes."""

    path: str
    sha256: str
    size_bytes: int


KeepFile = Callable[[bytes], KeptFile]


@dataclass(frozen=True)
class Built:
    """The value of a Kafka record, and what was special about its content."""

    value: bytes
    is_json: bool = True
    is_oversized: bool = False


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def is_json(payload: bytes) -> bool:
    """Whether a payload is one JSON value in UTF-8; NaN and Infinity are not JSON."""
    try:
        json.loads(payload.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return False
    return True


def _compact(content: object) -> bytes:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    # A lone surrogate is legal in a Python string and in no UTF-8 text.
    return text.encode("utf-8", errors="backslashreplace")


def _with_raw(head: dict[str, object], name: str, raw: bytes, tail: dict[str, object]) -> bytes:
    """A JSON object of `head`, then `name` with JSON that is already text, then `tail`."""
    end = b"," + _compact(tail)[1:] if tail else b"}"
    return _compact(head)[:-1] + b"," + _compact(name) + b":" + raw + end


def _fitted(
    head: dict[str, object],
    name: str,
    content: bytes,
    tail: dict[str, object],
    keep: KeepFile,
) -> Built:
    """A record whose `name` is JSON text, or base64 if it is not JSON, or a file if too large."""
    if is_json(content):
        value, as_json = _with_raw(head, name, content, tail), True
    else:
        text = base64.b64encode(content).decode()
        value, as_json = _compact({**head, f"{name}_base64": text, **tail}), False
    if len(value) <= RECORD_LIMIT_BYTES:
        return Built(value, is_json=as_json)
    kept = keep(content)
    about = {
        f"{name}_file": kept.path,
        f"{name}_sha256": kept.sha256,
        f"{name}_bytes": kept.size_bytes,
    }
    return Built(_compact({**head, **about, **tail}), is_json=as_json, is_oversized=True)


def mqtt_record(topic: str, sent_at_ms: int, payload: bytes, keep: KeepFile) -> Built:
    """The record of an MQTT message: `topic`, `sent_at` in epoch milliseconds, `payload`.

    A payload that is not JSON is in `payload_base64`. One that is too large is given to `keep`, and
    `payload_file`, `payload_sha256` and `payload_bytes` say where it is.
    """
    return _fitted({"topic": topic, "sent_at": sent_at_ms}, "payload", payload, {}, keep)


@dataclass(frozen=True)
class NodeValue:
    """A value of an OPC UA node, with the moments at which source and server had it."""

    endpoint: str
    node: str
    value: object
    status: str
    source_time: datetime | None
    server_time: datetime | None


def opc_ua_record(reading: NodeValue, keep: KeepFile) -> Built:
    """The record of an OPC UA value: `endpoint`, `node`, `value`, `status` and both times in UTC.

    A value that is too large is given to `keep`, as an MQTT payload is.
    """
    head: dict[str, object] = {"endpoint": reading.endpoint, "node": reading.node}
    tail: dict[str, object] = {
        "status": reading.status,
        "source_time": utc_text(reading.source_time),
        "server_time": utc_text(reading.server_time),
    }
    return _fitted(head, "value", _compact(_plain(reading.value)), tail, keep)


def utc_text(moment: datetime | None) -> str | None:
    """A moment as UTC text such as 2019-07-01T00:00:06Z, with a fraction only if it has one."""
    if moment is None:
        return None
    known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return known.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def _plain(value: object) -> object:
    """A value as JSON can say it; what is no number, text, truth value or list of them is text."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, date | UUID):
        return str(value)
    return repr(value)
