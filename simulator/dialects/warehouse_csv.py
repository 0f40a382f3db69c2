"""Warehouses: hourly readings of halls in UTC, receipts over stored lots, counts of lots."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from simulator.dialects.facts import Delivery, Facts
from simulator.disorder import Outbox
from simulator.frame import joined, make_frame
from simulator.text import chosen, dates, decimal, listed, moments, padded, table, whole
from simulator.world.machines import SENSOR_KINDS
from simulator.world.trades import WAREHOUSE

UTC_OFFSET_SECONDS = 8 * 3600
HOURS = 24
BANK_NAMES = listed(["城市商业银行", "农村商业银行"])
LOT_STATES = listed(["质押中", "已解押"])


def _readings(facts: Facts, outbox: Outbox) -> Delivery:
    """Temperature, humidity and occupancy of each hall, hour by hour."""
    machines = facts.world.machines
    halls = np.flatnonzero(facts.world.firms.trade[machines.firm] == WAREHOUSE)
    hall, hour = np.repeat(halls, HOURS), np.tile(np.arange(HOURS), len(halls))
    noise = outbox.draws.normal("hall readings", (3, len(hall)))
    kinds = SENSOR_KINDS[WAREHOUSE]
    # The afternoon is warmer by up to two degrees.
    warm = 2000 - 250 * np.abs(hour - 14)
    values = [kind.at_work + kind.noise * noise[place] // 1000 for place, kind in enumerate(kinds)]
    every = make_frame(
        len(hall),
        hall=hall,
        hour=hour,
        day=facts.day,
        temperature=values[0] + np.maximum(warm, 0),
        humidity=values[1],
        occupancy=values[2],
    )
    rows = outbox.rows("warehouse_readings", "warehouse/readings", every)
    firm = machines.firm[rows["hall"]]
    second = rows["hour"] * 3600 - UTC_OFFSET_SECONDS + rows["hall"] % 60
    columns = {
        "warehouse": chosen(facts.directory.credit_codes, firm),
        "hall": chosen(facts.directory.machine_codes, rows["hall"]),
        "read_at": moments(rows["day"], second, "%Y-%m-%dT%H:%M:%SZ"),
        "temperature_c": decimal(rows["temperature"], 3),
        "humidity_pct": decimal(rows["humidity"], 3),
        "occupancy_pct": decimal(rows["occupancy"], 3),
    }
    content = table(list(columns.values()), ",", list(columns))
    return Delivery(f"warehouse/readings_{facts.stamp}.csv", content)


def _receipts(facts: Facts, outbox: Outbox) -> Delivery:
    """Warehouse receipts as they are pledged and released."""
    directory = facts.directory
    parts = []
    for event, state in (("pledges", 0), ("pledges_ended", 1)):
        frame = facts.events[event]
        parts.append(frame.with_columns(state=np.full(len(frame), state, dtype=np.int64)))
    rows = outbox.rows("warehouse_receipts", "warehouse/仓单", joined(parts))
    columns = {
        "仓单编号": pa.compute.binary_join_element_wise("CD", padded(rows["receipt"], 10), ""),
        "批次号": pa.compute.binary_join_element_wise("LOT", padded(rows["lot"], 10), ""),
        "存货人": chosen(directory.names, rows["firm"]),
        "存货人信用代码": chosen(directory.credit_codes, rows["firm"]),
        "仓库": chosen(directory.names, rows["warehouse"]),
        "品名": chosen(directory.products, rows["product"]),
        "数量": whole(rows["quantity"]),
        "单位": chosen(directory.product_units, rows["product"]),
        "质权人": chosen(BANK_NAMES, rows["bank"]),
        "质押金额": decimal(rows["amount_fen"], 2),
        "出单日期": dates(rows["start_day"]),
        "到期日期": dates(rows["end_day"]),
        "状态": chosen(LOT_STATES, rows["state"]),
    }
    content = table(list(columns.values()), ",", list(columns))
    return Delivery(f"warehouse/仓单_{facts.stamp}.csv", content)


def _lot_counts(facts: Facts, outbox: Outbox) -> Delivery:
    """What the warehouse counts of each pledged lot; it can't count more than there is."""
    pledges = facts.state.book("pledges")
    there = facts.state.product_units[pledges["product"]]
    counted = pledges.with_columns(
        counted=np.minimum(pledges["quantity"], there),
        day=np.full(len(pledges), facts.day, dtype=np.int64),
    )
    rows = outbox.rows("warehouse_readings", "warehouse/lot_counts", counted)
    columns = {
        "receipt": pa.compute.binary_join_element_wise("CD", padded(rows["receipt"], 10), ""),
        "counted_at": moments(rows["day"], 9 * 3600 + rows["receipt"] % 3600),
        "pledged_quantity": whole(rows["quantity"]),
        "counted_quantity": whole(rows["counted"]),
    }
    content = table(list(columns.values()), ",", list(columns))
    return Delivery(f"warehouse/lot_counts_{facts.stamp}.csv", content)


def warehouse_csv(facts: Facts, outbox: Outbox) -> Iterable[Delivery]:
    """Readings, receipts and counts of a day."""
    yield _readings(facts, outbox)
    yield _receipts(facts, outbox)
    yield _lot_counts(facts, outbox)
