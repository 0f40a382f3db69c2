"""What names mean: the word list of `catalog/words.yml`, and names as weighted words by it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path

from loomline.contracts.model import KEY, VALUE
from loomline.declarations import Declaration, read_declaration

# Words of the folders of a path, such as `carrier` in `carrier.code`, say less than its last part.
CONTEXT_WEIGHT = 0.5
LIGHT_WEIGHT = 0.4
MOST_MEANINGS = 12
SHORTEST_KNOWN = 3
JOINED_WORDS = 4
_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")
_PATH = re.compile(r"[./]")
_BRACKETED = re.compile(r"[(（\[]([^)）\]]*)[)）\]]")

# What stands at an item's name and value, in the words of the tables.
ITEM_NAMES = {KEY: ("sensor code", "measure", "line name"), VALUE: ("value", "quantity")}

# The weight of each word of a name.
Weights = dict[str, float]


class Words(Declaration):
    """The word list: what words in names and cells mean, in the words of the canonical tables."""

    same: tuple[tuple[str, ...], ...]
    kinds: dict[str, tuple[str, ...]]
    light: tuple[str, ...]
    english: dict[str, str]
    chinese: dict[str, str]
    sap: dict[str, str]
    tables: dict[str, tuple[str, ...]]
    values: dict[str, tuple[str, ...]]
    units: dict[str, str]


@dataclass(frozen=True)
class Name:
    """A name as words: each way to understand it, and the unit that it says (empty if none).

    `context` are the words of the folders of a path, which may help but do not count against it.
    """

    meanings: tuple[Weights, ...]
    context: Weights = field(default_factory=dict)
    unit: str = ""


@cache
def load_words(catalog: Path) -> Words:
    """Read `catalog/words.yml`.

    Raises:
        CatalogueError: it is missing a part or has a word twice.
    """
    return read_declaration(catalog / "words.yml", Words)


class Vocabulary:
    """Names understood by a word list."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._same = {word: group[0] for group in words.same for word in group}
        self._longest = max(map(len, words.chinese))
        meant = " ".join([*words.english.values(), *words.chinese.values(), *words.sap.values()])
        known = {*self._same, *words.english, *words.light, *meant.split()}
        self._known = {word for word in known if len(word) >= SHORTEST_KNOWN and word.isascii()}

    def one_word(self, word: str) -> str:
        """The word that stands for all that mean the same."""
        return self._same.get(word, word)

    def weighted(self, words: list[str], weight: float = 1.0) -> Weights:
        """Words with their weights, those that say little with less."""
        found: Weights = {}
        units = {unit for unit in self._words.units if unit.isascii()} - {"cny", "rmb"}
        # A unit says nothing of what is measured; a name that is nothing else keeps it.
        plain = [word for word in words if word not in units] or words
        for word in map(self.one_word, plain):
            own = weight * (LIGHT_WEIGHT if word in self._words.light else 1.0)
            found[word] = max(own, found.get(word, 0.0))
        return found

    def canonical(self, name: str) -> Weights:
        """The words of a canonical column's name."""
        return self.weighted([part for part in name.split("_") if part not in ("is", "of")])

    def name(self, name: str, is_path: bool = False) -> Name:
        """A column of a file, or a path to a value in JSON or XML, as words."""
        bracketed = _BRACKETED.search(name)
        unit = self._words.units.get(bracketed[1].strip().lower(), "") if bracketed else ""
        if unit and bracketed:
            name = name.replace(bracketed[0], "")
        parts = _PATH.split(name) if is_path else [name]
        *folders, leaf = [part.lstrip("@") for part in parts if part.strip("@")] or [""]
        pieces = self._pieces(leaf)
        if not unit and len(pieces) > 1 and pieces[-1] in self._words.units:
            unit, pieces = self._words.units[pieces[-1]], pieces[:-1]
        context: Weights = {}
        for folder in folders:
            for meaning in self._meanings(self._pieces(folder), folder)[:1]:
                context |= self.weighted(meaning, CONTEXT_WEIGHT)
        if leaf in ITEM_NAMES:
            return Name(tuple(self.weighted(words.split()) for words in ITEM_NAMES[leaf]), context)
        meanings = [self.weighted(words) for words in self._meanings(pieces, leaf)]
        return Name(tuple(meanings), context, unit)

    def is_a(self, word: str, wanted: str) -> bool:
        """Whether what a word names is a kind of what another names."""
        return word in map(self.one_word, self._words.kinds.get(wanted, ()))

    def tables_of(self, subject: str) -> tuple[str, ...]:
        """The tables that the longest known word in a subject's name speaks of."""
        pieces = _PIECE.findall(subject)
        plain = [piece.lower() for piece in pieces]
        names = {*re.split(r"[\W_]+", subject), *pieces}
        for start in range(len(plain)):
            for end in range(start + 1, min(len(plain), start + JOINED_WORDS) + 1):
                names |= {"".join(plain[start:end]), "_".join(plain[start:end])}
        names |= {name.removesuffix("s") for name in names if len(name) > SHORTEST_KNOWN}
        known = [
            word
            for word in self._words.tables
            if word in names or (not word.isascii() and word in subject)
        ]
        return self._words.tables[max(known, key=len)] if known else ()

    def codes_of(self, texts: tuple[str, ...], allowed: tuple[str, ...]) -> dict[str, str]:
        """What each text means among the allowed codes; empty unless all of them are known."""
        found: dict[str, str] = {}
        for text in texts:
            meant = [code for code in self._words.values.get(text, ()) if code in allowed]
            same = [code for code in allowed if code == text.lower().replace(" ", "_")]
            if not (meant or same):
                return {}
            found[text] = (meant or same)[0]
        return found

    def _pieces(self, name: str) -> list[str]:
        """The words of a name in lower case, joined ones told apart."""
        pieces = [piece.lower() for piece in _PIECE.findall(name.replace("#", " number "))]
        return [word for piece in pieces for word in self._told_apart(piece)]

    def _told_apart(self, piece: str) -> list[str]:
        """The known words that a Latin word wholly consists of; the word itself if it does not."""
        if piece in self._known or not piece.isascii() or len(piece) < 2 * SHORTEST_KNOWN:
            return [piece]
        for length in range(len(piece) - SHORTEST_KNOWN, SHORTEST_KNOWN - 1, -1):
            if piece[:length] in self._known:
                rest = self._told_apart(piece[length:])
                if all(word in self._known for word in rest):
                    return [piece[:length], *rest]
        return [piece]

    def _meanings(self, pieces: list[str], whole: str) -> list[list[str]]:
        """The ways to understand a name, each a list of words."""
        known = self._words.sap.get(whole.upper().replace("-", "_"))
        known = known or self._words.chinese.get(re.sub(r"\s", "", whole))
        known = known or self._words.english.get("".join(pieces))
        if known is not None:
            return [meaning.split() for meaning in known.split(" | ")]
        options: list[list[list[str]]] = []
        for piece in pieces:
            if piece.isascii():
                known = self._words.english.get(piece, piece)
                options.append([meaning.split() for meaning in known.split(" | ")])
            else:
                options += self._chinese(piece)
        combined = list(product(*options))[:MOST_MEANINGS]
        return [[word for part in parts for word in part] for parts in combined]

    def _chinese(self, text: str) -> list[list[list[str]]]:
        """The meanings of the longest known pieces of a Chinese text; others are left out."""
        found: list[list[list[str]]] = []
        place = 0
        while place < len(text):
            for length in range(min(self._longest, len(text) - place), 0, -1):
                known = self._words.chinese.get(text[place : place + length])
                if known is not None:
                    found.append([meaning.split() for meaning in known.split(" | ")])
                    place += length
                    break
            else:
                place += 1
        return found
