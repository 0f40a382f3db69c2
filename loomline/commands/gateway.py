"""`loomline gateway`: carry the messages of machines into Kafka."""

from __future__ import annotations

from importlib import import_module

from loomline.settings import load_settings

# Reached by its path, as jobs are: the core knows no stream.
GATEWAY = "streaming.gateway"


def gateway() -> None:
    """Carry MQTT messages and OPC UA values into Kafka until Ctrl-C; see catalog/gateway.yml.

    A message is acknowledged only when Kafka has it: whatever is killed, none is lost.
    """
    import_module(GATEWAY).run_gateway(load_settings())
