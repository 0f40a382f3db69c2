"""The gateway's MQTT side: a persistent session whose messages are acknowledged by hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from paho.mqtt.client import (
    CallbackAPIVersion,
    Client,
    ConnectFlags,
    DisconnectFlags,
    MQTTMessage,
    MQTTv5,
    topic_matches_sub,
)
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from loomline.settings import Settings
from streaming.counts import Counts
from streaming.declaration import GatewayDeclaration, MqttRoute
from streaming.oversized import keeper
from streaming.records import mqtt_record
from streaming.sink import KafkaSink, Record

CLIENT_ID = "loomline-gateway"
# The broker sends so many messages before it waits for acknowledgements.
RECEIVE_MAXIMUM = 2_000
KEEP_ALIVE_SECONDS = 60
NEVER = 0xFFFFFFFF
SENT_AT = "sent_at"


class MqttReader:
    """Carries MQTT messages into Kafka, and acknowledges each only when Kafka has it.

    The session outlives the gateway: what comes meanwhile, and what was not acknowledged, is sent
    by the broker when the gateway is back. `failure` is what went wrong, if anything did.
    """

    def __init__(
        self,
        settings: Settings,
        declaration: GatewayDeclaration,
        sink: KafkaSink,
        counts: Counts,
        say: Callable[[str], None],
    ) -> None:
        self.failure: Exception | None = None
        self._settings = settings
        self._routes = declaration.mqtt
        self._unrouted = MqttRoute(filters=("#",), kafka_topic=declaration.unrouted_kafka_topic)
        self._sink = sink
        self._counts = counts
        self._say = say
        self._is_stopping = False
        self._keep = keeper(settings.home)
        self._route_of_topic: dict[str, MqttRoute] = {}
        # An acknowledgement holds for the connection that the message came by, and for no other.
        self._lock = threading.Lock()
        self._connection = 0
        client = Client(
            CallbackAPIVersion.VERSION2, client_id=CLIENT_ID, protocol=MQTTv5, manual_ack=True
        )
        client.reconnect_delay_set(min_delay=1, max_delay=5)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        self._client = client

    def start(self) -> None:
        """Connect, and go on in a thread of its own; comes back by itself after a break."""
        session = Properties(PacketTypes.CONNECT)
        session.SessionExpiryInterval = NEVER
        session.ReceiveMaximum = RECEIVE_MAXIMUM
        self._client.connect_async(
            self._settings.bind_address,
            self._settings.mqtt_port,
            keepalive=KEEP_ALIVE_SECONDS,
            clean_start=False,
            properties=session,
        )
        self._client.loop_start()

    def stop_receiving(self) -> None:
        """Take no more messages; those taken can still be acknowledged until `close`."""
        self._is_stopping = True

    def close(self) -> None:
        """Leave the broker; the session stays there and goes on collecting."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(
        self,
        client: Client,
        _userdata: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        with self._lock:
            self._connection += 1
        if reason.is_failure:
            self._say(f"The MQTT broker refused the connection ({reason}); trying again.")
            return
        # A retained message comes when its filter is new to the session, not at each connection.
        options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
        filters = [(text, options) for route in self._routes for text in route.filters]
        client.subscribe(filters)

    def _on_disconnect(
        self,
        _client: Client,
        _userdata: object,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        with self._lock:
            self._connection += 1
        if reason.is_failure:
            self._say(f"The connection to the MQTT broker ended ({reason}); trying again.")

    def _on_subscribe(
        self,
        _client: Client,
        _userdata: object,
        _mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        for reason in reasons:
            if reason.is_failure:
                self.failure = ConnectionError(f"the MQTT broker refused a topic filter: {reason}")
                return
        # Only now does the broker keep what is published.
        self._say("Connected to the MQTT broker.")

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        if self._is_stopping:
            return
        try:
            self._carry(message)
        except Exception as error:
            # paho would end its thread and tell nobody. Nothing was acknowledged: nothing is lost.
            self.failure = error
            raise

    def _carry(self, message: MQTTMessage) -> None:
        route = self._route(message.topic)
        built = mqtt_record(
            message.topic, _sent_at_ms(message, route), bytes(message.payload), self._keep
        )
        self._counts.received(built)
        connection, mid, qos = self._connection, message.mid, message.qos

        def stored() -> None:
            self._counts.acknowledged()
            with self._lock:
                if connection == self._connection:
                    self._client.ack(mid, qos)

        self._sink.put(Record(route.kafka_topic, message.topic.encode(), built.value, stored))

    def _route(self, topic: str) -> MqttRoute:
        route = self._route_of_topic.get(topic)
        if route is None:
            fitting = (
                route
                for route in self._routes
                if any(topic_matches_sub(text, topic) for text in route.filters)
            )
            route = next(fitting, self._unrouted)
            if len(self._route_of_topic) < 100_000:
                self._route_of_topic[topic] = route
        return route


def _sent_at_ms(message: MQTTMessage, route: MqttRoute) -> int:
    """Epoch milliseconds: the sender's own claim where the route allows it, else now."""
    if route.sent_at_from_sender:
        claims = getattr(message.properties, "UserProperty", None) or []
        for name, value in claims:
            if name == SENT_AT and value.isascii() and value.isdigit() and len(value) < 16:
                return int(value)
    return time.time_ns() // 1_000_000
