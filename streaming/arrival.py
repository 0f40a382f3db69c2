"""How many records have come into Kafka, counted by Kafka itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from loomline.errors import BrokerError
from loomline.settings import Settings
from streaming.declaration import load_gateway
from streaming.sink import kafka_address


@contextmanager
def arrivals(settings: Settings) -> Iterator[Callable[[], int]]:
    """A function that counts all records that the gateway's topics have ever had.

    Raises:
        BrokerError: Kafka can't be reached.
    """
    topics = load_gateway(settings.catalog).kafka_topics
    try:
        consumer = KafkaConsumer(bootstrap_servers=kafka_address(settings))
    except KafkaError as error:
        raise BrokerError(
            f"No Kafka answers at {kafka_address(settings)}.",
            "Start it with `loomline broker start`.",
        ) from error
    try:
        partitions = [
            TopicPartition(topic, partition)
            for topic in topics
            for partition in consumer.partitions_for_topic(topic) or ()
        ]
        yield lambda: sum(consumer.end_offsets(partitions).values())
    finally:
        consumer.close()
