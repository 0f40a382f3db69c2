"""`loomline engine`: start, stop and look at the engine of this home."""

from __future__ import annotations

import typer

from loomline.engine.server import engine_status, log_path, start_engine, stop_engine
from loomline.settings import load_settings

app = typer.Typer(
    help="The one Spark engine: Spark Connect for programs, Thrift for JDBC and BI.",
    no_args_is_help=True,
)


@app.command()
def start() -> None:
    """Start the engine unless it is up, and wait until it answers."""
    settings = load_settings()
    status = start_engine(settings)
    print(
        f"The engine is up (process {status.process_id}): Spark Connect at {settings.remote}, "
        f"JDBC at jdbc:hive2://{settings.bind_address}:{settings.thrift_port}/default."
    )


@app.command()
def stop() -> None:
    """Stop the engine; every table stays as it is."""
    was_running = stop_engine(load_settings())
    print("The engine is stopped." if was_running else "The engine was not running.")


@app.command()
def status() -> None:
    """Say whether the engine is up; exit code 1 when it is not."""
    settings = load_settings()
    now = engine_status(settings)
    if now.is_up:
        print(f"up: process {now.process_id}, {settings.remote}, log {log_path(settings)}")
        return
    if now.process_id is not None:
        print(f"not answering yet: process {now.process_id}, log {log_path(settings)}")
    else:
        print("down: start it with `loomline engine start`")
    raise typer.Exit(1)
