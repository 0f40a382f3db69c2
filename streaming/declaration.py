"""`catalog/gateway.yml`: which senders the gateway listens to, and where their readings go."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from loomline.declarations import Declaration, read_declaration


def _checked_filter(text: str) -> str:
    levels = text.split("/")
    for position, level in enumerate(levels):
        if "#" in level and (level != "#" or position != len(levels) - 1):
            raise ValueError("# stands alone, as the last level of a topic filter")
        if "+" in level and level != "+":
            raise ValueError("+ stands alone in its level of a topic filter")
    return text


TopicFilter = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_checked_filter)]
KafkaTopic = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,200}$")]


class MqttRoute(Declaration):
    """MQTT messages of one kind of sender, and the Kafka topic that they go to.

    `sent_at_from_sender` takes the moment of sending from the message's user property `sent_at`,
    where it has one: for replayed messages only, since a sender could claim any moment.
    """

    filters: tuple[TopicFilter, ...] = Field(min_length=1)
    kafka_topic: KafkaTopic
    sent_at_from_sender: bool = False


class OpcUaEndpoint(Declaration):
    """An OPC UA server, and the Kafka topic that the values of its nodes go to.

    `folder_names_endpoint`: the server gathers others, and the folder that a node is in is named
    after the endpoint that the node is of. `late_hours`: how much later than a newer one, by its
    source time, a value may come; so much history is read again after a break.
    """

    url: Annotated[str, Field(pattern=r"^opc\.tcp://[^/\s]+")]
    kafka_topic: KafkaTopic
    folder_names_endpoint: bool = False
    late_hours: float = Field(default=0, ge=0)


class GatewayDeclaration(Declaration):
    """All that the gateway listens to.

    A message is the first route's whose filter its topic fits; one that fits none, as after a
    filter was taken out, goes to `unrouted_kafka_topic`.
    """

    partitions: int = Field(ge=1, le=1000)
    retention_days: int = Field(ge=1)
    mqtt: tuple[MqttRoute, ...] = ()
    unrouted_kafka_topic: KafkaTopic
    opc_ua: tuple[OpcUaEndpoint, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> GatewayDeclaration:
        _refuse_repeated("the topic filter", [f for route in self.mqtt for f in route.filters])
        _refuse_repeated("the endpoint", [endpoint.url for endpoint in self.opc_ua])
        return self

    @property
    def kafka_topics(self) -> tuple[str, ...]:
        """Every Kafka topic that the gateway writes to, each once."""
        topics = [route.kafka_topic for route in self.mqtt]
        topics += [self.unrouted_kafka_topic]
        topics += [endpoint.kafka_topic for endpoint in self.opc_ua]
        return tuple(dict.fromkeys(topics))


def _refuse_repeated(what: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise ValueError(f"{what} {value} is given twice")
        seen.add(value)


def load_gateway(catalog: Path) -> GatewayDeclaration:
    """Read `gateway.yml` of a catalogue.

    Raises:
        CatalogueError: the declaration does not hold; the message names file, line and key.
    """
    return read_declaration(catalog / "gateway.yml", GatewayDeclaration)
