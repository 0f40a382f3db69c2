"""Carriers' waybills as JSON lines with nested goods and stops, moments with their offset.

A waybill is sent when it leaves and again when it has arrived. From a certain day on the platform
calls `waybill` `waybillNo`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulator.dialects.facts import Delivery, Facts, spelled
from simulator.disorder import LOGISTICS_FIELD_RENAMED_DAY, Outbox
from simulator.frame import Frame, joined
from simulator.randomness import Integers
from simulator.text import chosen, lines, listed, moments, padded, whole
from simulator.world.trades import REGIONS

SOURCE = "logistics"
CARRIER_CLERK = 70_001
CITIES = listed([city for _, _, city in REGIONS])
WITH_OFFSET = "%Y-%m-%dT%H:%M:%S+08:00"
COLUMNS = (
    "shipment", "order", "relation", "carrier", "quantity", "lost", "sent_day", "planned_day",
    "arrival_day",
)  # fmt: skip
HOUR = 3600


def _city(region: Integers) -> pa.Array:
    return chosen(CITIES, region)


def _moment(day: Integers, second: Integers) -> pa.Array:
    return moments(day, second, WITH_OFFSET)


def _carried(frame: Frame, has_arrived: int) -> Frame:
    """The shipments that a carrier of the ecosystem carries."""
    ours = frame.take(frame["carrier"] >= 0)
    narrow = Frame({name: ours[name] for name in COLUMNS})
    return narrow.with_columns(has_arrived=np.full(len(ours), has_arrived, dtype=np.int64))


def _stop(
    number: int, kind: str, city: pa.Array, planned: pa.Array, actual: pa.Array
) -> list[object]:
    """The parts of one stop; an actual moment that is missing is a null."""
    shown = pc.if_else(pc.is_null(actual), "null", pc.binary_join_element_wise('"', actual, '"', "",
                       null_handling="replace"))  # fmt: skip
    return [
        f'{{"seq":{number},"type":"{kind}","city":"', city, '","planned":"', planned,
        '","actual":', shown, "}",
    ]  # fmt: skip


def logistics_json(facts: Facts, outbox: Outbox) -> Iterable[Delivery]:
    """One file a day for all carriers."""
    world, directory, relations = facts.world, facts.directory, facts.world.relations
    moves = joined([_carried(facts.events["shipments"], 0), _carried(facts.events["receipts"], 1)])
    rows = outbox.rows(SOURCE, "logistics/waybills", moves)
    relation, number = rows["relation"], rows["shipment"]
    shipper, consignee = relations.supplier[relation], relations.customer[relation]
    clerk = np.full(len(rows), CARRIER_CLERK, dtype=np.int64)
    regions = world.parties.regions
    leaves, arrives = (7 + number % 9) * HOUR, (8 + number % 10) * HOUR + number % 3600
    due = np.full(len(rows), 18 * HOUR, dtype=np.int64)
    halfway = (rows["sent_day"] + rows["planned_day"]) // 2
    is_there = rows["has_arrived"] > 0
    between = np.minimum(rows["sent_day"] + 1, rows["arrival_day"])
    nothing = pa.array(~is_there)
    left = _moment(rows["sent_day"], leaves + number % 1800)
    at_hub = pc.if_else(nothing, None, _moment(between, 5 * HOUR + number % 7200))
    arrived = pc.if_else(nothing, None, _moment(rows["arrival_day"], arrives))
    name = "waybillNo" if facts.day >= LOGISTICS_FIELD_RENAMED_DAY else "waybill"
    parts = [
        f'{{"{name}":"YD', padded(number, 10),
        '","status":"', pc.if_else(nothing, "in_transit", "delivered"),
        '","carrier":{"code":"', chosen(directory.credit_codes, rows["carrier"]),
        '","name":"', spelled(directory, clerk, rows["carrier"]),
        '"},"shipper":{"name":"', spelled(directory, clerk, shipper),
        '"},"consignee":{"name":"', spelled(directory, clerk, consignee),
        '"},"goods":[{"sku":"',
        chosen(directory.product_codes, relations.product[relation]),
        '","qty":', whole(rows["quantity"]),
        ',"unit":"', chosen(directory.product_units, relations.product[relation]),
        '","lost":', pc.if_else(nothing, "null", whole(rows["lost"])),
        '}],"stops":[',
        *_stop(1, "pickup", _city(regions[shipper]), _moment(rows["sent_day"], leaves), left),
        ",",
        *_stop(2, "hub", _city(regions[rows["carrier"]]), _moment(halfway, leaves), at_hub),
        ",",
        *_stop(3, "delivery", _city(regions[consignee]),
               _moment(rows["planned_day"], due), arrived),
        "]}",
    ]  # fmt: skip
    yield Delivery(f"logistics/waybills_{facts.stamp}.jsonl", lines(parts))
