"""The names of trades, from `catalog/trades.yml`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from loomline.declarations import Declaration, read_declaration
from reports.parts import Words

UNKNOWN = Words("trade not known", "行业未知")
TradeNames = Mapping[str, Words]


class Division(Declaration):
    """A division of the classification: two digits, and its name in both languages."""

    code: str = Field(pattern=r"^\d\d$")
    name_en: str = Field(min_length=1)
    name_zh: str = Field(min_length=1)


class Divisions(Declaration):
    """The divisions that have a name here, and the standard that names them."""

    source: str
    divisions: tuple[Division, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_a_division_once(self) -> Self:
        codes = [one.code for one in self.divisions]
        if len(set(codes)) < len(codes):
            raise ValueError("a division is given twice")
        return self


def load_trade_names(catalog: Path) -> dict[str, Words]:
    """Names by code.

    Raises:
        CatalogueError: the file does not hold.
    """
    found = read_declaration(catalog / "trades.yml", Divisions)
    return {one.code: Words(one.name_en, one.name_zh) for one in found.divisions}


def named(code: str, names: TradeNames) -> Words:
    """A trade's code with its name; the code alone where it has none here."""
    if code == "unknown":
        return UNKNOWN
    name = names.get(code)
    return Words(code, code) if name is None else Words(f"{code} {name.english}", name.chinese)
