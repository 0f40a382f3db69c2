"""`loomline gateway`: carry the messages of machines into Kafka."""

from __future__ import annotations

from importlib import import_module

import typer

from loomline.broker.gateway import GATEWAY, start_gateway, stop_gateway
from loomline.settings import load_settings

app = typer.Typer(
    help="The gateway: MQTT messages and OPC UA values into Kafka; see catalog/gateway.yml.",
    no_args_is_help=True,
)


@app.command()
def run() -> None:
    """Carry messages in the foreground until Ctrl-C, saying how many.

    A message is acknowledged only when Kafka has it: whatever is killed, none is lost.
    """
    # Reached by its path, as jobs are: the core knows no stream.
    import_module(GATEWAY).run_gateway(load_settings())


@app.command()
def start() -> None:
    """Start the gateway in the background unless it is up, and wait until it listens."""
    process = start_gateway(load_settings())
    print(f"The gateway is up (process {process}).")


@app.command()
def stop() -> None:
    """Stop the gateway that was started in the background; no message is lost."""
    was_running = stop_gateway(load_settings())
    print("The gateway is stopped." if was_running else "The gateway was not running.")
