"""The records that the gateway builds."""

from __future__ import annotations

import hashlib
import json
import math
from base64 import b64decode
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomline.broker.kafka import RECORD_LIMIT_BYTES
from streaming.counts import Counts
from streaming.oversized import keeper
from streaming.records import (
    Built,
    KeptFile,
    NodeValue,
    is_json,
    mqtt_record,
    opc_ua_record,
    utc_text,
)

MOMENT = datetime(2019, 7, 1, 0, 0, 6, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
)  # fmt: skip


def refuse(_content: bytes) -> KeptFile:
    raise AssertionError("nothing is large enough for a file")


@given(content=JSON, topic=st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_a_json_payload_is_in_its_record_byte_for_byte(content: object, topic: str) -> None:
    payload = json.dumps(content, indent=1).encode()
    built = mqtt_record(topic, 7, payload, refuse)
    assert built.is_json and not built.is_oversized
    assert payload in built.value
    assert json.loads(built.value) == {"topic": topic, "sent_at": 7, "payload": content}


@given(payload=st.binary(max_size=200))
def test_every_payload_comes_out_of_its_record_again(payload: bytes) -> None:
    built = mqtt_record("t", 7, payload, refuse)
    record = json.loads(built.value)
    if built.is_json:
        assert record["payload"] == json.loads(payload)
    else:
        assert b64decode(record["payload_base64"]) == payload


def test_a_record_is_the_line_that_the_simulator_writes() -> None:
    line = b'{"topic":"v1/devices/WM-1/TEMP_F","sent_at":1561910405000,"payload":{"v":160.250}}'
    assert mqtt_record("v1/devices/WM-1/TEMP_F", 1561910405000, b'{"v":160.250}', refuse) == Built(
        line
    )


@pytest.mark.parametrize(
    "payload", [b"", b"{", b"NaN", b"[Infinity]", b"\xff", b"{}x", b"\xef\xbb\xbf1", b"[" * 10_000]
)
def test_what_is_not_json_is_told(payload: bytes) -> None:
    assert not is_json(payload)


def test_a_payload_goes_to_a_file_as_soon_as_its_record_would_be_too_large(tmp_path: Path) -> None:
    overhead = len(mqtt_record("t", 7, b'""', refuse).value) - 2
    fits = b'"' + b"x" * (RECORD_LIMIT_BYTES - overhead - 2) + b'"'
    assert len(mqtt_record("t", 7, fits, refuse).value) == RECORD_LIMIT_BYTES
    too_large = fits[:-1] + b'x"'
    built = mqtt_record("t", 7, too_large, keeper(tmp_path))
    assert built.is_oversized
    record = json.loads(built.value)
    kept = (tmp_path / record["payload_file"]).read_bytes()
    assert kept == too_large
    assert record == {
        "topic": "t",
        "sent_at": 7,
        "payload_file": f"broker/oversized/{record['payload_sha256']}",
        "payload_sha256": hashlib.sha256(kept).hexdigest(),
        "payload_bytes": len(too_large),
    }


def test_content_kept_twice_is_one_file(tmp_path: Path) -> None:
    keep = keeper(tmp_path)
    assert keep(b"content") == keep(b"content")
    assert len(list((tmp_path / "broker" / "oversized").iterdir())) == 1


def test_a_node_s_value_has_the_shape_of_a_line_of_the_opc_ua_files() -> None:
    reading = NodeValue("opc.tcp://site:4840", "ns=2;s=M.P", 4.25, "Good", MOMENT, MOMENT)
    assert json.loads(opc_ua_record(reading, refuse).value) == {
        "endpoint": "opc.tcp://site:4840",
        "node": "ns=2;s=M.P",
        "value": 4.25,
        "status": "Good",
        "source_time": "2019-07-01T00:00:06Z",
        "server_time": "2019-07-01T00:00:06Z",
    }


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (True, True),
        (None, None),
        (2**70, 2**70),
        (math.inf, "inf"),
        (b"\x00\x01", "AAE="),
        ([1, math.nan, "x"], [1, "nan", "x"]),
        (MOMENT, "2019-07-01T00:00:06Z"),
        ("\ud800", "\ud800"),
    ],
)
def test_a_value_of_any_type_is_said_in_json(value: object, said: object) -> None:
    reading = NodeValue("e", "n", value, "Good", None, None)
    assert json.loads(opc_ua_record(reading, refuse).value)["value"] == said


def test_a_moment_is_utc_and_keeps_its_fraction() -> None:
    assert utc_text(None) is None
    assert utc_text(MOMENT.replace(tzinfo=None)) == "2019-07-01T00:00:06Z"
    local = MOMENT.astimezone(timezone(timedelta(hours=8))) + timedelta(milliseconds=5)
    assert utc_text(local) == "2019-07-01T00:00:06.005000Z"


def test_counts_are_one_plain_line() -> None:
    counts = Counts()
    counts.received(Built(b""))
    counts.received(Built(b"", is_json=False, is_oversized=True))
    counts.acknowledged()
    assert counts.line() == "received 2, acknowledged 1, oversized 1, not JSON 1"
