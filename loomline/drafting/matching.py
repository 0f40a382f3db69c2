"""Find the canonical table and columns that a file's columns are likely to be."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from loomline.contracts.catalogue import business_columns
from loomline.drafting.profiling import Profile
from loomline.drafting.shape import Shape
from loomline.drafting.words import Name, Vocabulary, Weights
from loomline.tables import Column, Table

# From here on a likeness is a proposal, and from there on it is not marked as unsure.
PROPOSED, SURE = 0.5, 0.8
# Two columns of the file that are about as like: which one is meant is unsure.
MARGIN = 0.12
# Names of the system that the codes are of: no file says it.
SYSTEM_COLUMN = "code_system"
DESCRIBED_WEIGHT = 0.5
KIND_WEIGHT = 0.8
NOUN_PART = 0.5
CODE_ENDINGS = ("_code", "_number", "_id")
NAME_FIT = 0.7
SPELLED_WEIGHT = 0.8
FEWEST_SPELLED = 0.75


@dataclass(frozen=True)
class Match:
    """A canonical column and the place of the file's column that it is likely to come from.

    `likeness` is from 0 to 1; `is_sure` is False where it is small, where another column is about
    as like, or where the name has several meanings.
    """

    column: str
    place: int
    likeness: float
    is_sure: bool


@dataclass(frozen=True)
class TableMatch:
    """A table for a shape: the matched columns by canonical name, and how well it fits (0 to 1)."""

    table: str
    shape: Shape
    profiles: Sequence[Profile]
    matches: Mapping[str, Match]
    fit: float


def _fits_number(profile: Profile, declared: Column) -> float:
    if not profile.is_number:
        return 0.6 if "are numbers" in profile.nearly else 0.0
    return 0.3 if declared.type == "bigint" and profile.scale else 1.0


def _fits_moment(profile: Profile, declared: Column) -> float:
    if "dates as" in profile.nearly:
        return 0.6
    if not profile.formats:
        return 0.0
    return 0.85 if declared.type == "timestamp" and profile.kind == "date" else 1.0


def type_fit(profile: Profile, declared: Column) -> float:
    """How well the texts of a column fit a canonical column's type: 0 not at all, 1 well."""
    if profile.kind == "empty":
        return 0.7
    if declared.type in ("date", "timestamp"):
        return _fits_moment(profile, declared)
    if declared.type == "boolean":
        return {"yes_no": 1.0, "codes": 0.6}.get(profile.kind, 0.0)
    if declared.type == "string":
        if profile.kind in ("date", "timestamp", "double"):
            return 0.2
        return 0.5 if profile.scale or profile.kind == "yes_no" else 1.0
    return _fits_number(profile, declared)


def _part(word: str, nouns: set[str]) -> float:
    """How much of a word's weight counts: the table's own nouns say less."""
    return NOUN_PART if word in nouns else 1.0


def _spelled_alike(name: str, column: str) -> float:
    plain = re.sub(r"[^a-z0-9]", "", re.split(r"[./]", name.lower())[-1])
    ratio = difflib.SequenceMatcher(None, plain, column.replace("_", "")).ratio()
    return SPELLED_WEIGHT * ratio if ratio >= FEWEST_SPELLED else 0.0


def _says_what(profile: Profile, column: str) -> float:
    """How well texts fit a column of codes: those of names have blanks or Chinese in them."""
    if not column.endswith(CODE_ENDINGS) or not profile.examples or profile.kind == "codes":
        return 1.0
    named = sum(" " in text or not text.isascii() for text in profile.examples)
    return NAME_FIT if named == len(profile.examples) else 1.0


class Matcher:
    """Matches shapes of files to canonical tables by what names mean and what texts are."""

    def __init__(self, vocabulary: Vocabulary, tables: Mapping[str, Table]) -> None:
        self._vocabulary = vocabulary
        self._tables = tables

    def best(
        self, shapes: Sequence[tuple[Shape, Sequence[Profile]]], subjects: Sequence[str]
    ) -> list[TableMatch]:
        """Every shape with every table, the best fit first.

        `subjects` are names around the file, the nearest first: of the file, of its folder.
        """
        found = [
            self.match(shape, profiles, table, subjects)
            for shape, profiles in shapes
            for table in self._tables
        ]
        return sorted(found, key=lambda match: -match.fit)

    def match(
        self,
        shape: Shape,
        profiles: Sequence[Profile],
        table_name: str,
        subjects: Sequence[str] = (),
    ) -> TableMatch:
        """The columns of one table that a shape has."""
        table = self._tables[table_name]
        columns = [name for name in business_columns(table) if name != SYSTEM_COLUMN]
        likeness = np.zeros((len(profiles), len(columns)))
        nouns = set(self._vocabulary.weighted(table_name.removeprefix("silver.").split("_")))
        if shape.has_names:
            for place, profile in enumerate(profiles):
                name = self._vocabulary.name(profile.name, shape.has_paths)
                for number, column in enumerate(columns):
                    likeness[place, number] = self._column_likeness(
                        name, profile, column, table.columns[column], nouns
                    )
        likeness[likeness < PROPOSED] = 0.0
        # Squared, so that one strong likeness beats two weak ones.
        places, numbers = linear_sum_assignment(-(likeness**2))
        matches = {}
        for place, number in zip(places.tolist(), numbers.tolist(), strict=True):
            score = float(likeness[place, number])
            if score < PROPOSED:
                continue
            others = np.delete(likeness[:, number], place)
            is_alone = not others.size or score - float(others.max()) >= MARGIN
            meanings = self._vocabulary.name(profiles[place].name, shape.has_paths).meanings
            is_sure = score >= SURE and is_alone and len(meanings) == 1
            matches[columns[number]] = Match(columns[number], place, score, is_sure)
        matches |= self._only_date_left(shape, profiles, table, matches) if shape.has_names else {}
        fit = self._fit(table, columns, matches, profiles)
        fit = 0.7 * fit + 0.3 * self._hint(table_name, [*shape.subjects, *subjects])
        return TableMatch(table_name, shape, profiles, matches, fit)

    def _only_date_left(
        self,
        shape: Shape,
        profiles: Sequence[Profile],
        table: Table,
        matches: Mapping[str, Match],
    ) -> dict[str, Match]:
        """The one required moment of a table that has no match, with the file's one date left.

        Where the file has several, the one whose name says no more than that it is a moment.
        """
        lacking = [
            name
            for name in business_columns(table)
            if table.columns[name].required and name not in matches
            if table.columns[name].type in ("date", "timestamp")
        ]
        used = {match.place for match in matches.values()}
        dated = [place for place, p in enumerate(profiles) if p.formats and place not in used]
        names = {
            place: self._vocabulary.name(profiles[place].name, shape.has_paths) for place in dated
        }
        plain = [p for p in dated if any(set(words) == {"date"} for words in names[p].meanings)]
        found = plain if len(plain) == 1 else dated
        if len(lacking) != 1 or len(found) != 1:
            return {}
        return {lacking[0]: Match(lacking[0], found[0], PROPOSED, is_sure=False)}

    def _column_likeness(
        self, name: Name, profile: Profile, column: str, declared: Column, nouns: set[str]
    ) -> float:
        fit = type_fit(profile, declared) * _says_what(profile, column)
        if not fit:
            return 0.0
        wanted = self._vocabulary.canonical(column)
        described = set(
            self._vocabulary.weighted(re.findall(r"[a-z]+", declared.description.lower()))
        )
        by_words = max(
            (
                self._likeness(meaning, name.context, wanted, described, nouns)
                for meaning in name.meanings
            ),
            default=0.0,
        )
        return fit * max(by_words, _spelled_alike(profile.name, column))

    def _likeness(
        self,
        meaning: Weights,
        context: Weights,
        wanted: Weights,
        described: set[str],
        nouns: set[str],
    ) -> float:
        """The weight of words in common by the weight of all, from 0 to 1.

        The table's own nouns count half, a kind for its class or a word of the column's
        description nearly as a word in common, and words of a path's folders only where they help.
        """
        gained = 0.0
        total = sum(weight * _part(word, nouns) for word, weight in wanted.items())
        for word, weight in (context | meaning).items():
            own = weight * _part(word, nouns)
            if word in wanted:
                gained += own + wanted[word] * _part(word, nouns)
            elif general := [other for other in wanted if self._vocabulary.is_a(word, other)]:
                gained += KIND_WEIGHT * (own + wanted[general[0]] * _part(general[0], nouns))
            elif word in described and word in meaning:
                gained += DESCRIBED_WEIGHT * 2 * own
            elif word not in meaning:
                continue
            total += own
        is_named = any(word in wanted for word in meaning) or any(
            self._vocabulary.is_a(word, other) for word in meaning for other in wanted
        )
        return min(1.0, gained / total) if is_named and total else 0.0

    def _fit(
        self,
        table: Table,
        columns: Sequence[str],
        matches: Mapping[str, Match],
        profiles: Sequence[Profile],
    ) -> float:
        """How much of the file the table takes, and how much of what it requires the file has."""
        required = [name for name in columns if table.columns[name].required]
        found = sum(matches[name].likeness for name in required if name in matches)
        used = sum(match.likeness for match in matches.values())
        filled = sum(profile.kind != "empty" for profile in profiles)
        return 0.6 * found / max(1, len(required)) + 0.4 * used / max(1, filled)

    def _hint(self, table: str, subjects: Sequence[str]) -> float:
        """How strongly the names around a file speak for a table; the nearest counts."""
        for distance, subject in enumerate(subjects):
            named = self._vocabulary.tables_of(subject)
            if named:
                strength = 1.0 - 0.2 * distance
                return strength * (1.0 if table == named[0] else 0.9 if table in named else 0.0)
        return 0.0
