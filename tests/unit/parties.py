"""Planted lists of firms: the tax platform's, the register's, and records that may mean them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.world.codes import credit_codes

_CODES = credit_codes(np.array(["330600"] * 4), np.array([11_111_111, 22_222_222, 33_333_333, 4]))
FIRMS: dict[str, dict[str, object]] = {
    "E1": {
        "party_name": "绍兴大恒通纺织有限公司",
        "credit_code": _CODES[0],
        "legal_person": "王伟芳",
        "phone": "13980487849",
        "address": "浙江省绍兴市工业园161号",
    },
    "E2": {
        "party_name": "绍兴大瑞通玻璃有限公司",
        "credit_code": _CODES[1],
        "legal_person": "李军",
        "phone": "13107392541",
        "address": "浙江省绍兴市高新路7号",
    },
}
# On the register, and no enterprise of the lake.
OUTSIDER: dict[str, object] = {"party_name": "绍兴大恒达纺织有限公司", "credit_code": _CODES[2]}
# Owned by the owner of E1, and another firm.
RELATED: dict[str, object] = {
    name: FIRMS["E1"][name] for name in ("legal_person", "phone", "address")
}


def party(
    system: str,
    code: str,
    known_at: pd.Timestamp,
    superseded_at: pd.Timestamp | None = None,
    **values: object,
) -> dict[str, object]:
    """A row of `silver.party`, as far as linking looks at it."""
    nothing = dict.fromkeys(
        ("party_name", "credit_code", "legal_person", "phone", "address", "city")
    )
    key = {"code_system": system, "owner_code": "*", "party_role": "enterprise"}
    moments = {"known_at": known_at, "superseded_at": superseded_at or pd.NaT}
    return {**nothing, **key, "party_code": code, **moments, **values}


def lists(known_at: pd.Timestamp) -> list[dict[str, object]]:
    """The tax platform's list and the register's."""
    tax = [
        party("tax", firm, known_at, party_name=of["party_name"], credit_code=of["credit_code"])
        for firm, of in FIRMS.items()
    ]
    register = [
        party("register", str(of["credit_code"]), known_at, **of)
        for of in (*FIRMS.values(), OUTSIDER)
    ]
    return [*tax, *register]
