"""Start and stop the gateway of a home in the background."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from loomline.errors import BrokerError
from loomline.processes import ServerProcess, Starting
from loomline.settings import Settings

# Reached by its path, as jobs are: the core knows no stream.
GATEWAY = "streaming.gateway"
START_SECONDS = 60
# What the gateway says once the MQTT broker keeps messages for it.
CONNECTED = "Connected to the MQTT broker."


def _log(settings: Settings) -> Path:
    return settings.home / "broker" / "gateway" / "gateway.log"


def _server(settings: Settings) -> ServerProcess:
    return ServerProcess(_log(settings).with_name("gateway.pid"), f"{GATEWAY} {settings.home}")


def start_gateway(settings: Settings) -> int:
    """Start this home's gateway unless it is up, and wait until it is connected; its process id.

    Raises:
        BrokerError: the gateway ended or was not connected in time; the message says where its log
            is.
    """
    server, log = _server(settings), _log(settings)
    running = server.running()
    if running is not None:
        return running.pid
    log.parent.mkdir(parents=True, exist_ok=True)
    said_before = log.stat().st_size if log.exists() else 0
    command = [sys.executable, "-m", GATEWAY, str(settings.home)]
    started = server.start(command, log, {**os.environ, **settings.environment})
    starting = Starting("The gateway", log, "loomline gateway stop", START_SECONDS)
    try:
        starting.wait(
            lambda: CONNECTED in log.read_bytes()[said_before:].decode(errors="replace"),
            lambda: started.poll() is not None,
            BrokerError,
        )
    except BrokerError:
        # The next start would take it for one that is up.
        stop_gateway(settings)
        raise
    return started.pid


def stop_gateway(settings: Settings) -> bool:
    """Stop the gateway that was started in the background. Returns whether one was running."""
    return _server(settings).stop()
