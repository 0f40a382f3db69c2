"""`loomline broker`: start, stop and look at the message brokers of this home."""

from __future__ import annotations

import typer

from loomline.broker.servers import broker_status, start_brokers, stop_brokers
from loomline.settings import load_settings

app = typer.Typer(
    help="The message brokers: MQTT for machines, Kafka for what reads them.",
    no_args_is_help=True,
)


@app.command()
def start() -> None:
    """Start what is not up of both brokers, and wait until they answer."""
    settings = load_settings()
    for broker in start_brokers(settings):
        address = f"{settings.bind_address}:{broker.port}"
        print(f"{broker.name} is up (process {broker.process_id}) at {address}.")


@app.command()
def stop() -> None:
    """Stop both brokers; every message stays as it is."""
    was_running = stop_brokers(load_settings())
    print("The brokers are stopped." if was_running else "The brokers were not running.")


@app.command()
def status() -> None:
    """Say whether the brokers are up; exit code 1 when one is not."""
    settings = load_settings()
    brokers = broker_status(settings)
    for broker in brokers:
        address = f"{settings.bind_address}:{broker.port}"
        if broker.is_up:
            print(f"{broker.name}: up, process {broker.process_id}, {address}, log {broker.log}")
        elif broker.process_id is not None:
            print(f"{broker.name}: not answering yet, process {broker.process_id}")
        else:
            print(f"{broker.name}: down; start it with `loomline broker start`")
    if not all(broker.is_up for broker in brokers):
        raise typer.Exit(1)
