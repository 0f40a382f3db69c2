"""Sensor messages: MQTT payloads of two vendors, and node values of OPC UA servers, as JSON lines.

Vendor A sends a machine's three readings in one message, in metric units, stamped in milliseconds.
Vendor B sends each reading alone, in the units of its home (degF, psi, mph, tenths of a rotation),
stamped in local time. OPC UA servers keep both the moment of the source and their own. A line of an
MQTT file has the topic, the moment of sending and the payload, for a gateway to publish.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np
import pyarrow as pa

from simulator.calendar import FIRST_DATE
from simulator.dialects.facts import Delivery, Facts
from simulator.disorder import Outbox
from simulator.frame import Frame
from simulator.randomness import Draws, Integers
from simulator.telemetry.readings import BLOCKS_A_DAY, Density, block_readings, machines_today
from simulator.text import chosen, decimal, lines, listed, moments, whole
from simulator.world.firms import SENSORS_A, SENSORS_B, SENSORS_OPC_UA
from simulator.world.machines import SENSOR_KINDS, SENSORS_A_MACHINE

UTC_OFFSET_SECONDS = 8 * 3600
EPOCH_SECONDS = int(np.datetime64(FIRST_DATE, "s").astype(np.int64)) - UTC_OFFSET_SECONDS
DAY_SECONDS = 86_400
# How vendor B says a unit: its own unit, tag, factor (numerator, denominator) and offset in
# thousandths of its unit.
VENDOR_B_UNITS = {
    "degC": ("degF", "TEMP_F", 9, 5, 32_000),
    "bar": ("psi", "PRESS_PSI", 145_038, 10_000, 0),
    "rpm": ("rpm_x10", "SPEED_X10", 10, 1, 0),
    "kW": ("W", "POWER_W", 1000, 1, 0),
    "m3/h": ("l/min", "FLOW_LPM", 16_667, 1000, 0),
    "mm/s": ("in/s", "VIB_IPS", 5, 127, 0),
    "km/h": ("mph", "SPEED_MPH", 621_371, 1_000_000, 0),
    "l/h": ("gal/h", "FLOW_GPH", 264_172, 1_000_000, 0),
    "%": ("%", "{name}_PCT", 1, 1, 0),
}


def _kind(facts: Facts, machine: Integers, sensor: Integers) -> Integers:
    """Index of what a sensor measures, among all kinds of all trades."""
    trade = facts.world.firms.trade[facts.world.machines.firm[machine]]
    kind: Integers = trade * SENSORS_A_MACHINE + sensor
    return kind


def _all_kinds() -> list[tuple[str, str]]:
    return [(kind.name, kind.unit) for kinds in SENSOR_KINDS for kind in kinds]


NAMES = listed([name for name, _ in _all_kinds()])
NODE_NAMES = listed(["".join(w.title() for w in name.split("_")) for name, _ in _all_kinds()])
B_UNITS = listed([VENDOR_B_UNITS[unit][0] for _, unit in _all_kinds()])
B_TAGS = listed([VENDOR_B_UNITS[unit][1].format(name=name.upper()) for name, unit in _all_kinds()])
B_RULES = np.array([VENDOR_B_UNITS[unit][2:] for _, unit in _all_kinds()], dtype=np.int64)


@cache
def sensor_names(vendor: int, trade: int) -> tuple[tuple[str, str], ...]:
    """Name and unit of each sensor of a trade's machines, as the vendor's messages have them."""
    kinds = range(trade * SENSORS_A_MACHINE, (trade + 1) * SENSORS_A_MACHINE)
    names = {SENSORS_A: NAMES, SENSORS_B: B_TAGS, SENSORS_OPC_UA: NODE_NAMES}[vendor]
    units = [unit for _, unit in _all_kinds()]
    return tuple(
        (names[kind].as_py(), B_UNITS[kind].as_py() if vendor == SENSORS_B else units[kind])
        for kind in kinds
    )


def _source_second(facts: Facts, rows: Frame) -> Integers:
    """Seconds since the first midnight by the machine's own clock, which may be wrong."""
    drift = facts.world.machines.clock_drift_seconds[rows["machine"]]
    return _true_second(rows) + drift


def _true_second(rows: Frame) -> Integers:
    """Seconds since the first midnight at which the reading was made; each machine has its beat."""
    second: Integers = rows["day"] * DAY_SECONDS + rows["minute"] * 60 + rows["machine"] * 7 % 60
    return second


def _milliseconds(second: Integers) -> pa.Array:
    return whole((second + EPOCH_SECONDS) * 1000)


def _sent_at(rows: Frame) -> pa.Array:
    """When the gateway got it: soon, or for arrears after the connection came back."""
    return _milliseconds(_true_second(rows) + 1 + rows["machine"] % 5 + rows["delay"] * DAY_SECONDS)


def _vendor_a(facts: Facts, rows: Frame) -> bytes:
    """A message a machine and moment."""
    machine, directory = rows["machine"], facts.directory
    code = chosen(directory.machine_codes, machine)
    firm = facts.world.machines.firm[machine]
    metrics: list[object] = []
    for sensor in range(SENSORS_A_MACHINE):
        name = chosen(NAMES, _kind(facts, machine, np.full(len(rows), sensor)))
        metrics += ['"' if sensor == 0 else ',"', name, '":', decimal(rows[f"value_{sensor}"], 3)]
    return lines(
        [
            '{"topic":"factory/', chosen(directory.site_codes, firm), "/", code,
            '/telemetry","sent_at":', _sent_at(rows),
            ',"payload":{"deviceId":"', code,
            '","ts":', _milliseconds(_source_second(facts, rows)),
            ',"metrics":{', *metrics, "}}}",
        ]
    )  # fmt: skip


def _vendor_b(facts: Facts, rows: Frame) -> bytes:
    """A message a sensor and moment, in the vendor's own units."""
    kind = _kind(facts, rows["machine"], rows["sensor"])
    rule = B_RULES[kind]
    value = rows["value"] * rule[:, 0] // rule[:, 1] + rule[:, 2]
    code = chosen(facts.directory.machine_codes, rows["machine"])
    source = _source_second(facts, rows)
    local = moments(source // DAY_SECONDS, source % DAY_SECONDS, "%Y-%m-%dT%H:%M:%S+08:00")
    tag = chosen(B_TAGS, kind)
    return lines(
        [
            '{"topic":"v1/devices/', code, "/", tag, '","sent_at":', _sent_at(rows),
            ',"payload":{"d":"', code, '","t":"', local, '","tag":"', tag,
            '","v":', decimal(value, 3), ',"u":"', chosen(B_UNITS, kind), '","q":192}}',
        ]
    )  # fmt: skip


def _opc_ua(facts: Facts, rows: Frame) -> bytes:
    """A value a node and moment."""
    machine = rows["machine"]
    kind = _kind(facts, machine, rows["sensor"])
    firm = facts.world.machines.firm[machine]
    source, server = _source_second(facts, rows), _true_second(rows) + 1
    pattern = "%Y-%m-%dT%H:%M:%SZ"
    return lines(
        [
            '{"endpoint":"opc.tcp://', chosen(facts.directory.site_codes, firm),
            ':4840","node":"ns=2;s=', chosen(facts.directory.machine_codes, machine), ".",
            chosen(NODE_NAMES, kind), '","value":', decimal(rows["value"], 3),
            ',"status":"Good","source_time":"',
            moments(source // DAY_SECONDS, source % DAY_SECONDS - UTC_OFFSET_SECONDS, pattern),
            '","server_time":"',
            moments(server // DAY_SECONDS, server % DAY_SECONDS - UTC_OFFSET_SECONDS, pattern),
            '"}',
        ]
    )  # fmt: skip


def _each_alone(frame: Frame) -> Frame:
    """A row a sensor instead of one a machine; the readings of a machine stay together."""
    size = len(frame)
    values = np.stack([frame[f"value_{sensor}"] for sensor in range(SENSORS_A_MACHINE)], axis=1)
    row = np.repeat(np.arange(size), SENSORS_A_MACHINE)
    narrow = Frame({name: frame[name] for name in ("machine", "minute", "day")}).take(row)
    sensor = np.tile(np.arange(SENSORS_A_MACHINE, dtype=np.int64), size)
    return narrow.with_columns(sensor=sensor, value=values.ravel())


VENDORS = (
    (SENSORS_A, "telemetry_a", "mqtt_vendor_a", _vendor_a),
    (SENSORS_B, "telemetry_b", "mqtt_vendor_b", _vendor_b),
    (SENSORS_OPC_UA, "telemetry_opc_ua", "opc_ua", _opc_ua),
)


def telemetry(facts: Facts, outbox: Outbox, density: Density) -> Iterable[Delivery]:
    """A file a vendor and day, written block by block."""
    machines = facts.world.machines
    # Who has ceased has switched off.
    runs = (facts.state.failed_day < 0)[machines.firm]
    for vendor, source, folder, _ in VENDORS:
        uses = runs & (facts.world.firms.sensors[machines.firm] == vendor)
        stream = f"telemetry/{folder}"
        chunks = _blocks(facts, outbox, density, np.flatnonzero(uses), (source, stream))
        yield Delivery(f"{stream}_{facts.stamp}.jsonl", chunks)


def _blocks(
    facts: Facts,
    outbox: Outbox,
    density: Density,
    machine: Integers,
    source_and_stream: tuple[str, str],
) -> Iterator[bytes]:
    """The bytes of a file, a block of the day at a time."""
    source, stream = source_and_stream
    write = {entry[1]: entry[3] for entry in VENDORS}[source]
    draws = Draws(outbox.draws.seed, facts.day)
    today = machines_today(facts, draws, machine)
    for block in range(BLOCKS_A_DAY):
        readings = block_readings(today, draws, density, block, source)
        readings = readings.with_columns(day=np.full(len(readings), facts.day, dtype=np.int64))
        if source != "telemetry_a":
            readings = _each_alone(readings)
        rows = outbox.rows(source, f"{stream}#{block}", readings)
        yield write(facts, rows.with_columns(delay=facts.day - rows["day"]))
