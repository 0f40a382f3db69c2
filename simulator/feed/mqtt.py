"""Publish MQTT messages: at least once each, and not too many on their way."""

from __future__ import annotations

import threading

from paho.mqtt.client import CallbackAPIVersion, Client, MQTTv5
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from loomline.errors import LoomlineError
from loomline.settings import Settings
from simulator.feed.lines import MqttMessage

ON_THE_WAY = 2_000
CONNECT_SECONDS = 10
ACKNOWLEDGE_SECONDS = 120


class Publisher:
    """A connection to this home's MQTT broker; a message counts when the broker has it.

    The moment of sending that the file says goes along as the user property `sent_at`.
    """

    def __init__(self, settings: Settings) -> None:
        self._room = threading.BoundedSemaphore(ON_THE_WAY)
        self._is_connected = threading.Event()
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
        client.max_inflight_messages_set(ON_THE_WAY)
        client.reconnect_delay_set(min_delay=1, max_delay=2)
        client.on_connect = self._on_connect
        client.on_publish = self._on_publish
        self._client = client
        client.connect_async(settings.bind_address, settings.mqtt_port)
        client.loop_start()
        if not self._is_connected.wait(CONNECT_SECONDS):
            client.loop_stop()
            raise LoomlineError(
                f"No MQTT broker answers at {settings.bind_address}:{settings.mqtt_port}.",
                "Start it with `loomline broker start`.",
            )

    def _on_connect(
        self,
        _client: Client,
        _userdata: object,
        _flags: object,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if not reason.is_failure:
            self._is_connected.set()

    def _on_publish(
        self,
        _client: Client,
        _userdata: object,
        _mid: int,
        _reason: ReasonCode,
        _properties: Properties,
    ) -> None:
        self._room.release()

    def publish(self, message: MqttMessage) -> None:
        """Send a message; waits while too many are on their way."""
        self._room.acquire()
        properties = Properties(PacketTypes.PUBLISH)
        properties.UserProperty = ("sent_at", str(message.moment_ms))
        self._client.publish(message.topic, message.payload, qos=1, properties=properties)

    def close(self) -> None:
        """Wait until the broker has every message, and leave.

        Raises:
            LoomlineError: the broker did not acknowledge the last messages in time.
        """
        have_all = [self._room.acquire(timeout=ACKNOWLEDGE_SECONDS) for _ in range(ON_THE_WAY)]
        self._client.disconnect()
        self._client.loop_stop()
        if not all(have_all):
            raise LoomlineError(
                f"The MQTT broker did not acknowledge {have_all.count(False)} messages.",
                "See `loomline broker status`, and feed the day again.",
            )
