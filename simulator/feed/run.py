"""Send a simulated day: read its files, wait for each message's moment, send it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

from loomline.settings import Settings
from simulator.feed.lines import (
    MQTT_KINDS,
    OPC_UA_KIND,
    MqttMessage,
    OpcUaValue,
    day_files,
    messages,
    opc_ua_nodes,
)
from simulator.feed.mqtt import Publisher
from simulator.feed.opc_ua import MachineServer
from simulator.feed.pace import Clock, Pace

SAY_EVERY_SECONDS = 5.0
LOOK_SECONDS = 0.2
# Values go to the server so many at once, or sooner if the next message is not due yet.
BATCH = 200


def _say(sentence: str) -> None:
    print(sentence, flush=True)


def feed(
    settings: Settings,
    folder: Path,
    day: date,
    pace: Pace,
    opc_ua_port: int,
    stay_seconds: float,
    say: Callable[[str], None] = _say,
    count_arrived: Callable[[], int] | None = None,
) -> Counter[str]:
    """Send the telemetry of a simulated day; returns the messages sent by kind.

    The OPC UA server stays up `stay_seconds` after the last value, for a gateway that is behind, or
    until `count_arrived`, which counts messages where they go to, has gone up by what was sent. Its
    history stays in the folder: the next day's server still has it.

    Raises:
        LoomlineError: no files of that day, no MQTT broker, or the port of the OPC UA server is
            taken.
    """
    files = day_files(folder, day)
    arrived_before = count_arrived() if count_arrived else 0
    sent: Counter[str] = Counter()
    publisher = Publisher(settings) if set(files) & set(MQTT_KINDS) else None
    server = None
    if OPC_UA_KIND in files:
        nodes = opc_ua_nodes(files[OPC_UA_KIND])
        history = folder / "feed" / "opc_ua_history.sqlite"
        server = MachineServer(settings.bind_address, opc_ua_port, nodes, history)
        say(f"OPC UA server with {len(nodes):,} nodes at {settings.bind_address}:{opc_ua_port}.")
    clock, said_at, batch = Clock(pace), time.monotonic(), list[OpcUaValue]()

    def write_batch() -> None:
        if server is not None and batch:
            server.write(batch)
            batch.clear()

    for message in messages(files):
        wait = clock.seconds_until(message.moment_ms)
        if wait > 0 or len(batch) >= BATCH:
            write_batch()
        if wait > 0:
            time.sleep(wait)
        if isinstance(message, MqttMessage):
            if publisher is not None:
                publisher.publish(message)
        else:
            batch.append(message)
        sent[message.kind] += 1
        if time.monotonic() - said_at > SAY_EVERY_SECONDS:
            said_at = time.monotonic()
            say(f"{_counts(sent)} sent")
    write_batch()
    if publisher is not None:
        publisher.close()
    say(f"Done: {_counts(sent)} sent.")
    if server is not None:
        say(f"The OPC UA server stays up for {stay_seconds:g} seconds at most.")
        deadline = time.monotonic() + stay_seconds
        while time.monotonic() < deadline:
            if count_arrived and count_arrived() - arrived_before >= sent.total():
                break
            time.sleep(LOOK_SECONDS)
        server.close()
    return sent


def _counts(sent: Counter[str]) -> str:
    return ", ".join(f"{kind} {count:,}" for kind, count in sorted(sent.items()))
