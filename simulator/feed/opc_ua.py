"""A real OPC UA server that holds the nodes of every simulated endpoint."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from asyncua import Server, ua

from loomline.errors import LoomlineError
from simulator.feed.history import ReadingHistory, data_value
from simulator.feed.lines import OpcUaValue

NAMESPACE = "urn:loomline:simulated-machines"
START_SECONDS = 60
Result = TypeVar("Result")


class MachineServer:
    """An OPC UA server on its own thread: a folder an endpoint, a variable a node, with history.

    As an aggregating server of a plant does, it stands for several; a folder is named after the
    endpoint whose nodes are in it.
    """

    def __init__(self, address: str, port: int, nodes: Mapping[str, str], history: Path) -> None:
        self._url = f"opc.tcp://{address}:{port}"
        self._history = ReadingHistory(history)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="opc-ua", daemon=True)
        self._thread.start()
        try:
            self._server = self._do(self._start(nodes))
        except OSError as error:
            raise LoomlineError(
                f"The OPC UA server can't listen at {self._url}: {error}.",
                "Say --opc-ua-port with a free port.",
            ) from error

    def _do(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _start(self, nodes: Mapping[str, str]) -> Server:
        # It warns that there is no encryption; the server is on the loopback address.
        logging.getLogger("asyncua").setLevel(logging.ERROR)
        server = Server()
        server.iserver.history_manager.set_storage(self._history)
        await server.init()
        server.set_endpoint(self._url)
        server.set_server_name("Simulated machines")
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        namespace = await server.register_namespace(NAMESPACE)
        folders: dict[str, Any] = {}
        for node, endpoint in nodes.items():
            if endpoint not in folders:
                place = ua.NodeId.from_string(f"ns={namespace};s=endpoint {endpoint}")
                folders[endpoint] = await server.nodes.objects.add_folder(
                    place, ua.QualifiedName(endpoint, namespace)
                )
            await _add_variable(folders[endpoint], ua.NodeId.from_string(node))
        await server.start()
        return server

    def write(self, values: Sequence[OpcUaValue]) -> None:
        """Give nodes their values, in order, with the moments of their sources and servers."""
        self._do(self._write(values))

    async def _write(self, values: Sequence[OpcUaValue]) -> None:
        # First kept, then shown: a client that was told of a value finds it in the history.
        self._history.add([(v.node, v.source_time, v.server_time, v.value) for v in values])
        for value in values:
            shown = data_value(value.value, value.source_time, value.server_time)
            await self._server.write_attribute_value(ua.NodeId.from_string(value.node), shown)

    def close(self) -> None:
        """End the server and its thread."""
        self._do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _stop(self) -> None:
        await self._server.stop()
        # Sessions of clients that have not left yet.
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


async def _add_variable(folder: Any, node_id: ua.NodeId) -> None:
    name = str(node_id.Identifier).rsplit(".", 1)[-1]
    variable = await folder.add_variable(
        node_id, ua.QualifiedName(name, node_id.NamespaceIndex), 0.0, ua.VariantType.Double
    )
    for attribute in (ua.AttributeIds.AccessLevel, ua.AttributeIds.UserAccessLevel):
        await variable.set_attr_bit(attribute, ua.AccessLevel.HistoryRead)
    # Until its first reading a node has no value, and says so.
    waiting = ua.StatusCode(ua.UInt32(ua.StatusCodes.BadWaitingForInitialData))
    await variable.write_value(ua.DataValue(StatusCode=waiting))
