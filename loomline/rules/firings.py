"""What a rule that fired leaves: the values that made it fire, and the reason in both languages."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from loomline.enterprise_inputs import EnterpriseInputs, Floats
from loomline.known_inputs import KnownInput
from loomline.rules.model import Rule
from loomline.rules.program import Program, blocks_of
from loomline.rules.tree import Expression, Input, inputs_of, text_of
from loomline.rules.units import RATIO, Unit, parse_unit, unit_of
from loomline.rules.verdicts import Verdicts

Integers = NDArray[np.int64]
Language: TypeAlias = Literal["en", "zh"]
# What a text of a rule names: an input, or the subject of its band.
PLACEHOLDER = re.compile(r"\{(\w+)\}")
SUBJECT = "subject"
MISSING: dict[Language, str] = {"en": "unknown", "zh": "未知"}
CNY: Unit = (("CNY", 1),)
NONE = -1
# What a text can hold; a value beyond it says nothing more.
LARGEST_SHOWN = 1e18


@dataclass(frozen=True)
class ValueFormat:
    """How values of a unit are written: times `factor`, with decimals, between two texts."""

    factor: float
    decimals: int
    before: str = ""
    after: str = ""


def _format(unit: Unit, language: Language) -> ValueFormat:
    if unit == RATIO:
        return ValueFormat(100, 1, after="%")
    if unit == CNY:
        if language == "en":
            return ValueFormat(1e-3, 1, "CNY ", " thousand")
        return ValueFormat(1e-4, 2, after="万元")
    is_rate = any(power < 0 for _, power in unit)
    return ValueFormat(1, 0 if "CNY" in dict(unit) or not is_rate else 4)


def in_words(values: Floats, unit: Unit, language: Language) -> pa.Array:
    """Values (n,) as text: a ratio in per cent, an amount of money in thousands or 万元."""
    kind = _format(unit, language)
    shown = np.clip(values * kind.factor, -LARGEST_SHOWN, LARGEST_SHOWN)
    rounded = np.round(shown, kind.decimals) + 0.0  # So that a rounded -0.001 is no "-0".
    numbers = pa.array(rounded, pa.float64(), from_pandas=True)
    texts = numbers.cast(pa.decimal128(38, kind.decimals)).cast(pa.string())
    whole = pc.binary_join_element_wise(kind.before, texts, kind.after, "")
    return pc.fill_null(whole, MISSING[language])


@dataclass(frozen=True, eq=False)
class _Templates:
    """Texts of rules in pieces: columns of literal texts, and the values that stand between them.

    `places` is (rules, most values of a rule): the position of a value, or -1 for none.
    """

    pieces: list[pa.Array]
    places: Integers


@dataclass(frozen=True, eq=False)
class _Firings:
    """Firings of a block: positions of the rule and of the enterprise, which begin at `start`.

    `values` are (shown expressions, enterprises of the block).
    """

    rules: Integers
    enterprises: Integers
    start: int
    values: Floats

    def values_at(self, places: Integers, enterprises: Integers) -> Floats:
        """Values of shown expressions, by their places; anything where there is no place."""
        return self.values.ravel().take(places * self.values.shape[1] + enterprises, mode="wrap")


def _padded(places: Sequence[Sequence[int]]) -> Integers:
    """Lists of different lengths as an array (lists, longest), filled up with -1."""
    longest = max(map(len, places), default=0)
    rows = [[*row, *[NONE] * (longest - len(row))] for row in places]
    return np.array(rows, dtype=np.int64).reshape(len(places), longest)


class Explainer:
    """The words of rules, prepared once for all firings.

    `inputs` say in which unit values are. What a rule's texts name must be among them.
    """

    def __init__(self, rules: Sequence[Rule], inputs: Mapping[str, KnownInput]) -> None:
        self._shown: dict[Expression, int] = {}
        self._read = _padded(
            [[self._place(Input(name)) for name in inputs_of(rule.condition)] for rule in rules]
        )
        # What conditions read comes first, what texts tell besides comes after.
        self._read_count = len(self._shown)
        self._templates: dict[Language, _Templates] = {
            "en": self._parse([(rule, rule.reason_en) for rule in rules]),
            "zh": self._parse([(rule, rule.reason_zh) for rule in rules]),
        }
        units = {name: parse_unit(one.unit) for name, one in inputs.items()}
        self._units = [unit_of(one, units) or RATIO for one in self._shown]
        self._names = pa.array([text_of(one) for one in self._shown])

    def _place(self, expression: Expression) -> int:
        return self._shown.setdefault(expression, len(self._shown))

    def _parse(self, texts: Sequence[tuple[Rule, str]]) -> _Templates:
        pieces, places = [], []
        for rule, text in texts:
            split = PLACEHOLDER.split(text)
            named = [rule.subject if name == SUBJECT else Input(name) for name in split[1::2]]
            pieces.append(split[::2])
            places.append([self._place(one) for one in named])
        longest = max(map(len, pieces), default=0)
        columns = [
            pa.array([one[slot] if slot < len(one) else "" for one in pieces], pa.string())
            for slot in range(longest)
        ]
        return _Templates(columns, _padded(places))

    def firings(self, verdicts: Verdicts, inputs: EnterpriseInputs) -> pa.Table:
        """A row a firing, by blocks of enterprises, rule by rule within them.

        Columns: `rule`, its position among the rules; `enterprise`, the position among the inputs;
        `input_values`, the inputs of the condition that have a value, as a map whose keys are
        dictionary-encoded.
        """
        return pa.concat_tables(
            self._kept(firings) for firings in self._blocks(verdicts, inputs, self._read_count)
        )

    def explain(self, verdicts: Verdicts, inputs: EnterpriseInputs) -> pa.Table:
        """The firings, and `reason_en` and `reason_zh` with the values filled in."""
        return pa.concat_tables(
            self._kept(firings)
            .append_column("reason_en", self._texts("en", firings))
            .append_column("reason_zh", self._texts("zh", firings))
            for firings in self._blocks(verdicts, inputs, len(self._shown))
        )

    def _blocks(
        self, verdicts: Verdicts, inputs: EnterpriseInputs, count: int
    ) -> Iterator[_Firings]:
        """The firings of each block, with the values of the first `count` shown expressions."""
        program = Program(list(self._shown)[:count])
        for rows, block in blocks_of(inputs, program.names):
            rules, enterprises = np.nonzero(verdicts.fired[:, rows])
            values = np.stack(program.run(block))
            yield _Firings(rules, enterprises, rows.start, values)

    def _kept(self, firings: _Firings) -> pa.Table:
        places = self._read[firings.rules]
        found = firings.values_at(places, firings.enterprises[:, None])
        is_there = (places != NONE) & ~np.isnan(found)
        offsets = np.concatenate([[0], np.cumsum(is_there.sum(axis=1))]).astype(np.int32)
        keys = pa.DictionaryArray.from_arrays(pa.array(places[is_there]), self._names)
        values = pa.MapArray.from_arrays(pa.array(offsets), keys, pa.array(found[is_there]))
        columns = {
            "rule": pa.array(firings.rules.astype(np.int32)),
            "enterprise": pa.array((firings.enterprises + firings.start).astype(np.int32)),
            "input_values": values,
        }
        return pa.table(columns)

    def _texts(self, language: Language, firings: _Firings) -> pa.Array:
        templates = self._templates[language]
        chosen = pa.array(firings.rules)
        parts = [pc.take(templates.pieces[0], chosen)]
        for slot in range(templates.places.shape[1]):
            places = templates.places[firings.rules, slot]
            values = firings.values_at(places, firings.enterprises)
            parts.append(self._words(language, places, values))
            parts.append(pc.take(templates.pieces[slot + 1], chosen))
        return pc.binary_join_element_wise(*parts, "")

    def _words(self, language: Language, places: Integers, values: Floats) -> pa.Array:
        """Values as text, each in its unit; nothing where there is no place for one."""
        groups: dict[Unit, list[int]] = defaultdict(list)
        for place, unit in enumerate(self._units):
            groups[unit].append(place)
        found, order = [pa.nulls(int((places == NONE).sum()), pa.string()).fill_null("")], []
        order.append(np.flatnonzero(places == NONE))
        for unit, members in groups.items():
            rows = np.flatnonzero(np.isin(places, members))
            if len(rows):
                found.append(in_words(values[rows], unit, language))
                order.append(rows)
        back = np.empty(len(places), dtype=np.int64)
        back[np.concatenate(order)] = np.arange(len(places))
        return pc.take(pa.concat_arrays(found), pa.array(back))
