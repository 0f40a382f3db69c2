"""Conversion between units of measure, by pint and the project's own definitions."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pint

DEFINITIONS = Path(__file__).resolve().parent / "units.txt"


class Conversion(NamedTuple):
    """A value in the one unit times `factor`, plus `offset`, is the value in the other."""

    factor: Decimal
    offset: Decimal


@cache
def _registry() -> pint.UnitRegistry[Decimal]:
    registry: pint.UnitRegistry[Decimal] = pint.UnitRegistry(
        non_int_type=Decimal, autoconvert_offset_to_baseunit=True
    )
    registry.load_definitions(DEFINITIONS)
    return registry


@cache
def conversion(unit: str, into: str) -> Conversion:
    """How a value in `unit` becomes one in `into`.

    Raises:
        ValueError: a unit is not known, or the two do not measure the same.
    """
    if unit == into:
        return Conversion(Decimal(1), Decimal(0))
    registry = _registry()
    try:
        at_nothing, at_one = (
            Decimal(registry.Quantity(Decimal(value), unit).to(into).magnitude) for value in (0, 1)
        )
    except pint.UndefinedUnitError as error:
        raise ValueError(f"{error}; loomline/units.txt can define it") from None
    except pint.DimensionalityError as error:
        raise ValueError(str(error)) from None
    return Conversion(at_one - at_nothing, at_nothing)
