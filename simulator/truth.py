"""The truth, as Parquet, for evaluation alone: no job of the lake may read this folder.

Each table is a folder such as `defaults.parquet/` with a file a day, which every reader takes for
one table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from simulator.calendar import date_of, dates_of
from simulator.dialects.bank_fixed_width import account_numbers
from simulator.dialects.erp_sap import company
from simulator.dialects.facts import Directory, Facts, factory_codes, firm_codes, meter_numbers
from simulator.disorder import Sent
from simulator.text import chosen
from simulator.world.cheats import CHEAT_NAMES, HONEST
from simulator.world.draw import World
from simulator.world.firms import BANKS, ERP_SAP, MES_CSV
from simulator.world.trades import TRADES


def _write(folder: Path, name: str, day: int, columns: Mapping[str, Any]) -> None:
    target = folder / f"{name}.parquet"
    target.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(dict(columns)), target / f"{date_of(day)}.parquet")


def write_world_truth(folder: Path, world: World, directory: Directory) -> None:
    """Who everybody is, under which codes, and who cheats how; written before the first day."""
    _write_identities(folder, world, directory)
    firms, parties = world.firms, world.parties
    every = np.arange(len(firms))
    codes = firm_codes(every).to_pylist()
    _write(
        folder,
        "enterprises",
        0,
        {
            "enterprise_id": codes,
            "credit_code": parties.credit_codes[: len(firms)],
            "name": parties.names[: len(firms)],
            "trade": [TRADES[kind].name for kind in firms.trade.tolist()],
            "tier": firms.tier,
            "margin_permille": firms.margin_permille,
            "turnover_fen_a_day": firms.turnover_fen_a_day,
            "shock_date": _dates(firms.shock_day),
            "has_loan": np.isin(every, world.loans.firm),
        },
    )
    cheating = np.flatnonzero(firms.cheat != HONEST)
    _write(
        folder,
        "cheats",
        0,
        {
            "enterprise_id": [codes[index] for index in cheating.tolist()],
            "kind": [CHEAT_NAMES[kind] for kind in firms.cheat[cheating].tolist()],
            "circle": firms.cheat_group[cheating],
            "first_date": _dates(firms.cheat_day[cheating]),
        },
    )
    owned = np.flatnonzero(parties.owner_of >= 0)
    _write(
        folder,
        "related_parties",
        0,
        {
            "enterprise_id": [codes[index] for index in parties.owner_of[owned].tolist()],
            "related_credit_code": [parties.credit_codes[index] for index in owned.tolist()],
        },
    )


def _write_identities(folder: Path, world: World, directory: Directory) -> None:
    """The code of each enterprise in each system that has one for it."""
    firms = world.firms
    every = np.arange(len(firms))
    in_workshop = np.flatnonzero(firms.mes == MES_CSV)
    in_sap = np.flatnonzero(firms.erp == ERP_SAP)
    systems = [
        ("tax platform", every, firm_codes(every)),
        ("grid", every, meter_numbers(every)),
        ("sensor platform", every, directory.site_codes),
        ("workshop system", in_workshop, factory_codes(in_workshop)),
        ("sap", in_sap, company(in_sap)),
    ]
    for bank in range(BANKS):
        ours = np.flatnonzero(firms.bank == bank)
        systems.append((f"bank {bank + 1}", ours, account_numbers(ours, bank)))
    names, firm, code = [], [], []
    for name, known, codes in systems:
        names += [name] * len(known)
        firm += firm_codes(known).to_pylist()
        code += codes.to_pylist()
    columns = {"enterprise_id": firm, "system": names, "code": code}
    _write(folder, "identities", 0, columns)


def _dates(days: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> pa.Array:
    return pa.array(dates_of(days), pa.date32(), mask=days < 0)


def write_day_truth(folder: Path, facts: Facts, sent: Sequence[Sent]) -> None:
    """Defaults, failures and wear of a day, and what was sent."""
    day, events, world = facts.day, facts.events, facts.world
    defaults, failures = events["defaults"], events["failures"]
    if len(defaults):
        _write(
            folder,
            "defaults",
            day,
            {
                "enterprise_id": firm_codes(defaults["firm"]),
                "default_date": [date_of(day)] * len(defaults),
                "unpaid_since": _dates(defaults["unpaid_since"]),
                "exposure_fen": defaults["due_fen"] + defaults["left_fen"],
            },
        )
    if len(failures):
        _write(
            folder,
            "failures",
            day,
            {
                "enterprise_id": firm_codes(failures["firm"]),
                "failure_date": [date_of(day)] * len(failures),
            },
        )
    runs = events["machine_runs"]
    _write(
        folder,
        "wear",
        day,
        {
            "date": _dates(np.full(len(runs), day)),
            "machine": chosen(facts.directory.machine_codes, runs["machine"]),
            "enterprise_id": firm_codes(world.machines.firm[runs["machine"]]),
            "wear_per_million": runs["wear"],
            "run_minutes": runs["minutes"],
            "failed": runs["stopped"] > 0,
        },
    )
    _write(
        folder,
        "sent",
        day,
        {
            "source": [entry.source for entry in sent],
            "stream": [entry.stream for entry in sent],
            "date": [date_of(day)] * len(sent),
            "facts": [entry.facts for entry in sent],
            "rows": [entry.rows for entry in sent],
            "duplicates": [entry.duplicates for entry in sent],
            "held_back": [entry.held_back for entry in sent],
            "arrears": [entry.arrears for entry in sent],
            "wrong": [entry.wrong for entry in sent],
            "lost": [entry.lost for entry in sent],
        },
    )
