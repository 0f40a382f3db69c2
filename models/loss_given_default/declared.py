"""The parameters of the expert model, as in catalog/loss_given_default.yml."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from loomline.declarations import Declaration, digest, read_declaration


class Unsecured(Declaration):
    """The loss, a ratio, of what no collateral covers."""

    loss_ratio: float = Field(ge=0, le=1)
    source: str = Field(min_length=1)


class Conversion(Declaration):
    """Which part of an undrawn limit is drawn when the borrower defaults."""

    factor: float = Field(ge=0, le=1)
    source: str = Field(min_length=1)


class Collateral(Declaration):
    """A kind of collateral: the loss of what it covers, and what its value is cut by."""

    loss_ratio: float = Field(ge=0, le=1)
    haircut_ratio: float = Field(ge=0, le=1)
    source: str = Field(min_length=1)


class WarehouseReceipts(Declaration):
    """How pledged warehouse receipts are valued.

    `collateral` is the kind that they are of. The goods are worth what was lent divided by
    `advance_ratio`; a count older than `count_valid_days` is none.
    """

    collateral: str
    advance_ratio: float = Field(gt=0, le=1)
    count_valid_days: int = Field(gt=0)
    source: str = Field(min_length=1)


class MachineClass(Declaration):
    """Machines that lose value alike, down to `residual_ratio` of the price after `life_years`."""

    title_en: str = Field(min_length=1)
    title_zh: str = Field(min_length=1)
    types: tuple[str, ...] = ()
    life_years: float = Field(gt=0)
    residual_ratio: float = Field(ge=0, lt=1)


class Machines(Declaration):
    """The classes of machines; `other_types` is that of the types that no class names."""

    other_types: str
    classes: dict[str, MachineClass] = Field(min_length=1)
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _each_type_has_one_class(self) -> Self:
        if self.other_types not in self.classes:
            raise ValueError(f"other_types names {self.other_types}, which is no class")
        named = [kind for one in self.classes.values() for kind in one.types]
        twice = sorted({kind for kind in named if named.count(kind) > 1})
        if twice:
            raise ValueError(f"{twice[0]} is named by two classes")
        return self

    def class_of(self, machine_type: str | None) -> str:
        """The name of the class of a type of machine."""
        named = (name for name, one in self.classes.items() if machine_type in one.types)
        return next(named, self.other_types)


class LossParameters(Declaration):
    """All parameters of the expert model."""

    unsecured: Unsecured
    conversion: Conversion
    collateral: dict[str, Collateral] = Field(min_length=1)
    warehouse_receipts: WarehouseReceipts
    machines: Machines

    @model_validator(mode="after")
    def _collateral_helps(self) -> Self:
        for name, kind in self.collateral.items():
            if kind.loss_ratio > self.unsecured.loss_ratio:
                raise ValueError(f"{name} loses more than what no collateral covers")
        if self.warehouse_receipts.collateral not in self.collateral:
            raise ValueError(
                f"warehouse_receipts are of {self.warehouse_receipts.collateral}, "
                "which is no kind of collateral"
            )
        return self

    @property
    def version(self) -> str:
        """A short hash of all that is declared."""
        return digest(self.model_dump_json())


def load_loss_parameters(catalog: Path) -> LossParameters:
    """Read the parameters.

    Raises:
        CatalogueError: the file does not hold; the message names file, line and key.
    """
    return read_declaration(catalog / "loss_given_default.yml", LossParameters)
