"""What early warning looks at, by source, as in catalog/early_warning.yml."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from loomline.declarations import Declaration, catalogue_error, read_declaration
from loomline.families.catalogue import features, load_families

FILE = "early_warning.yml"
BASELINE, EVERYTHING = "books_and_invoices", "all"


class Covariate(Declaration):
    """A feature, the sign of its risk (1 where more is worse), and why a credit officer cares."""

    feature: str = Field(min_length=1)
    sign: Literal[1, -1]
    why: str = Field(min_length=1)


class Source(Declaration):
    """Who tells: its covariates, and whether they are data of production."""

    title: str = Field(min_length=1)
    is_production: bool = False
    covariates: tuple[Covariate, ...] = Field(min_length=1)


class SourceSet(Declaration):
    """Sources that a lender may have: those named and, if so declared, all of production."""

    sources: tuple[str, ...] = Field(min_length=1)
    with_production: bool = False


class EarlyWarning(Declaration):
    """Every source and every source set by its name."""

    sources: dict[str, Source] = Field(min_length=1)
    source_sets: dict[str, SourceSet]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        names = [one.feature for source in self.sources.values() for one in source.covariates]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"{twice[0]} is given twice")
        for name, declared in self.source_sets.items():
            if unknown := sorted(set(declared.sources) - set(self.sources)):
                raise ValueError(f"{name} names {unknown[0]}, which is no source")
        if missing := {BASELINE, EVERYTHING} - set(self.source_sets):
            raise ValueError(f"there is no source set {min(missing)}")
        if set(self.sources_of(EVERYTHING)) != set(self.sources):
            raise ValueError(f"{EVERYTHING} does not have every source")
        return self

    def sources_of(self, source_set: str) -> tuple[str, ...]:
        """The sources of a set, in the order in which they are declared."""
        declared = self.source_sets[source_set]
        return tuple(
            name
            for name, source in self.sources.items()
            if name in declared.sources or (declared.with_production and source.is_production)
        )

    def signs(self, sources: tuple[str, ...]) -> dict[str, int]:
        """The sign of every covariate of some sources, by its feature's name."""
        return {one.feature: one.sign for name in sources for one in self.sources[name].covariates}

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The features of all covariates, in their order."""
        return tuple(self.signs(tuple(self.sources)))


def load_early_warning(catalog: Path) -> EarlyWarning:
    """Read the declaration.

    Raises:
        CatalogueError: the file does not hold, or a covariate is no feature of the families.
    """
    path = catalog / FILE
    declared = read_declaration(path, EarlyWarning)
    known = {one.name for one in features(load_families(catalog))}
    for name, source in declared.sources.items():
        for place, one in enumerate(source.covariates):
            if one.feature not in known:
                where = ("sources", name, "covariates", place, "feature")
                raise catalogue_error(path, where, f"no family makes {one.feature}")
    return declared
