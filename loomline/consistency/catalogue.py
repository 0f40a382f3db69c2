"""The checks that `catalog/consistency/*.yml` declares, one file a check, and their inputs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from loomline.consistency.inputs import consistency_inputs
from loomline.consistency.model import Check
from loomline.consistency.query import unknown_slots
from loomline.declarations import catalogue_error, read_declaration
from loomline.errors import CatalogueError
from loomline.families.catalogue import features, load_families
from loomline.families.model import Family
from loomline.tables import load_tables


def _check_sides(path: Path, check: Check, families: Sequence[Family], catalog: Path) -> None:
    measures = {measure.name: measure for family in families for measure in family.measures}
    for key, unit_key in (("measured", "unit"), ("reference", "reference_unit")):
        name = getattr(check, key)
        if name is None:
            continue
        if name not in measures:
            raise catalogue_error(path, (key,), f"{name!r} is no declared measure")
        if measures[name].kind != "flow":
            raise catalogue_error(path, (key,), f"{name!r} is a level, which has no total")
        if measures[name].unit != getattr(check, unit_key):
            message = f"{name} is in {measures[name].unit}"
            raise catalogue_error(path, (unit_key,), message)
    if check.sql and (unknown := unknown_slots(check.sql, load_tables(catalog))):
        raise catalogue_error(path, ("sql",), f"unknown in braces: {', '.join(unknown)}")


def load_checks(catalog: Path) -> tuple[Check, ...]:
    """Read every check, in the order of file names.

    Raises:
        CatalogueError: a file does not hold, is named by another check than it declares, or names
            what is not declared; or an input of a check has the name of a feature or measure. The
            message names file, line and key. Or there is no check.
    """
    families = load_families(catalog)
    taken = {feature.name for feature in features(families)}
    taken |= {measure.name for family in families for measure in family.measures}
    checks = []
    for path in sorted((catalog / "consistency").glob("*.yml")):
        check = read_declaration(path, Check)
        if check.name != path.stem:
            raise catalogue_error(path, ("name",), f"the file is {path.name}")
        _check_sides(path, check, families, catalog)
        for given in consistency_inputs((check,)):
            if given.name in taken:
                message = f"its input {given.name} is a feature or measure too"
                raise catalogue_error(path, ("name",), message)
        checks.append(check)
    if not checks:
        raise CatalogueError(f"No check is declared in {catalog / 'consistency'}.")
    return tuple(checks)
