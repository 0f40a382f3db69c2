"""How the MQTT broker runs: Artemis, whose sessions and messages are in a journal on the disk."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

from loomline.broker.jars import ARTEMIS, class_path
from loomline.settings import Settings

# The largest MQTT packet; a sender of a larger one is refused and knows it.
PACKET_LIMIT_BYTES = 32 * 1024 * 1024
HEAP = "256m"
MAIN_CLASS = "org.apache.activemq.artemis.core.server.embedded.Main"

# What is acknowledged is in the journal and on the disk. When memory is full, messages wait on the
# disk: none is refused or dropped, and none is given up after some attempts.
CONFIGURATION = """<?xml version="1.0" encoding="UTF-8"?>
<configuration xmlns="urn:activemq">
  <core xmlns="urn:activemq:core">
    <name>mqtt</name>
    <security-enabled>false</security-enabled>
    <journal-type>NIO</journal-type>
    <journal-directory>{data}/journal</journal-directory>
    <bindings-directory>{data}/bindings</bindings-directory>
    <large-messages-directory>{data}/large-messages</large-messages-directory>
    <paging-directory>{data}/paging</paging-directory>
    <max-disk-usage>98</max-disk-usage>
    <acceptors>
      <acceptor name="mqtt">tcp://{address}:{port}?protocols=MQTT;maximumPacketSize={limit}</acceptor>
    </acceptors>
    <address-settings>
      <address-setting match="#">
        <address-full-policy>PAGE</address-full-policy>
        <max-delivery-attempts>-1</max-delivery-attempts>
      </address-setting>
    </address-settings>
  </core>
</configuration>
"""


def mqtt_folder(settings: Settings) -> Path:
    """Folder of the MQTT broker's data, settings and log."""
    return settings.home / "broker" / "mqtt"


def prepare_mqtt(settings: Settings) -> None:
    """Write the MQTT broker's own settings."""
    folder = mqtt_folder(settings)
    (folder / "etc").mkdir(parents=True, exist_ok=True)
    text = CONFIGURATION.format(
        data=escape(str(folder / "data")),
        address=settings.bind_address,
        port=settings.mqtt_port,
        limit=PACKET_LIMIT_BYTES,
    )
    (folder / "etc" / "broker.xml").write_text(text, encoding="utf-8")


def mqtt_command(settings: Settings) -> list[str]:
    """The command that runs the MQTT broker in the foreground."""
    command = ["java", f"-Xmx{HEAP}", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError"]
    # Its audit log has a line a message.
    command += ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
    command += ["-cp", class_path(settings.jars, ARTEMIS), MAIN_CLASS]
    return [*command, str(mqtt_folder(settings))]
