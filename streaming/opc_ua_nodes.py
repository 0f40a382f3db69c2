"""What an OPC UA server has: its variables, a subscription to them, and their history."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from asyncua import Client, Node, ua
from asyncua.common.subscription import Subscription

SUBSCRIBED_AT_ONCE = 500
# Values that may wait at the server for one node between two of its messages.
QUEUE_SIZE = 10_000


@dataclass(frozen=True)
class Variable:
    """A variable of a server, and the browse name of the folder that it is in."""

    node: Node
    folder: str

    @property
    def name(self) -> str:
        """The node id as text, such as ns=2;s=M001.Pressure."""
        text: str = self.node.nodeid.to_string()
        return text


async def find_variables(client: Client) -> list[Variable]:
    """Every variable below Objects that is not the server's own (namespace 0).

    Raises:
        asyncua.ua.UaError: the server refused to be browsed.
    """
    found: list[Variable] = []
    seen: set[ua.NodeId] = set()
    folders: list[tuple[Node, str]] = [(client.get_objects_node(), "")]
    while folders:
        folder, name = folders.pop()
        for child in await folder.get_children_descriptions():
            if child.NodeId.NamespaceIndex == 0 or child.NodeId in seen:
                continue
            seen.add(child.NodeId)
            node = client.get_node(child.NodeId)
            if child.NodeClass == ua.NodeClass.Variable:
                found.append(Variable(node, name))
            elif child.NodeClass == ua.NodeClass.Object:
                folders.append((node, child.BrowseName.Name))
    return found


async def subscribe(
    subscription: Subscription, variables: Sequence[Variable], first_handle: int
) -> None:
    """Ask for every value of the variables, the same value with a new source time too.

    Handles count from `first_handle` on; a subscription has each once.

    Raises:
        asyncua.ua.UaError: the server refused a variable.
    """
    requests = [_request(item.node, handle) for handle, item in enumerate(variables, first_handle)]
    for start in range(0, len(requests), SUBSCRIBED_AT_ONCE):
        part = requests[start : start + SUBSCRIBED_AT_ONCE]
        for result in await subscription.create_monitored_items(part):
            if isinstance(result, ua.StatusCode):
                result.check()


def _request(node: Node, handle: int) -> ua.MonitoredItemCreateRequest:
    every_change = ua.DataChangeFilter(Trigger=ua.DataChangeTrigger.StatusValueTimestamp)
    return ua.MonitoredItemCreateRequest(
        ItemToMonitor=ua.ReadValueId(NodeId=node.nodeid, AttributeId=ua.AttributeIds.Value),
        MonitoringMode=ua.MonitoringMode.Reporting,
        RequestedParameters=ua.MonitoringParameters(
            ClientHandle=handle, Filter=every_change, QueueSize=QUEUE_SIZE, DiscardOldest=True
        ),
    )


async def history(variable: Variable, since: datetime) -> AsyncIterator[ua.DataValue]:
    """The values that the server has kept of a variable, by source time from `since` on.

    Raises:
        asyncua.ua.UaError: the server keeps no history of the variable.
    """
    details = ua.ReadRawModifiedDetails(
        IsReadModified=False,
        StartTime=since,
        EndTime=ua.get_win_epoch(),
        NumValuesPerNode=0,
        ReturnBounds=False,
    )
    place: bytes | None = None
    while True:
        page = await variable.node.history_read(details, place)
        page.StatusCode.check()
        for value in page.HistoryData.DataValues:
            yield value
        # A server that comes back to the same place would go on for ever.
        if not page.ContinuationPoint or page.ContinuationPoint == place:
            return
        place = page.ContinuationPoint
