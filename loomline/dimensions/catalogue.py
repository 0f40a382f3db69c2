"""The value dimensions that `catalog/dimensions/*.yml` declares."""

from __future__ import annotations

import json
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from loomline.declarations import catalogue_error, digest, read_declaration
from loomline.dimensions.model import Dimension, DimensionFile
from loomline.errors import CatalogueError
from loomline.known_inputs import known_inputs

VERSION_DIGITS = 12


@dataclass(frozen=True)
class DeclaredDimension:
    """A dimension with the domain and the owner that its file gives it."""

    domain: str
    owner: str
    dimension: Dimension

    @property
    def name(self) -> str:
        """Its name, which no other dimension has."""
        return self.dimension.name


@dataclass(frozen=True)
class DimensionCatalogue:
    """All dimensions in the order of files."""

    dimensions: tuple[DeclaredDimension, ...]

    @property
    def version(self) -> str:
        """What was declared in 12 hexadecimal digits; another order is another version."""
        declared = [
            (one.domain, one.owner, one.dimension.model_dump(mode="json"))
            for one in self.dimensions
        ]
        return digest(json.dumps(declared, ensure_ascii=False, sort_keys=True), VERSION_DIGITS)

    def find(self, name: str) -> DeclaredDimension | None:
        """The dimension of that name, if there is one."""
        return next((one for one in self.dimensions if one.name == name), None)


def _check(path: Path, read: DimensionFile, inputs: Container[str], seen: set[str]) -> None:
    for place, dimension in enumerate(read.dimensions):
        for position, one in enumerate(dimension.inputs):
            if one.input not in inputs:
                where = ("dimensions", place, "inputs", position, "input")
                raise catalogue_error(path, where, f"{one.input!r} is not declared")
        if dimension.name in seen:
            message = f"{dimension.name!r} is given twice"
            raise catalogue_error(path, ("dimensions", place, "name"), message)
        seen.add(dimension.name)


def load_dimensions(catalog: Path) -> DimensionCatalogue:
    """Read every dimension.

    Raises:
        CatalogueError: a file does not hold, gives a name twice, or names an input that is not
            declared; the message names file, line and key. Or there is no dimension.
    """
    inputs = known_inputs(catalog)
    seen: set[str] = set()
    declared: list[DeclaredDimension] = []
    for path in sorted((catalog / "dimensions").glob("*.yml")):
        read = read_declaration(path, DimensionFile)
        _check(path, read, inputs, seen)
        declared += [DeclaredDimension(read.domain, read.owner, one) for one in read.dimensions]
    if not declared:
        raise CatalogueError(f"No dimension is declared in {catalog / 'dimensions'}.")
    return DimensionCatalogue(tuple(declared))
