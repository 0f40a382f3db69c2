"""Lists of firms of a simulated ecosystem, as `silver.party` has them, with the truth and noise.

For `identity_train.py` and `identity_quality.py`. The files are read here without an engine, and
the truth of each record is drawn again from the seed.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from pypinyin import lazy_pinyin

from loomline.identity import NameWords
from simulator.dialects.bank_fixed_width import account_numbers
from simulator.dialects.erp_sap import company, partner
from simulator.dialects.facts import (
    factory_codes,
    firm_codes,
    meter_numbers,
)
from simulator.run import Parameters, simulate
from simulator.world.draw import World, draw_world
from simulator.world.firms import BANKS
from spark_jobs.linking.names import NameReader

KNOWN_AT = pd.Timestamp("2019-07-01 16:00:00")
COMPARED = ("legal_person", "phone", "address", "city")
# Of the outsiders, how many the register does not have: whoever is meant by their names is unknown.
UNLISTED_RATIO = 0.3
# Of the names without a code, how many get each kind of slip on top of the clerks' spellings.
NOISE_RATIO = 0.03
NOISE = (
    "homophone", "wrong sign", "missing sign", "missing place", "missing trade", "blanks",
    "full width",
)  # fmt: skip


@dataclass(frozen=True)
class Ecosystem:
    """Records, and by the key of each the party that is meant; parties below `firms` are ours."""

    records: pd.DataFrame
    firms: int
    owner_of: list[int]


def _read(files: Path, pattern: str, **options: object) -> pd.DataFrame:
    (path,) = files.glob(pattern)
    return pd.read_csv(path, dtype=str, keep_default_na=False, **options).drop_duplicates()


def _listed(
    rows: pd.DataFrame, system: str, role: str, columns: dict[str, str], owner: str | None = None
) -> pd.DataFrame:
    found = rows.rename(columns=columns)
    found["owner_code"] = rows[owner] if owner else "*"
    found["code_system"], found["party_role"] = system, role
    for column in ("credit_code", *COMPARED):
        if column not in found:
            found[column] = None
    keep = ["code_system", "owner_code", "party_role", "party_code", "party_name", "credit_code"]
    return found[[*keep, *COMPARED]]


def _lists(files: Path) -> pd.DataFrame:
    """All lists of firms in a folder of simulated files."""
    register = _read(files, "registry/*.csv", encoding="utf-8-sig")
    names = {
        "统一社会信用代码": "party_code", "企业名称": "party_name", "法定代表人": "legal_person",
        "联系电话": "phone", "注册地址": "address",
    }  # fmt: skip
    tax = {"企业代号": "party_code", "企业名称": "party_name", "纳税人识别号": "credit_code"}
    mes = {
        "工厂编码": "party_code", "工厂名称": "party_name", "信用代码": "credit_code",
        "地址": "address",
    }  # fmt: skip
    partners = {"NAME1": "party_name", "STCD5": "credit_code", "ORT01": "city"}
    lists = [
        _listed(register, "register", "enterprise", names),
        _listed(_read(files, "tax/taxpayers_*.csv"), "tax", "enterprise", tax),
        _listed(_read(files, "mes/工厂档案_*.csv", encoding="gb18030"), "mes", "enterprise", mes),
        _listed(
            _read(files, "meters/customers_*.csv"),
            *("grid", "enterprise", {"meter_no": "party_code", "customer": "party_name"}),
        ),
        _listed(
            _read(files, "erp_sap/T001_*.txt", sep="|"),
            *("sap", "enterprise", {"BUKRS": "party_code", "BUTXT": "party_name"}),
        ),
    ]
    for name, code, role in (("KNA1", "KUNNR", "customer"), ("LFA1", "LIFNR", "vendor")):
        rows = _read(files, f"erp_sap/{name}_*.txt", sep="|")
        lists.append(_listed(rows, "sap", role, partners | {code: "party_code"}, "BUKRS"))
    for path in sorted(files.glob("bank/CBCUS_*.txt")):
        lines = path.read_text(encoding="gb18030").splitlines()
        cut = [(line[2:21].strip(), line[21:39].strip(), line[39:]) for line in lines]
        rows = pd.DataFrame(cut, columns=["party_code", "credit_code", "party_name"])
        lists.append(_listed(rows.drop_duplicates(), "bank", "enterprise", {}))
    (path,) = files.glob("telemetry/devices_*.jsonl")
    owners = pd.read_json(path, lines=True)["owner"].drop_duplicates()
    sensors = pd.DataFrame({"party_code": owners, "party_name": owners})
    lists.append(_listed(sensors, "sensors", "enterprise", {}))
    return pd.concat(lists, ignore_index=True)


def _truth(world: World) -> dict[tuple[str, str, str, str], int]:
    """The party behind each key; spellings of the sensor platform are left to their names."""
    firms, size = len(world.firms), len(world.parties)
    every, parties = np.arange(firms), np.arange(size)
    truth = {}
    for system, codes in (
        ("tax", firm_codes(every)), ("mes", factory_codes(every)), ("grid", meter_numbers(every)),
        ("sap", company(every)),
        *(("bank", account_numbers(every, bank)) for bank in range(BANKS)),
    ):  # fmt: skip
        truth |= {(system, "*", "enterprise", code): i for i, code in enumerate(codes.to_pylist())}
    truth |= {
        ("register", "*", "enterprise", code): i
        for i, code in enumerate(world.parties.credit_codes)
    }
    for firm, owner in enumerate(company(every).to_pylist()):
        numbers = partner(np.full(size, firm), parties).to_pylist()
        for role in ("customer", "vendor"):
            truth |= {("sap", owner, role, number): i for i, number in enumerate(numbers)}
    return truth


@cache
def _homophones() -> dict[str, list[str]]:
    """The other common signs of the same sound, of the 3,755 of GB 2312's first level."""
    signs = [
        bytes((high, low)).decode("gb2312")
        for high in range(0xB0, 0xD8)
        for low in range(0xA1, 0xFF)
        if (high, low) <= (0xD7, 0xF9)
    ]
    by_sound: dict[str, list[str]] = {}
    for sign in signs:
        by_sound.setdefault(lazy_pinyin(sign)[0], []).append(sign)
    return {sign: [x for x in of if x != sign] for of in by_sound.values() for sign in of}


def with_slip(name: str, kind: str, reader: NameReader, words: NameWords, draw: int) -> str:
    """The name with one slip of that kind, or as it was where it has no place for it."""
    parts = reader.read(name)
    if not parts.core or parts.brand not in name:
        return name
    at = name.index(parts.brand) + draw % len(parts.brand)
    homophones = _homophones().get(name[at], [])
    common = sorted(_homophones())
    if kind == "homophone" and homophones:
        return name[:at] + homophones[draw % len(homophones)] + name[at + 1 :]
    if kind == "wrong sign":
        return name[:at] + common[draw * 7919 % len(common)] + name[at + 1 :]
    if kind == "missing sign" and len(parts.brand) > 2:
        return name[:at] + name[at + 1 :]
    if kind == "missing place" and parts.place:
        plain = name.replace(f"（{parts.place}）", "").replace(f"{parts.place}市", "", 1)
        return plain.replace(parts.place, "", 1).strip()
    if kind == "missing trade":
        return name.replace(parts.core, parts.brand)
    if kind == "blanks":
        return "　".join((name[:at], name[at:]))
    if kind == "full width":
        return name.replace("（", "(").replace("）", ") ") + "\u3000"
    return name


def read_ecosystem(seed: int, firms: int, reader: NameReader, words: NameWords) -> Ecosystem:
    """Simulate a day, read its lists, and plant slips and gaps.

    The records have `truth` (a party) and `noise` (the kind of slip, or how the clerk spells).
    """
    with tempfile.TemporaryDirectory() as folder:
        simulate(Parameters(firms, seed), 1, Path(folder), say=lambda _line: None)
        records = _lists(Path(folder) / "files")
    world = draw_world(seed, firms)
    truth = _truth(world)
    key = ["code_system", "owner_code", "party_role", "party_code"]
    records["truth"] = [truth.get(k, -1) for k in records[key].itertuples(index=False, name=None)]
    by_core = {
        (parts.core, parts.place): party
        for party, parts in enumerate(map(reader.read, world.parties.names))
    }
    is_sensor = records["code_system"] == "sensors"
    records.loc[is_sensor, "truth"] = [
        by_core[parts.core, parts.place]
        for parts in map(reader.read, records.loc[is_sensor, "party_name"])
    ]
    assert (records["truth"] >= 0).all()
    generator = np.random.default_rng(seed)
    is_outsider = (records["code_system"] == "register") & (records["truth"] >= firms)
    unlisted = is_outsider & (generator.random(len(records)) < UNLISTED_RATIO)
    records = records[~unlisted].reset_index(drop=True)
    records["noise"] = [
        "as registered" if name == world.parties.names[party] else "spelled by a clerk"
        for name, party in zip(records["party_name"], records["truth"], strict=True)
    ]
    no_code = (records["credit_code"].fillna("") == "") & ~records["code_system"].isin(
        ["register", "tax"]
    )
    kinds = generator.choice(
        [*NOISE, ""], len(records), p=[*[NOISE_RATIO] * len(NOISE), 1 - NOISE_RATIO * len(NOISE)]
    )
    draws = generator.integers(0, 10**6, len(records))
    for place in np.flatnonzero(no_code & (kinds != "")):
        name = str(records.at[place, "party_name"])
        slipped = with_slip(name, str(kinds[place]), reader, words, int(draws[place]))
        if slipped != name:
            records.loc[place, ["party_name", "noise"]] = [slipped, str(kinds[place])]
    is_latin = records["party_name"].str.match(r"[A-Za-z]")
    records.loc[is_latin, "noise"] = "Latin letters"
    records = records.assign(known_at=KNOWN_AT, superseded_at=pd.NaT)
    return Ecosystem(records, firms, world.parties.owner_of.tolist())
