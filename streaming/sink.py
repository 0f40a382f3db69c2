"""Records on their way into Kafka: bounded, sent again until Kafka has them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from loomline.broker.kafka import MESSAGE_LIMIT_BYTES
from loomline.errors import BrokerError
from loomline.settings import Settings
from streaming.declaration import GatewayDeclaration

# So much may be on its way at once; who brings more waits.
IN_FLIGHT_BYTES = 48 * 1024 * 1024
IN_FLIGHT_RECORDS = 10_000
# What a record takes in memory beside its value, about.
OVERHEAD_BYTES = 1024
RETRY_SECONDS = 0.5
FLUSH_SECONDS = 15


@dataclass(frozen=True)
class Record:
    """A record for Kafka; `stored` is called once Kafka has it, and must not raise."""

    topic: str
    key: bytes
    value: bytes
    stored: Callable[[], None]

    @property
    def size_bytes(self) -> int:
        """Memory that the record takes, about."""
        return len(self.value) + len(self.key) + OVERHEAD_BYTES


def create_topics(settings: Settings, declaration: GatewayDeclaration) -> None:
    """Create the declared Kafka topics that do not exist.

    Raises:
        BrokerError: Kafka can't be reached, or refused a topic.
    """
    retention_ms = declaration.retention_days * 24 * 3600 * 1000
    options = {
        "num_partitions": declaration.partitions,
        "replication_factor": 1,
        "configs": {
            "max.message.bytes": str(MESSAGE_LIMIT_BYTES),
            "retention.ms": str(retention_ms),
        },
    }
    try:
        admin = KafkaAdminClient(bootstrap_servers=kafka_address(settings))
        try:
            missing = set(declaration.kafka_topics) - set(admin.list_topics())
            if missing:
                admin.create_topics(dict.fromkeys(sorted(missing), options), wait_for_metadata=True)
        finally:
            admin.close()
    except TopicAlreadyExistsError:
        pass
    except KafkaError as error:
        raise BrokerError(
            f"Kafka at {kafka_address(settings)} can't be used: {error}.",
            "Start it with `loomline broker start`.",
        ) from error


def kafka_address(settings: Settings) -> str:
    """Where this home's Kafka listens."""
    return f"{settings.bind_address}:{settings.kafka_port}"


class KafkaSink:
    """Sends records to Kafka until each is acknowledged, whatever happens to Kafka meanwhile.

    A record may be in Kafka twice after Kafka was away. Records with one key keep their order,
    unless Kafka was away for so long that the producer gave one of them up.
    """

    def __init__(self, settings: Settings, topics: tuple[str, ...]) -> None:
        try:
            self._producer = KafkaProducer(
                bootstrap_servers=kafka_address(settings),
                acks="all",
                enable_idempotence=True,
                # Kafka takes any first number of a producer that is new to a partition: of two
                # requests on their way the second can come to stand before the first.
                max_in_flight_requests_per_connection=1,
                linger_ms=5,
                batch_size=256 * 1024,
                max_request_size=MESSAGE_LIMIT_BYTES,
                allow_auto_create_topics=False,
                max_block_ms=5_000,
                request_timeout_ms=10_000,
                reconnect_backoff_max_ms=1_000,
            )
            for topic in topics:
                self._producer.partitions_for(topic)
        except KafkaError as error:
            raise BrokerError(
                f"Kafka at {kafka_address(settings)} can't be used: {error}.",
                "Start it with `loomline broker start`.",
            ) from error
        self._room = threading.Condition()
        self._bytes = self._records = 0
        self._to_send_again: queue.SimpleQueue[Record] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._again = threading.Thread(target=self._send_again, name="send-again", daemon=True)
        self._again.start()

    @property
    def waiting(self) -> int:
        """Records that Kafka has not acknowledged yet."""
        return self._records

    def has_room(self) -> bool:
        """Whether `put` would return at once."""
        return self._bytes < IN_FLIGHT_BYTES and self._records < IN_FLIGHT_RECORDS

    def put(self, record: Record) -> None:
        """Take a record; waits while too much is on its way. A closed sink takes none."""
        with self._room:
            self._room.wait_for(lambda: self.has_room() or self._stopping.is_set())
            if self._stopping.is_set():
                return
            self._bytes += record.size_bytes
            self._records += 1
        self._send(record)

    def _send(self, record: Record) -> None:
        try:
            future = self._producer.send(record.topic, value=record.value, key=record.key)
        except KafkaError:
            self._to_send_again.put(record)
            return
        future.add_callback(lambda _metadata: self._has_stored(record))
        future.add_errback(lambda _error: self._to_send_again.put(record))

    def _has_stored(self, record: Record) -> None:
        record.stored()
        with self._room:
            self._bytes -= record.size_bytes
            self._records -= 1
            self._room.notify_all()

    def _send_again(self) -> None:
        while not self._stopping.is_set():
            try:
                record = self._to_send_again.get(timeout=RETRY_SECONDS)
            except queue.Empty:
                continue
            # Kafka has just refused: give it a moment.
            self._stopping.wait(RETRY_SECONDS)
            self._send(record)
            while not self._to_send_again.empty():
                self._send(self._to_send_again.get())

    def close(self) -> None:
        """Wait a little for what is on its way; what Kafka then lacks was not acknowledged."""
        with self._room:
            self._room.wait_for(lambda: self._records == 0, timeout=FLUSH_SECONDS)
            self._stopping.set()
            self._room.notify_all()
        self._again.join()
        self._producer.close(timeout=1)
