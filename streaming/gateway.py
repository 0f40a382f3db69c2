"""The gateway: MQTT messages and OPC UA values into Kafka, until it is stopped."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from loomline.errors import BrokerError
from loomline.locks import held_at_once
from loomline.settings import Settings, load_settings
from streaming.counts import Counts
from streaming.declaration import load_gateway
from streaming.mqtt import MqttReader
from streaming.opc_ua import OpcUaReader
from streaming.positions import Positions
from streaming.sink import KafkaSink, create_topics, kafka_address

LOOK_SECONDS = 1.0
SAY_EVERY = 5


def _say(sentence: str) -> None:
    print(sentence, flush=True)


def run_gateway(settings: Settings, say: Callable[[str], None] = _say) -> None:
    """Carry messages until Ctrl-C or SIGTERM, saying every few seconds how many.

    Raises:
        CatalogueError: `gateway.yml` does not hold.
        BrokerError: Kafka can't be reached at the start, another gateway of this home runs, or
            the MQTT side failed. Nothing that Kafka lacks was acknowledged.
    """
    declaration = load_gateway(settings.catalog)
    # While Kafka is away its client would say so many times a second; `waiting` says it here.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    stop = threading.Event()

    def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, ask_to_stop)
    with _only_gateway(settings):
        create_topics(settings, declaration)
        sink, counts = KafkaSink(settings, declaration.kafka_topics), Counts()
        positions = Positions(settings.home / "broker" / "gateway" / "positions.json")
        mqtt = MqttReader(settings, declaration, sink, counts, say)
        opc_ua = OpcUaReader(settings, declaration, sink, counts, positions, say)
        if declaration.mqtt:
            mqtt.start()
        if declaration.opc_ua:
            opc_ua.start()
        listened = len(declaration.mqtt) + len(declaration.opc_ua)
        say(f"The gateway listens to {listened} senders; Kafka is at {kafka_address(settings)}.")
        looks, last_line = 0, ""
        while not stop.wait(LOOK_SECONDS):
            positions.save()
            if mqtt.failure is not None:
                raise BrokerError(
                    f"The gateway failed: {mqtt.failure or type(mqtt.failure).__name__}.",
                    "Nothing is lost; mend the cause and start it again.",
                ) from mqtt.failure
            looks += 1
            line = f"{counts.line()}, waiting {sink.waiting:,}"
            if looks % SAY_EVERY == 0 and (line != last_line or sink.waiting):
                say(line)
                last_line = line
        mqtt.stop_receiving()
        opc_ua.stop_receiving()
        sink.close()
        if declaration.mqtt:
            mqtt.close()
        if declaration.opc_ua:
            opc_ua.close()
        positions.save()
        say(f"Stopped: {counts.line()}.")


@contextmanager
def _only_gateway(settings: Settings) -> Iterator[None]:
    """Two gateways would take the MQTT session from each other again and again."""
    with held_at_once(settings.home / "broker" / "gateway" / "gateway.lock") as is_only:
        if not is_only:
            raise BrokerError(
                "A gateway of this home is running already.", "Stop it, or leave it to its work."
            )
        yield


if __name__ == "__main__":
    run_gateway(load_settings())
