"""The features that `catalog/features/*.yml` declares, one file a group."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from loomline.declarations import Declaration, catalogue_error, read_declaration
from loomline.errors import CatalogueError

Level = Literal["invoices", "relations", "months"]
LEVELS: tuple[Level, ...] = ("invoices", "relations", "months")
NAME_PATTERN = r"^[a-z][a-z0-9_]*$"


class Measure(Declaration):
    """A Spark SQL aggregate over an enterprise's rows of a level; it may be used in any feature.

    The levels and their columns are those of `spark_jobs.feature_query`.
    """

    name: str = Field(pattern=NAME_PATTERN)
    level: Level
    expression: str = Field(min_length=1)


class Feature(Declaration):
    """A feature: a Spark SQL expression over measures, and `:as_of_date` where it needs the date.

    `is_history_dependent` must be true when the value would change if an enterprise's whole history
    were moved into the past or repeated, and when it counts what a longer history adds to.
    """

    name: str = Field(pattern=NAME_PATTERN)
    expression: str = Field(min_length=1)
    unit: str = Field(min_length=1)
    description_en: str = Field(min_length=1)
    description_zh: str = Field(min_length=1)
    missing_means: str = Field(min_length=1)
    is_history_dependent: bool


class FeatureGroup(Declaration):
    """One file of `catalog/features`."""

    group: str
    description: str
    measures: tuple[Measure, ...] = ()
    features: tuple[Feature, ...] = ()


class FeatureList(Declaration):
    """All groups together; the order of the features is that of files by name, then of lines."""

    measures: tuple[Measure, ...]
    features: tuple[Feature, ...]


def load_features(catalog: Path) -> FeatureList:
    """Read every group.

    Raises:
        CatalogueError: a file does not hold, a name is given twice, or there is no feature.
    """
    measures: list[Measure] = []
    features: list[Feature] = []
    seen: set[str] = set()
    for path in sorted((catalog / "features").glob("*.yml")):
        group = read_declaration(path, FeatureGroup)
        sections: dict[str, Sequence[Measure | Feature]] = {
            "measures": group.measures,
            "features": group.features,
        }
        for kind, entries in sections.items():
            for position, entry in enumerate(entries):
                # A measure and a feature of one name would be two values of one name to a reader.
                if entry.name in seen:
                    location = (kind, position, "name")
                    raise catalogue_error(path, location, f"{entry.name!r} is given twice")
                seen.add(entry.name)
        measures += group.measures
        features += group.features
    if not features:
        raise CatalogueError(f"No feature is declared in {catalog / 'features'}.")
    return FeatureList(measures=tuple(measures), features=tuple(features))
