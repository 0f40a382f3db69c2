"""`catalog/gateway.yml`: what holds, and how what does not is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from loomline.errors import CatalogueError
from streaming.declaration import load_gateway

GOOD = """\
partitions: 3
retention_days: 7
mqtt:
  - filters: ["factory/+/telemetry", "line/#"]
    kafka_topic: telemetry.a
unrouted_kafka_topic: telemetry.other
opc_ua:
  - url: opc.tcp://127.0.0.1:4840
    kafka_topic: telemetry.a
"""


def write(folder: Path, text: str) -> Path:
    (folder / "gateway.yml").write_text(text)
    return folder


def test_the_project_s_own_declaration_holds(catalog: Path) -> None:
    declaration = load_gateway(catalog)
    assert len(declaration.kafka_topics) == 4


def test_a_kafka_topic_is_named_once_however_many_senders_have_it(tmp_path: Path) -> None:
    declaration = load_gateway(write(tmp_path, GOOD))
    assert declaration.kafka_topics == ("telemetry.a", "telemetry.other")


def test_a_sender_s_own_clock_is_not_trusted_unless_it_is_said(tmp_path: Path) -> None:
    assert not load_gateway(write(tmp_path, GOOD)).mqtt[0].sent_at_from_sender


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("line/#", "line/#/x", r"gateway.yml:4: .*# stands alone"),
        ("line/#", "line#", r"gateway.yml:4: .*# stands alone"),
        ("factory/+/telemetry", "factory/a+/telemetry", r"gateway.yml:4: .*\+ stands alone"),
        ("line/#", "factory/+/telemetry", "given twice"),
        ("kafka_topic: telemetry.a\nunr", "kafka_topic: a topic\nunr", r"gateway.yml:5: "),
        ("url: opc.tcp://127.0.0.1:4840", "url: http://x", r"gateway.yml:8: "),
        ("partitions: 3", "partitions: 0", r"gateway.yml:1: partitions"),
        ("    kafka_topic: telemetry.a\nunr", "    topic: telemetry.a\nunr", "topic"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_key(
    tmp_path: Path, right: str, wrong: str, told: str
) -> None:
    assert right in GOOD
    with pytest.raises(CatalogueError, match=told):
        load_gateway(write(tmp_path, GOOD.replace(right, wrong, 1)))
