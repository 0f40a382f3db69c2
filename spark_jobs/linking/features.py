"""What is compared of a record: its name in parts, and who, where and how to be reached."""

from __future__ import annotations

import re
import unicodedata

import pandas as pd

from spark_jobs.linking.names import FirmName, NameReader

# What the model compares, and what finds pairs worth comparing; missing values are None.
FEATURES = (
    *("core", "core_sound", "brand", "trade", "sound", "place", "place_sound", "head", "tail"),
    *("legal_person", "phone", "address"),
)
HEAD_SIGNS = 2
MOBILE_DIGITS = 11


def _phone(text: str | None) -> str:
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", text or ""))
    return digits.removeprefix("86") if len(digits) > MOBILE_DIGITS else digits


def _plain(text: str | None) -> str:
    return "".join(unicodedata.normalize("NFKC", text or "").split()).lower()


def _place(reader: NameReader, name: FirmName, city: str | None, address: str | None) -> FirmName:
    """The name's own place or, where it says none, that of the city or address beside it."""
    if name.place_sound:
        return name
    place = reader.place_in(city) or reader.place_in(address)
    return reader.with_place(name, place)


def add_features(records: pd.DataFrame, reader: NameReader) -> pd.DataFrame:
    """The records with `FEATURES` made of their names, cities, addresses, people and phones.

    `records` have `party_name`, `legal_person`, `phone`, `address` and `city`; of these people,
    phones and addresses are replaced by their plain form.
    """
    names = {name: reader.read(name) for name in records["party_name"].dropna().unique()}
    rows = []
    for name, person, phone, address, city in zip(
        *(records[of] for of in ("party_name", "legal_person", "phone", "address", "city")),
        strict=True,
    ):
        parts = _place(reader, names.get(name, FirmName()), city, address)
        values = (
            *(parts.core, parts.core_sound, parts.brand, parts.trade, parts.sound),
            *(parts.place, parts.place_sound),
            *(parts.core[:HEAD_SIGNS], parts.core[HEAD_SIGNS:]),
            *(_plain(person), _phone(phone), _plain(address)),
        )
        rows.append([value or None for value in values])
    features = pd.DataFrame(rows, columns=list(FEATURES), index=records.index, dtype=object)
    return records.drop(columns=list(FEATURES), errors="ignore").join(features)
