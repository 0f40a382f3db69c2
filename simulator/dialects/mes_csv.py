"""A workshop system of Chinese make: CSV in GBK with Chinese headers, one file a kind and day.

From a certain day on the vendor adds a column for energy between two others.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from simulator.day.production import INSPECTION, JAM, OVERHAUL, RUN_MINUTES_A_DAY
from simulator.dialects.facts import Delivery, Facts, factory_codes
from simulator.disorder import MES_COLUMN_ADDED_DAY, Outbox
from simulator.frame import Frame
from simulator.randomness import Integers
from simulator.text import chosen, dates, decimal, listed, moments, padded, table, whole
from simulator.world.firms import MES_CSV

SHIFTS = listed(["早班", "中班", "晚班"])
STOPS = listed(["设备故障", "卡料停机", "例行点检", "大修保养"])
CLOSED = listed(["否", "是"])


def _gbk(content: bytes) -> bytes:
    return content.decode().encode("gbk")


def _by_machine(facts: Facts) -> Frame:
    """Work orders shared out among the machines that make the product; the parts add up."""
    machines, work = facts.world.machines, facts.events["work_orders"]
    makers = np.flatnonzero(machines.product >= 0)
    makers = makers[np.argsort(machines.product[makers], kind="stable")]
    count = np.bincount(machines.product[makers], minlength=len(facts.world.products))
    first = np.cumsum(count) - count
    share = count[work["product"]]
    rows = work.take(np.repeat(np.arange(len(work)), share))
    place = np.arange(len(rows)) - np.repeat(np.cumsum(share) - share, share)
    of = np.repeat(share, share)
    parts = {
        name: (rows[name] * (place + 1)) // of - (rows[name] * place) // of
        for name in ("target", "good", "scrap")
    }
    machine = makers[first[rows["product"]] + place]
    return rows.with_columns(machine=machine, firm=machines.firm[machine], **parts)


def _reports(facts: Facts, outbox: Outbox) -> Delivery:
    """Work reports by machine: target, output, scrap, minutes, and what the machine can make."""
    world, directory = facts.world, facts.directory
    work = _by_machine(facts)
    users = world.firms.mes == MES_CSV
    mine = work.with_columns(day=np.full(len(work), facts.day)).take(users[work["firm"]])
    rows = outbox.rows("mes_reports", "mes/生产报工", mine, "good")
    hourly = world.machines.units_milli_a_day[rows["machine"]] * 60 // RUN_MINUTES_A_DAY
    columns = {
        "工厂编码": factory_codes(rows["firm"]),
        "工单号": padded(rows["work_order"], 10),
        "设备编号": chosen(directory.machine_codes, rows["machine"]),
        "产品编码": chosen(directory.product_codes, rows["product"]),
        "产品名称": chosen(directory.products, rows["product"]),
        "单位": chosen(directory.product_units, rows["product"]),
        "计划数量": whole(rows["target"]),
        "合格数量": whole(rows["good"]),
        "报废数量": whole(rows["scrap"]),
        "运行分钟": whole(rows["minutes"]),
        "额定产能(每小时)": decimal(hourly, 3),
        "耗电量(千瓦时)": decimal(_energy(facts, rows), 1),
        "班次": chosen(SHIFTS, rows["work_order"] % len(SHIFTS)),
        "生产日期": dates(rows["day"], "%Y/%m/%d"),
        "是否更正": chosen(CLOSED, rows["is_correction"]),
    }
    if facts.day < MES_COLUMN_ADDED_DAY:
        del columns["耗电量(千瓦时)"]
    content = _gbk(table(list(columns.values()), ",", list(columns)))
    return Delivery(f"mes/生产报工_{facts.stamp}.csv", content)


def _energy(facts: Facts, rows: Frame) -> Integers:
    """Energy of a report in tenths of a kilowatt-hour: minutes at the power of its machine."""
    tenths: Integers = facts.world.machines.watts[rows["machine"]] * rows["minutes"] // 6000
    return tenths


def _machine_events(facts: Facts, outbox: Outbox) -> Delivery:
    """Stops and maintenance of machines."""
    world, directory = facts.world, facts.directory
    events = facts.events["machine_events"]
    firm = world.machines.firm[events["machine"]]
    users = world.firms.mes == MES_CSV
    mine = events.with_columns(firm=firm, day=np.full(len(events), facts.day)).take(users[firm])
    rows = outbox.rows("mes_machine_events", "mes/设备事件", mine)
    start = rows["start_minute"] * 60 + rows["machine_event"] % 60
    columns = {
        "工厂编码": factory_codes(rows["firm"]),
        "设备编号": chosen(directory.machine_codes, rows["machine"]),
        "事件编号": padded(rows["machine_event"], 10),
        "事件类型": chosen(STOPS, rows["kind"]),
        "开始时间": moments(rows["day"], start),
        "结束时间": moments(rows["day"], start + rows["minutes"] * 60),
        "是否保养": chosen(CLOSED, np.isin(rows["kind"], (INSPECTION, OVERHAUL)).astype(np.int64)),
        "是否停机": chosen(CLOSED, (rows["kind"] <= JAM).astype(np.int64)),
    }
    content = _gbk(table(list(columns.values()), ",", list(columns)))
    return Delivery(f"mes/设备事件_{facts.stamp}.csv", content)


def mes_csv(facts: Facts, outbox: Outbox) -> Iterable[Delivery]:
    """Work reports and machine events of the firms that use this system."""
    yield _reports(facts, outbox)
    yield _machine_events(facts, outbox)
