"""The families that `catalog/families/*.yml` declares, one file a family, and their features."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from loomline.declarations import catalogue_error, digest, read_declaration
from loomline.errors import CatalogueError
from loomline.families.model import Family, Feature, FeatureGrid, Measure, Ratio
from loomline.families.vocabulary import (
    AGGREGATIONS,
    COMPARISONS,
    YEAR_DAYS,
    Comparison,
    Kind,
    WindowDays,
)
from loomline.tables import load_tables

Location = tuple[str | int, ...]
VERSION_DIGITS = 12
# Changes of these units are differences: a relative change of a share would be read as points.
DIFFERENCE_UNITS = ("ratio", "days")
_CHANGE_NEEDS = {
    "none": "",
    "previous": "the window before it",
    "last_year": "the window a year before it",
    "season": "one of the windows that it is compared with",
}


def _missing_means(family: Family, needs: str, comparison: Comparison, change: str) -> str:
    """When the value is missing, in sentences."""
    words = COMPARISONS[comparison]
    sentences = [family.missing_means]
    if needs:
        sentences.append(f"Or {needs}.")
    if words.change != "none":
        lacks = " or is not above 0" if change == "relative" else ""
        sentences.append(f"Or {_CHANGE_NEEDS[words.change]} has no value{lacks}.")
    if words.is_ranked:
        sentences.append("Or fewer than 5 others of its trade have a value, or none is known.")
    return " ".join(sentences)


def _counted_as(of: Sequence[Measure]) -> tuple[Kind, ...]:
    """The kinds as which measures count.

    Two levels of one table stand on the same days, so that their totals compare as their means do;
    a day on which only one of them is 0 is not lost then.
    """
    kinds = tuple(measure.kind for measure in of)
    is_one_list = kinds == ("level", "level") and of[0].table == of[1].table
    return ("flow", "flow") if is_one_list else kinds


def _feature(
    family: Family,
    made: Measure | Ratio,
    of: Sequence[Measure],
    aggregation: str,
    window: WindowDays,
    comparison: Comparison,
) -> Feature:
    """The feature of a measure or ratio; `of` are the measures that it is computed of."""
    words, window_en = COMPARISONS[comparison], f"the last {window} days"
    if isinstance(made, Ratio):
        name, unit = made.name, made.unit
        needs = "what it divides by has no such history or is not above 0"
        if _counted_as(of)[0] == "level":
            needs += ", or no day of the window has what is divided"
        en, zh = f"{made.description_en} over {window_en}", f"近{window}天{made.description_zh}"
    else:
        said = next(words for key, words in AGGREGATIONS.items() if key == aggregation)
        name = f"{made.name}_{aggregation}"
        unit, needs = said.unit or made.unit, said.needs
        en = f"{made.description_en}: {said.en} over {window_en}"
        zh = f"{made.description_zh}：近{window}天{said.zh}"
    change = "difference" if unit in DIFFERENCE_UNITS else "relative"
    tail_en = words.relative_en if change == "relative" else words.difference_en
    tail_zh = words.relative_zh if change == "relative" else words.difference_zh
    is_relative = words.change != "none" and change == "relative"
    return Feature.model_validate(
        {
            "name": f"{name}_{window}d{words.suffix}",
            "family": family.family,
            "domain": family.domain,
            "owner": family.owner,
            "measures": tuple(measure.name for measure in of),
            "kinds": _counted_as(of),
            "aggregation": aggregation,
            "window_days": window,
            "comparison": comparison,
            "change": change,
            "unit": "ratio" if words.is_ranked or is_relative else unit,
            "description_en": en + tail_en.format(days=window),
            "description_zh": zh + tail_zh.format(days=window),
            "missing_means": _missing_means(family, needs, comparison, change),
        }
    )


def _told_apart(made: FeatureGrid | Ratio, window: WindowDays) -> tuple[Comparison, ...]:
    """The comparisons of a window without those that another one says already.

    The 365 days before are the same days a year before, so that over 365 days the one comparison
    is the other.
    """
    if window != YEAR_DAYS:
        return made.comparisons
    same: dict[Comparison, Comparison] = {
        "last_year": "previous",
        "last_year_peers": "previous_peers",
    }
    return tuple(one for one in made.comparisons if same.get(one) not in made.comparisons)


def _made(family: Family, measures: Mapping[str, Measure]) -> Iterator[tuple[Location, Feature]]:
    """The features of a family in the order of its file, each with the place that declares it.

    `measures` are those of all families, by name.
    """
    for place, grid in enumerate(family.features):
        for position, name in enumerate(grid.of):
            for aggregation in grid.aggregations:
                for window in grid.windows:
                    for comparison in _told_apart(grid, window):
                        one = measures[name]
                        feature = _feature(family, one, (one,), aggregation, window, comparison)
                        yield ("features", place, "of", position), feature
    for place, ratio in enumerate(family.ratios):
        of = (measures[ratio.numerator], measures[ratio.denominator])
        for window in ratio.windows:
            for comparison in _told_apart(ratio, window):
                feature = _feature(family, ratio, of, "ratio", window, comparison)
                yield ("ratios", place, "name"), feature


def measures_of(families: Sequence[Family]) -> dict[str, Measure]:
    """The measures of families by name, in their order."""
    return {measure.name: measure for family in families for measure in family.measures}


def features(families: Sequence[Family]) -> tuple[Feature, ...]:
    """The features of families, in their order.

    Raises:
        CatalogueError: a name is given twice.
    """
    named: dict[str, Feature] = {}
    measures = measures_of(families)
    for family in families:
        for _, feature in _made(family, measures):
            if feature.name in named:
                raise CatalogueError(f"The feature {feature.name} is declared twice.")
            named[feature.name] = feature
    return tuple(named.values())


def families_version(families: Sequence[Family]) -> str:
    """What was declared in 12 hexadecimal digits; another order is another version."""
    declared = [family.model_dump(mode="json") for family in families]
    text = json.dumps(declared, ensure_ascii=False, sort_keys=True)
    return digest(text, VERSION_DIGITS)


def _check_measures(catalog: Path, path: Path, family: Family, seen: dict[str, Measure]) -> None:
    tables = load_tables(catalog)
    for place, measure in enumerate(family.measures):
        where: Location = ("measures", place)
        if measure.name in seen:
            raise catalogue_error(path, (*where, "name"), f"{measure.name!r} is given twice")
        if measure.table not in tables:
            message = f"{measure.table} is not declared"
            raise catalogue_error(path, (*where, "table"), message)
        for part in ("code", "spelling"):
            column = getattr(measure, part)
            if column is not None and column not in tables[measure.table].columns:
                message = f"{measure.table} has no column {column}"
                raise catalogue_error(path, (*where, part), message)
        seen[measure.name] = measure


def _check_grid(path: Path, place: int, grid: FeatureGrid, own: dict[str, Measure]) -> None:
    for position, name in enumerate(grid.of):
        where: Location = ("features", place, "of", position)
        if name not in own:
            raise catalogue_error(path, where, f"{name!r} is no measure of the family")
        for aggregation in grid.aggregations:
            if own[name].kind not in AGGREGATIONS[aggregation].kinds:
                message = f"{name!r} is a {own[name].kind}, which has no {aggregation}"
                raise catalogue_error(path, where, message)


def _check_ratios(path: Path, family: Family, measures: Mapping[str, Measure]) -> None:
    for place, ratio in enumerate(family.ratios):
        for part in ("numerator", "denominator"):
            name, where = getattr(ratio, part), ("ratios", place, part)
            if name not in measures:
                raise catalogue_error(path, where, f"{name!r} is no declared measure")


def _check_cover(path: Path, family: Family, measures: Mapping[str, Measure]) -> None:
    measured = {measure.table for measure in measures.values()}
    for place, table in enumerate(family.also_covered_by):
        if table not in measured:
            message = f"there is no measure of {table}"
            raise catalogue_error(path, ("also_covered_by", place), message)


def load_families(catalog: Path) -> tuple[Family, ...]:
    """Read every family, in the order of file names.

    Raises:
        CatalogueError: a file does not hold, names a table or measure that is not declared, or
            gives a family, measure or feature twice; the message names file, line and key. Or
            there is no family.
    """
    paths = sorted((catalog / "families").glob("*.yml"))
    families = [(path, read_declaration(path, Family)) for path in paths]
    if not families:
        raise CatalogueError(f"No family is declared in {catalog / 'families'}.")
    measures: dict[str, Measure] = {}
    names: set[str] = set()
    for path, family in families:
        if family.family in names:
            raise catalogue_error(path, ("family",), f"{family.family!r} is given twice")
        names.add(family.family)
        _check_measures(catalog, path, family, measures)
    # A measure and a feature of one name would be two values of one name to a reader.
    made = set(measures)
    for path, family in families:
        own = {measure.name: measure for measure in family.measures}
        for place, grid in enumerate(family.features):
            _check_grid(path, place, grid, own)
        _check_ratios(path, family, measures)
        _check_cover(path, family, measures)
        for location, feature in _made(family, measures):
            if feature.name in made:
                raise catalogue_error(path, location, f"{feature.name!r} is given twice")
            made.add(feature.name)
    return tuple(family for _, family in families)
