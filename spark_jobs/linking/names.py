"""Names of firms taken apart into place, brand, trade and sound; pure functions of the words."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from pypinyin import lazy_pinyin

from loomline.identity import NameWords

CHINESE = re.compile(r"[\u3400-\u9fff]")
BRACKETED = re.compile(r"\(([^()]*)\)")
# A brand shorter than this is no brand: the place or trade before or after it belongs to it.
SHORTEST_BRAND = 2


@dataclass(frozen=True)
class FirmName:
    """A name's parts; empty where it has none.

    `core` is brand and trade in Chinese signs, empty for a name in Latin letters; `sound` is the
    brand in Latin letters, and `trade` the trade's key in the words' table.
    """

    core: str = ""
    brand: str = ""
    place: str = ""
    trade: str = ""
    sound: str = ""
    core_sound: str = ""
    place_sound: str = ""


@lru_cache(maxsize=100_000)
def sound_of(text: str) -> str:
    """Chinese signs in Latin letters without tones and blanks; Latin letters as they are."""
    return "".join(lazy_pinyin(text)).lower().replace("ü", "v")


@dataclass(frozen=True)
class NameReader:
    """Takes names apart by the words of the catalogue."""

    words: NameWords

    @cached_property
    def _forms(self) -> list[str]:
        return sorted(self.words.legal_forms, key=lambda form: (-len(form), form))

    @cached_property
    def _provinces(self) -> frozenset[str]:
        return frozenset(self.words.provinces.split())

    @cached_property
    def _places(self) -> list[str]:
        places = {*self._provinces, *self.words.cities.split()}
        return sorted(places, key=lambda place: (-len(place), place))

    @cached_property
    def _endings(self) -> list[str]:
        return sorted(self.words.place_endings, key=lambda ending: (-len(ending), ending))

    @cached_property
    def _trades(self) -> list[tuple[str, str]]:
        pairs = [(word, key) for key, of in self.words.trades.items() for word in of.chinese]
        return sorted(pairs, key=lambda pair: (-len(pair[0]), pair))

    @cached_property
    def _latin_trades(self) -> list[tuple[list[str], str]]:
        pairs = [(word.split(), key) for key, of in self.words.trades.items() for word in of.latin]
        return sorted(pairs, key=lambda pair: (-len(pair[0]), pair))

    @cached_property
    def _place_sounds(self) -> set[str]:
        return {sound_of(place) for place in self._places}

    def read(self, name: str | None) -> FirmName:
        """The parts of a name; half and full width, blanks and kinds of brackets are all one."""
        text = unicodedata.normalize("NFKC", name or "").replace("〔", "(").replace("〕", ")")
        if not text.strip():
            return FirmName()
        if not CHINESE.search(text):
            return self._read_latin(text)
        return self._read_chinese("".join(text.split()))

    def place_in(self, text: str | None) -> str:
        """The city, or else the province, that an address or the name of a place begins with."""
        place, _ = self._leading_place("".join((text or "").split()), 0)
        return place

    def with_place(self, name: FirmName, place: str) -> FirmName:
        """The name as if it had that place in it."""
        return replace(name, place=place, place_sound=sound_of(place))

    def _without_forms(self, text: str) -> str:
        while True:
            form = next((form for form in self._forms if text.endswith(form)), None)
            if form is None or len(text) - len(form) < SHORTEST_BRAND:
                return text
            text = text[: -len(form)]

    def _leading_place(self, text: str, kept: int) -> tuple[str, str]:
        """The city, or else the province, that a text begins with, and the text after both.

        At least `kept` signs stay.
        """
        found = ""
        while not found or found in self._provinces:
            place = next((place for place in self._places if text.startswith(place)), None)
            if place is None:
                break
            rest = text[len(place) :]
            ending = next((ending for ending in self._endings if rest.startswith(ending)), "")
            if len(rest) - len(ending) >= kept:
                rest = rest[len(ending) :]
            if len(rest) < kept:
                break
            found, text = place, rest
        return found, text

    def _read_chinese(self, text: str) -> FirmName:
        place = ""
        for inner in BRACKETED.findall(text):
            bracketed = self.place_in(inner)
            place = place or bracketed
            if bracketed or inner in self._forms:
                text = text.replace(f"({inner})", "")
        text = self._without_forms(re.sub(r"[^\w]", "", text))
        word, trade = next(
            (
                (word, key)
                for word, key in self._trades
                if text.endswith(word) and len(text) - len(word) >= SHORTEST_BRAND
            ),
            ("", ""),
        )
        brand = text.removesuffix(word)
        if not place:
            place, brand = self._leading_place(brand, SHORTEST_BRAND)
        core = brand + word
        return FirmName(
            core=core,
            brand=brand,
            place=place,
            trade=trade,
            sound=sound_of(brand),
            core_sound=sound_of(core),
            place_sound=sound_of(place),
        )

    def _read_latin(self, text: str) -> FirmName:
        words = re.sub(r"[^0-9a-z]+", " ", text.lower()).split()
        while len(words) > 1 and words[-1] in self.words.latin_legal_forms:
            words.pop()
        place = words[0] if len(words) > 1 and words[0] in self._place_sounds else ""
        if place:
            words = words[1:]
        end, trade = next(
            (
                (end, key)
                for end, key in self._latin_trades
                if len(words) > len(end) and words[-len(end) :] == end
            ),
            ([], ""),
        )
        brand = "".join(words[: len(words) - len(end)])
        return FirmName(trade=trade, sound=brand, place_sound=place)
