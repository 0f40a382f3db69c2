"""What people say about identities: `catalog/identity.yml`, and how names are taken apart."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from loomline.declarations import Declaration, catalogue_error, read_declaration
from loomline.tables import load_tables

EVERYBODY = "*"
# SQL: the codes of a system that are the firm's own, and not its place in another firm's list.
OWN_CODE = f"party_role = 'enterprise' and owner_code = '{EVERYBODY}'"
# What comes before a system where a code of it is that of a machine.
MACHINE_CODES = "machines of "


class Mention(Declaration):
    """Columns of a canonical table that name firms, by a code, a spelling or both.

    `owner` is the column of the enterprise whose own list the code is of.
    """

    table: str
    code: str | None = None
    name: str | None = None
    owner: str | None = None
    role: Literal["enterprise", "customer", "vendor"] = "enterprise"

    @model_validator(mode="after")
    def _names_a_firm(self) -> Self:
        if self.code is None and self.name is None:
            raise ValueError("code or name must be given")
        return self


class Decision(Declaration):
    """A person's word on a link: which code or spelling, which enterprise, who, when and why."""

    code_system: str = Field(min_length=1)
    owner_code: str = Field(default=EVERYBODY, min_length=1)
    party_role: Literal["enterprise", "customer", "vendor"] = "enterprise"
    party_code: str = Field(min_length=1)
    enterprise_id: str = Field(min_length=1)
    decided_by: str = Field(min_length=1)
    decided_on: date
    reason: str = Field(min_length=1)

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What a link is known by."""
        return self.code_system, self.owner_code, self.party_role, self.party_code


class Identity(Declaration):
    """`catalog/identity.yml`: what is linked with what, from which probability, and decisions."""

    enterprise_code_system: str
    link_probability: float = Field(gt=0.5, lt=1)
    review_probability: float = Field(gt=0, lt=1)
    mentions: tuple[Mention, ...]
    confirmed: tuple[Decision, ...]
    rejected: tuple[Decision, ...]

    @model_validator(mode="after")
    def _asks_below_what_it_links(self) -> Self:
        if self.review_probability >= self.link_probability:
            raise ValueError("review_probability must be below link_probability")
        return self


class TradeWords(Declaration):
    """Words for one trade at the end of names, in Chinese and in Latin letters."""

    chinese: tuple[str, ...]
    latin: tuple[str, ...]


class NameWords(Declaration):
    """`catalog/identity/names.yml`: legal forms, trades and places, these with blanks between."""

    legal_forms: tuple[str, ...]
    latin_legal_forms: tuple[str, ...]
    trades: dict[str, TradeWords]
    provinces: str
    cities: str
    place_endings: tuple[str, ...]


def load_name_words(catalog: Path) -> NameWords:
    """The words that names are made of."""
    return read_declaration(catalog / "identity" / "names.yml", NameWords)


def model_path(catalog: Path) -> Path:
    """The linkage model, as splink writes it."""
    return catalog / "identity" / "model.json"


def load_identity(catalog: Path) -> Identity:
    """Read `catalog/identity.yml`.

    Raises:
        CatalogueError: a wrong value, a table or column that is not declared, or two decisions
            that can't both hold; the message names file, line and key.
    """
    path = catalog / "identity.yml"
    identity = read_declaration(path, Identity)
    tables = load_tables(catalog)
    for place, mention in enumerate(identity.mentions):
        if mention.table not in tables:
            where = ("mentions", place, "table")
            raise catalogue_error(path, where, f"{mention.table} is not declared")
        for part in ("code", "name", "owner"):
            column = getattr(mention, part)
            if column is not None and column not in tables[mention.table].columns:
                where = ("mentions", place, part)
                raise catalogue_error(path, where, f"{mention.table} has no column {column}")
    _check_decisions(path, identity)
    return identity


def _check_decisions(path: Path, identity: Identity) -> None:
    """No link is decided twice, and no code is confirmed to be two enterprises."""
    decided = Counter((one.key, one.enterprise_id) for one in identity.confirmed)
    confirmed = Counter(one.key for one in identity.confirmed)
    for place, one in enumerate(identity.confirmed):
        if confirmed[one.key] > 1:
            message = f"{' '.join(one.key)} is confirmed more than once"
            raise catalogue_error(path, ("confirmed", place, "party_code"), message)
    for place, one in enumerate(identity.rejected):
        decided[one.key, one.enterprise_id] += 1
        if decided[one.key, one.enterprise_id] > 1:
            message = f"{' '.join(one.key)} is decided twice for {one.enterprise_id}"
            raise catalogue_error(path, ("rejected", place, "party_code"), message)
