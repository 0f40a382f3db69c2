"""Write a draft as YAML: what was found, what is unsure (`# ?`), what is left (`# TODO`)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from loomline.contracts.model import Contract, FileFormat
from loomline.drafting.cells import YES_NO
from loomline.drafting.dates import has_time
from loomline.drafting.matching import SURE, Match, TableMatch
from loomline.drafting.profiling import Profile
from loomline.drafting.proposing import (
    FileDate,
    allowed_codes,
    control_total,
    event_column,
    event_source,
    file_date,
    file_pattern,
    repeated_keys,
    required_missing,
)
from loomline.drafting.words import Vocabulary
from loomline.tables import Column, Table
from loomline.units import conversion

EXAMPLE_LENGTH = 30
SHOWN_CODES = 12
UNSURE = "# ? "
# A table that fits less is not proposed; one that fits less than good is marked.
LEAST_FIT, GOOD_FIT = 0.25, 0.6
UNKNOWN = "silver.unknown"
YES_NO_DIGITS = {"1": True, "0": False}
# Money of a file whose unit no name says: it may be in another one.
ASKED_UNITS = ("CNY",)


@dataclass(frozen=True)
class Draft:
    """A drafted contract as text, and what a person still has to fill in."""

    text: str
    to_do: tuple[str, ...]


def _inline(value: object) -> str:
    """A value as one line of YAML."""
    dumped = yaml.safe_dump(
        value, default_flow_style=True, allow_unicode=True, width=10**9, sort_keys=False
    )
    return dumped.removesuffix("\n").removesuffix("...").rstrip("\n")


def _comment(text: str) -> str:
    """A text that can stand in a comment: one line, nothing that can't be printed."""
    plain = "".join(character if character.isprintable() else " " for character in text)
    return re.sub(r"\s+", " ", plain).strip()


def _example(text: str) -> str:
    return text if len(text) <= EXAMPLE_LENGTH else f"{text[:EXAMPLE_LENGTH]}..."


def described(profile: Profile) -> str:
    """What a column's texts are, in a few words with examples, for a comment."""
    kind = profile.kind.replace("_", " or ")
    if profile.kind == "decimal" or (profile.kind == "integer" and profile.precision):
        kind = f"{kind} of {profile.precision} digits"
        kind += f", {profile.scale} after the point" if profile.scale else ""
    parts = [kind]
    if profile.blanks and profile.kind != "empty":
        share = profile.blank_share
        parts.append(f"{share:.0%} blank" if share >= 0.01 else "under 1% blank")
    if profile.is_unique and not profile.is_number:
        parts.append("no two alike")
    if profile.codes:
        shown = ", ".join(map(_example, profile.codes[:SHOWN_CODES]))
        parts.append(shown)
    elif profile.examples:
        parts.append(f"such as {', '.join(map(_example, profile.examples))}")
    if profile.nearly:
        parts.append(profile.nearly)
    return _comment("; ".join(parts))


def _codes(
    profile: Profile, declared: Column, vocabulary: Vocabulary
) -> tuple[dict[str, object] | None, str]:
    """The codes of a mapping, and what about them is left to do."""
    texts = profile.codes or profile.examples
    if declared.type == "boolean":
        known: dict[str, object] = {
            text: YES_NO.get(text.lower(), YES_NO_DIGITS.get(text)) for text in texts
        }
        if texts and None not in known.values():
            is_plain = {text.lower() for text in texts} <= {"true", "false"}
            return (None if is_plain else known), ""
        return None, f"codes: say which of {', '.join(texts)} is true and which is false"
    allowed = allowed_codes(declared.description)
    if declared.type != "string" or not allowed or not texts or set(texts) <= set(allowed):
        return None, ""
    meant = vocabulary.codes_of(tuple(texts), allowed) if profile.codes else {}
    if meant:
        return dict(meant), ""
    return None, f"codes: the table has {', '.join(allowed)}; the file has {', '.join(texts)}"


def _unit(profile: Profile, declared: Column, vocabulary: Vocabulary) -> tuple[str, str]:
    """The unit that a name says, if it converts into the table's; and a doubt."""
    said = vocabulary.name(profile.name).unit
    if declared.type == "string" or not declared.unit:
        return "", ""
    if said:
        try:
            conversion(said, declared.unit)
        except ValueError:
            return "", f"the name says {said}, the table has {declared.unit}"
        return said, ""
    is_open = declared.unit in ASKED_UNITS
    return "", f"say the unit if it is not {declared.unit}" if is_open else ""


def mapping_of(
    profile: Profile, match: Match, declared: Column, vocabulary: Vocabulary
) -> tuple[dict[str, object], list[str], list[str]]:
    """The mapping of a column, what about it is unsure, and what is left to do."""
    mapping: dict[str, object] = {"from": profile.name}
    unsure: list[str] = []
    to_do: list[str] = []
    if not match.is_sure:
        is_like = match.likeness >= SURE
        unsure.append("or another column" if is_like else f"likeness {match.likeness:.2f} of 1")
    if declared.type in ("date", "timestamp"):
        mapping["formats"] = list(profile.formats) or ["yyyy-MM-dd"]
        if not profile.formats:
            to_do.append("formats: no pattern reads all of its texts")
        if profile.ambiguous:
            unsure.append(f"{profile.ambiguous} reads these too")
        if declared.type == "date" and any(map(has_time, profile.formats)):
            unsure.append("the time of day is left out")
    codes, left = _codes(profile, declared, vocabulary)
    if codes is not None:
        mapping["codes"] = codes
        if declared.type != "boolean":
            unsure.append("see that the codes mean that")
    if left:
        to_do.append(left)
    if profile.missing_values:
        mapping["missing_values"] = list(profile.missing_values)
    if profile.thousands_separator and declared.type not in ("string", "date", "timestamp"):
        mapping["thousands_separator"] = profile.thousands_separator
    unit, doubt = _unit(profile, declared, vocabulary)
    if unit:
        mapping["unit"] = unit
    if doubt:
        unsure.append(doubt)
    if declared.type == "string" and profile.longest > 1000:
        mapping["longest"] = profile.longest
    scale = re.fullmatch(r"decimal\(\d+,(\d+)\)", declared.type)
    if scale and profile.is_number and profile.scale > int(scale[1]) and not unit:
        unsure.append(f"has {profile.scale} decimals, the table keeps {scale[1]}")
    if declared.required and profile.blanks:
        unsure.append("the table requires it: rows with a blank go to quarantine")
    return mapping, unsure, to_do


def _format(file_format: FileFormat) -> str:
    given = file_format.model_dump(mode="json", exclude_defaults=True)
    given = {"type": file_format.type} | given
    return _inline(given)


def _moment_of_file(found: FileDate, days_later: int) -> str:
    moment: dict[str, object] = {"file_name": found.pattern, "formats": [found.format]}
    if days_later:
        moment["days_later"] = days_later
    return _inline(moment)


class _Writer:
    """Collects the lines of one draft and what is left to do."""

    def __init__(
        self,
        path: Path,
        match: TableMatch,
        table: Table,
        vocabulary: Vocabulary,
        is_asked: bool,
    ) -> None:
        self._path, self._match, self._table = path, match, table
        self._vocabulary = vocabulary
        self._is_unknown = not is_asked and match.fit < LEAST_FIT
        self.to_do: list[str] = []

    def _todo(self, what: str) -> str:
        self.to_do.append(what)
        return f"# TODO {_comment(what)}"

    def head(self, source: str, time_zone: str, others: list[TableMatch]) -> Iterator[str]:
        """What the file is, and which table it is for."""
        shape = self._match.shape
        read = (
            f"all {len(shape.rows):,}" if shape.is_whole else f"only the first {len(shape.rows):,}"
        )
        yield f"# Drafted from {_comment(self._path.name)}; {read} rows were read."
        yield "# Look at every line marked `# ?`, do every `# TODO`, then run `source check`"
        yield f"source: {source}"
        yield "description: Not described yet.  " + self._todo(
            "description: say what the files hold"
        )
        yield "owner: Not named yet.  " + self._todo("owner: say who answers for them")
        yield f"files: {_inline([file_pattern(self._path)])}  {UNSURE}see that no other file fits"
        doubts = "".join(f"  {UNSURE}{_comment(doubt)}" for doubt in shape.doubts[:1])
        yield f"format: {_format(shape.format)}{doubts}"
        for doubt in shape.doubts[1:]:
            yield f"{UNSURE}{_comment(doubt)}"
        for note in shape.notes:
            yield f"# {_comment(note)}"
        if shape.items is not None:
            yield f"items: {_inline(shape.items)}  {UNSURE}each entry of it is a row"
        if shape.unpivot is not None:
            yield f"unpivot: {_inline(shape.unpivot)}  {UNSURE}each of these columns is a row"
        doubt = "" if self._match.fit >= GOOD_FIT else f"  {UNSURE}fit {self._match.fit:.2f} of 1"
        if self._is_unknown:
            doubt = "  " + self._todo(
                "target: no table fits; draft again with --target silver.TABLE"
            )
        yield f"target: {UNKNOWN if self._is_unknown else self._match.table}{doubt}"
        if others:
            said = ", ".join(f"{other.table} ({other.fit:.2f})" for other in others)
            yield f"# it might also be, with --target: {said}"
        yield f"time_zone: {_inline(time_zone)}  {UNSURE}of the dates and times in the file"

    def columns(self) -> Iterator[str]:
        """The mapped columns in the table's order, what is missing, and what is not mapped."""
        yield ""
        yield "columns:" if self._match.matches else "columns: {}"
        missing = required_missing(self._table, dict(self._match.matches))
        if self._is_unknown:
            missing = []
        for name, declared in self._table.columns.items():
            if name in self._match.matches:
                yield from self._mapped(name, declared)
            elif name in missing:
                meaning = declared.description.rstrip(".")
                yield "  " + self._todo(f"{name}: required ({declared.type}), not found: {meaning}")
        used = {found.place for found in self._match.matches.values()}
        left = [p for place, p in enumerate(self._match.profiles) if place not in used]
        if left:
            yield "  # Columns of the file that are not mapped:"
        for profile in left:
            yield f"  #   {_comment(profile.name)}: {described(profile)}"

    def _mapped(self, name: str, declared: Column) -> Iterator[str]:
        found = self._match.matches[name]
        profile = self._match.profiles[found.place]
        mapping, unsure, to_do = mapping_of(profile, found, declared, self._vocabulary)
        for what in to_do:
            yield "  " + self._todo(f"{name}: {what}")
        mark = UNSURE + "; ".join(unsure) + ": " if unsure else "# "
        yield f"  {name}: {_inline(mapping)}  {_comment(mark + described(profile))}"

    def rest(self) -> Iterator[str]:
        """Key, moments, control total and corrections."""
        table, matches = self._table, dict(self._match.matches)
        yield ""
        key = [] if self._is_unknown else list(table.key)
        repeated = repeated_keys(self._match, key)
        lacking = [name for name in key if name not in matches and name in table.columns]
        mark = f"{UNSURE}{repeated:,} rows repeat it: see corrections" if repeated else ""
        if repeated == 0:
            mark = "# no two rows read have the same"
        if lacking:
            mark = f"{UNSURE}the table's; {', '.join(lacking)} not mapped yet"
        if key and all(name in matches or name in required_missing(table, matches) for name in key):
            yield f"key: {_inline(key)}  {mark}".rstrip()
        elif key:
            yield f"# key: the table's, {_inline(key)}"
        yield f"corrections: quarantine  {UNSURE}supersede, where a later row corrects an earlier"
        event, dated = event_column(table, matches), file_date(self._path.name)
        if event is not None:
            yield f"event_at: {_inline({'column': event})}  # when it happened"
        elif (own := event_source(self._match)) is not None:
            moment = {"from": own.name, "formats": list(own.formats)}
            yield f"event_at: {_inline(moment)}  {UNSURE}the one date of the file"
        elif dated is not None:
            yield f"event_at: {_moment_of_file(dated, 0)}  {UNSURE}the file has no date of its own"
        else:
            yield f"event_at: {_inline({'landed': True})}  {UNSURE}the file has no date"
        if dated is not None:
            yield f"known_at: {_moment_of_file(dated, dated.days)}  {UNSURE}when its day ends"
        else:
            yield f"known_at: {_inline({'landed': True})}  {UNSURE}the name has no date"
        total = control_total(table, self._match)
        if total is not None:
            yield f"control_total: {total}  {UNSURE}the amount that must reconcile"


def write_draft(
    path: Path,
    source: str,
    time_zone: str,
    match: TableMatch,
    table: Table,
    vocabulary: Vocabulary,
    others: list[TableMatch],
    is_asked: bool = False,
) -> Draft:
    """The draft of a contract as YAML.

    The YAML holds the model of a contract; the catalogue accepts it unless a TODO says what of the
    table's required columns is missing. `others` are the next best tables, named in a comment;
    `is_asked` says that a person chose the table.
    """
    writer = _Writer(path, match, table, vocabulary, is_asked)
    lines = [*writer.head(source, time_zone, others), *writer.columns(), *writer.rest()]
    text = "\n".join(lines) + "\n"
    Contract.model_validate(json.loads(json.dumps(yaml.safe_load(text))))
    return Draft(text, tuple(writer.to_do))
