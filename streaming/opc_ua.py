"""The gateway's OPC UA side: subscriptions, and the server's history for what came meanwhile."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from asyncua import Client, Node, ua
from asyncua.common.subscription import DataChangeNotif, Subscription

from loomline.settings import Settings
from streaming.counts import Counts
from streaming.declaration import GatewayDeclaration, OpcUaEndpoint
from streaming.opc_ua_nodes import Variable, find_variables, history, subscribe
from streaming.oversized import keeper
from streaming.positions import BEGINNING, Positions, Step
from streaming.records import NodeValue, opc_ua_record
from streaming.sink import KafkaSink, Record

PUBLISHING_MS = 200
# Values that wait for room on the way to Kafka; beyond, the connection is given up for the history.
QUEUE_SIZE = 20_000
REQUEST_SECONDS = 20
RECONNECT_SECONDS = 1
# New nodes are looked for so often.
BROWSE_SECONDS = 30
HISTORIES_AT_ONCE = 16
NO_READING = ua.StatusCodes.BadWaitingForInitialData


class OpcUaReader:
    """Carries the values of OPC UA servers into Kafka.

    After a break of any kind it subscribes again and reads each node's history from the moment on
    up to which Kafka has it.
    """

    def __init__(
        self,
        settings: Settings,
        declaration: GatewayDeclaration,
        sink: KafkaSink,
        counts: Counts,
        positions: Positions,
        say: Callable[[str], None],
    ) -> None:
        self._endpoints = declaration.opc_ua
        self._sink = sink
        self._counts = counts
        self._positions = positions
        self._say = say
        self._keep = keeper(settings.home)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="opc-ua", daemon=True)

    def start(self) -> None:
        """Follow every endpoint, in a thread of its own."""
        # What ends a connection is said here, in a sentence.
        logging.getLogger("asyncua").setLevel(logging.CRITICAL)
        self._thread.start()

    def stop_receiving(self) -> None:
        """Leave the servers; `close` waits for it."""
        self._stopping.set()

    def close(self) -> None:
        """Wait until the thread has ended."""
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._follow_all())

    async def _follow_all(self) -> None:
        async with asyncio.TaskGroup() as group:
            for endpoint in self._endpoints:
                group.create_task(self._follow(endpoint))

    async def _follow(self, endpoint: OpcUaEndpoint) -> None:
        """Stay connected to a server, and come back to it after a break."""
        last_said = ""
        while not self._stopping.is_set():
            try:
                async with Client(endpoint.url, timeout=REQUEST_SECONDS) as client:
                    last_said = ""
                    await _Session(self, endpoint, client).stay()
                continue
            except _TooMuchWaits:
                sentence = f"{endpoint.url} sends faster than Kafka takes; reading its history."
            except Exception as error:
                # Whatever it was, a new session goes on from what Kafka has.
                reason = str(error) or type(error).__name__
                sentence = f"No connection to {endpoint.url} ({reason}); trying again."
            if sentence != last_said:
                self._say(sentence)
                last_said = sentence
            await self._pause(RECONNECT_SECONDS)

    async def _pause(self, seconds: float) -> None:
        await asyncio.to_thread(self._stopping.wait, seconds)


class _TooMuchWaits(Exception):
    """More values wait than are kept; they are in the server's history."""


@dataclass(frozen=True)
class _Gap:
    """A node whose history is to be read, and the step that holds its position meanwhile."""

    variable: Variable
    step: Step


@dataclass(frozen=True)
class _Coming:
    """A value of a node, and the step that it is; None where it says no moment."""

    variable: Variable
    value: ua.DataValue
    step: Step | None


class _Session:
    """One connection to one server, and what is known by it."""

    def __init__(self, reader: OpcUaReader, endpoint: OpcUaEndpoint, client: Client) -> None:
        self._reader = reader
        self._endpoint = endpoint
        self._client = client
        self._variables: dict[ua.NodeId, Variable] = {}
        self._queue: asyncio.Queue[_Coming] = asyncio.Queue(QUEUE_SIZE)
        self._overflowed = False

    def datachange_notification(self, node: Node, _value: object, data: DataChangeNotif) -> None:
        """Take a value that the server sends; asyncua calls it by this name."""
        variable = self._variables.get(node.nodeid)
        # Once one was left out, a later one would move the position past it.
        if variable is None or self._overflowed:
            return
        value = data.monitored_item.Value
        if _status(value).value == NO_READING:
            return
        # Begun here and not when its turn comes: the position must not pass it while it waits.
        coming = self._begin(variable, value)
        try:
            self._queue.put_nowait(coming)
        except asyncio.QueueFull:
            self._overflowed = True

    async def stay(self) -> None:
        """Carry values until the gateway stops or the connection ends, which raises."""
        self._reader._positions.start_over(self._endpoint.url)
        carrying = asyncio.create_task(self._carry_queue())
        try:
            subscription = await self._client.create_subscription(PUBLISHING_MS, self)
            browsed_at = -float(BROWSE_SECONDS)
            clock = asyncio.get_running_loop()
            while not self._reader._stopping.is_set():
                if clock.time() - browsed_at >= BROWSE_SECONDS:
                    browsed_at = clock.time()
                    await self._follow_new_nodes(subscription)
                if self._overflowed:
                    raise _TooMuchWaits
                if carrying.done():
                    carrying.result()
                # Raises when the connection is gone.
                await self._client.nodes.server_state.read_value()
                await self._reader._pause(0.5)
        finally:
            carrying.cancel()

    async def _carry_queue(self) -> None:
        while True:
            await self._carry(await self._queue.get())

    async def _follow_new_nodes(self, subscription: Subscription) -> None:
        found = await find_variables(self._client)
        new = [item for item in found if item.node.nodeid not in self._variables]
        # Until a node's history is read, what it sends meanwhile does not move its position.
        gaps = [_Gap(item, self._begin_gap(item)) for item in new]
        first_handle = len(self._variables)
        self._variables.update({item.node.nodeid: item for item in new})
        # First the subscription, then the history: nothing falls between the two.
        await subscribe(subscription, new, first_handle)
        without_history = 0
        for start in range(0, len(gaps), HISTORIES_AT_ONCE):
            part = gaps[start : start + HISTORIES_AT_ONCE]
            has_history = await asyncio.gather(*[self._read_history(gap) for gap in part])
            without_history += has_history.count(False)
        if without_history:
            self._reader._say(
                f"{self._endpoint.url} keeps no history of {without_history:,} nodes: "
                "their readings are lost while the gateway is away."
            )

    def _begin_gap(self, variable: Variable) -> Step:
        return self._reader._positions.begin_gap(self._endpoint.url, variable.name)

    def _begin(self, variable: Variable, value: ua.DataValue, gap: Step | None = None) -> _Coming:
        # A clock that is ahead must not move the position past values still to come.
        moments = [m for m in (value.SourceTimestamp, value.ServerTimestamp) if m is not None]
        if not moments:
            return _Coming(variable, value, None)
        url, moment = self._endpoint.url, min(moments)
        step = self._reader._positions.begin(url, variable.name, moment, gap)
        return _Coming(variable, value, step)

    async def _read_history(self, gap: _Gap) -> bool:
        """Carry what the server has kept since the last stored value; whether it keeps any."""
        since = gap.step.moment
        if since > BEGINNING:
            since -= timedelta(hours=self._endpoint.late_hours)
        try:
            async for value in history(gap.variable, since):
                if _status(value).value != NO_READING:
                    await self._carry(self._begin(gap.variable, value, gap.step))
        except ua.UaStatusCodeError as error:
            if error.code not in _NO_HISTORY:
                raise
            self._reader._positions.stored(gap.step)
            return False
        self._reader._positions.stored(gap.step)
        return True

    async def _carry(self, coming: _Coming) -> None:
        reader, variable, value, step = self._reader, coming.variable, coming.value, coming.step
        reading = NodeValue(
            endpoint=variable.folder
            if self._endpoint.folder_names_endpoint
            else self._endpoint.url,
            node=variable.name,
            value=value.Value.Value if value.Value is not None else None,
            status=_status(value).name,
            source_time=value.SourceTimestamp,
            server_time=value.ServerTimestamp,
        )
        built = opc_ua_record(reading, reader._keep)
        reader._counts.received(built)

        def stored() -> None:
            reader._counts.acknowledged()
            if step is not None:
                reader._positions.stored(step)

        record = Record(self._endpoint.kafka_topic, reading.node.encode(), built.value, stored)
        if reader._sink.has_room():
            reader._sink.put(record)
        else:
            await asyncio.to_thread(reader._sink.put, record)


def _status(value: ua.DataValue) -> ua.StatusCode:
    return value.StatusCode or ua.StatusCode()


_NO_HISTORY = frozenset(
    {
        ua.StatusCodes.BadHistoryOperationUnsupported,
        ua.StatusCodes.BadHistoryOperationInvalid,
        ua.StatusCodes.BadServiceUnsupported,
        ua.StatusCodes.BadUserAccessDenied,
        ua.StatusCodes.BadNotReadable,
        ua.StatusCodes.BadNotSupported,
        ua.StatusCodes.BadNotImplemented,
    }
)
