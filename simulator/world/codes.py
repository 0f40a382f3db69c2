"""Codes of firms: the unified social credit code with its two check characters (GB 32100)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.randomness import Integers

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int64)
CODE_WEIGHTS = np.array([pow(3, place, 31) for place in range(17)], dtype=np.int64)


def credit_codes(region_code: NDArray[np.str_], serial: Integers) -> list[str]:
    """Unified social credit codes of enterprises; `serial` is below 10**8 and unique."""
    digits = serial[:, None] // 10 ** np.arange(7, -1, -1) % 10
    check = (11 - (digits * ORGANISATION_WEIGHTS).sum(axis=1) % 11) % 11
    # An organisation's check is a digit or, for ten, X: place 29 of the alphabet.
    organisation_check = np.where(check == 10, ALPHABET.index("X"), check)
    region = np.array([[int(sign) for sign in code] for code in region_code], dtype=np.int64)
    head = np.tile(np.array([9, 1], dtype=np.int64), (len(serial), 1))
    body = np.column_stack([head, region.reshape(len(serial), 6), digits, organisation_check])
    last = (31 - (body * CODE_WEIGHTS).sum(axis=1) % 31) % 31
    signs = np.column_stack([body, last])
    return ["".join(ALPHABET[place] for place in row) for row in signs.tolist()]


def is_credit_code(text: str) -> bool:
    """Whether both check characters of a unified social credit code hold."""
    if len(text) != 18 or any(sign not in ALPHABET for sign in text):
        return False
    places = np.array([ALPHABET.index(sign) for sign in text], dtype=np.int64)
    check = (11 - int((places[8:16] * ORGANISATION_WEIGHTS).sum()) % 11) % 11
    organisation_holds = text[16] == ("X" if check == 10 else str(check))
    return (
        organisation_holds
        and (31 - int((places[:17] * CODE_WEIGHTS).sum()) % 31) % 31 == places[17]
    )
