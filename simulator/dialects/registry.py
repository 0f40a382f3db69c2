"""Who is who: the public company registry, and the customer lists of the other systems.

Every system knows a firm under a code of its own, and spells its name in its own way; the registry
alone has all in full. What links them is left to the reader of the files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulator.dialects.bank_fixed_width import account_numbers
from simulator.dialects.facts import Delivery, Facts, factory_codes, firm_codes, spelled
from simulator.disorder import Outbox
from simulator.frame import make_frame
from simulator.randomness import Integers
from simulator.telemetry.messages import sensor_names
from simulator.text import chosen, dates, lines, listed, table
from simulator.world.firms import BANKS, MES_CSV
from simulator.world.trades import TRADES

SOURCE = "registry"
# Owners that stand for systems when names are spelled.
TAX_CLERK, MES_CLERK, SENSOR_CLERK = 80_001, 80_002, 80_003
STATES = listed(["存续", "吊销"])


def _registry(facts: Facts, outbox: Outbox) -> Delivery:
    """Enterprises and outsiders: legal person, phone, address, trade, date of founding, status."""
    world, parties = facts.world, facts.world.parties
    count, size = len(world.firms), len(parties)
    founded = np.full(size, -3000, dtype=np.int64)
    founded[:count] = world.firms.founded_day
    failed = np.zeros(size, dtype=np.int64)
    failed[:count] = facts.state.failed_day >= 0
    every = make_frame(size, party=np.arange(size), founded=founded, failed=failed)
    rows = outbox.rows(SOURCE, "registry/企业登记", every)
    party = rows["party"]
    columns = {
        "统一社会信用代码": chosen(facts.directory.credit_codes, party),
        "企业名称": chosen(facts.directory.names, party),
        "法定代表人": chosen(listed(parties.legal_people), party),
        "联系电话": chosen(listed(parties.phones), party),
        "注册地址": chosen(listed(parties.addresses), party),
        "行业代码": chosen(listed([kind.industry_code for kind in TRADES]), parties.trades[party]),
        "成立日期": dates(rows["founded"]),
        "登记状态": chosen(STATES, rows["failed"]),
    }
    content = b"\xef\xbb\xbf" + table(list(columns.values()), ",", list(columns))
    return Delivery(f"registry/企业登记_{facts.stamp}.csv", content)


def _some_codes(facts: Facts, firm: Integers, clerk: int) -> pa.Array:
    """Credit codes, missing where the clerk did not ask for them."""
    asked = pa.array((firm * 11 + clerk) % 4 > 0)
    return pc.if_else(asked, chosen(facts.directory.credit_codes, firm), "")


def _tax_payers(facts: Facts, outbox: Outbox) -> Delivery:
    """The tax platform's list of enterprises."""
    every = np.arange(len(facts.world.firms))
    firm = outbox.rows(SOURCE, "tax/taxpayers", make_frame(len(every), firm=every))["firm"]
    columns = {
        "企业代号": firm_codes(firm),
        "企业名称": chosen(facts.directory.names, firm),
        "纳税人识别号": chosen(facts.directory.credit_codes, firm),
    }
    content = table(list(columns.values()), ",", list(columns))
    return Delivery(f"tax/taxpayers_{facts.stamp}.csv", content)


def _mes_factories(facts: Facts, outbox: Outbox) -> Delivery:
    """The workshop system's list of factories: names as typed, some without a code."""
    ours = np.flatnonzero(facts.world.firms.mes == MES_CSV)
    firm = outbox.rows(SOURCE, "mes/工厂档案", make_frame(len(ours), firm=ours))["firm"]
    columns = {
        "工厂编码": factory_codes(firm),
        "工厂名称": spelled(facts.directory, np.full(len(firm), MES_CLERK), firm),
        "信用代码": _some_codes(facts, firm, MES_CLERK),
        "地址": chosen(listed(facts.world.parties.addresses), firm),
    }
    content = table(list(columns.values()), ",", list(columns)).decode().encode("gbk")
    return Delivery(f"mes/工厂档案_{facts.stamp}.csv", content)


def _bank_customers(facts: Facts, outbox: Outbox, bank: int) -> Delivery:
    """A bank's customers: account, credit code, name as the branch spelled it."""
    ours = np.flatnonzero(facts.world.firms.bank == bank)
    rows = outbox.rows(SOURCE, f"bank/CBCUS_B{bank + 1}", make_frame(len(ours), firm=ours))
    firm = rows["firm"]
    code = pc.utf8_rpad(_some_codes(facts, firm, 90_001 + bank), 18, " ")
    name = spelled(facts.directory, np.full(len(firm), 90_001 + bank), firm)
    content = lines(["00", account_numbers(firm, bank), code, name]).decode().encode("gbk")
    return Delivery(f"bank/CBCUS_B{bank + 1}_{facts.stamp}.txt", content)


def _sensor_sites(facts: Facts, outbox: Outbox) -> Delivery:
    """The sensor platform's machines: site, owner as spelled, what each sensor measures."""
    world, machines = facts.world, facts.world.machines
    every = make_frame(len(machines), machine=np.arange(len(machines)))
    rows = outbox.rows(SOURCE, "telemetry/devices", every)
    machine = rows["machine"]
    firm = machines.firm[machine]
    owners = spelled(facts.directory, np.full(len(firm), SENSOR_CLERK), firm).to_pylist()
    codes = chosen(facts.directory.machine_codes, machine).to_pylist()
    trade = world.firms.trade[firm]
    kinds = listed([kind.machine_words[0] for kind in TRADES])
    words = chosen(kinds, trade).to_pylist()
    sites = chosen(facts.directory.site_codes, firm).to_pylist()
    yards, vendors = machines.site[machine].tolist(), world.firms.sensors[firm].tolist()
    sensors = [
        [{"name": name, "unit": unit} for name, unit in sensor_names(vendor, kind)]
        for vendor, kind in zip(vendors, trade.tolist(), strict=True)
    ]
    text = "".join(
        json.dumps(
            {"device": code, "type": word, "site": f"{site}-{yard}", "owner": owner, "sensors": of},
            ensure_ascii=False,
        )
        + "\n"
        for code, word, site, yard, owner, of in zip(
            codes, words, sites, yards, owners, sensors, strict=True
        )
    )
    return Delivery(f"telemetry/devices_{facts.stamp}.jsonl", text.encode())


def registry(facts: Facts, outbox: Outbox) -> Iterable[Delivery]:
    """All lists, on the first day of each month."""
    if not facts.sends_lists:
        return
    yield _registry(facts, outbox)
    yield _tax_payers(facts, outbox)
    yield _mes_factories(facts, outbox)
    for bank in range(BANKS):
        yield _bank_customers(facts, outbox, bank)
    yield _sensor_sites(facts, outbox)
