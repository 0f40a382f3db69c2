"""The inventory of models: purpose, owner, tier and limits of each, as in catalog/models.yml."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from loomline.declarations import Declaration, read_declaration
from loomline.errors import CatalogueError

COLUMNS = ("model", "tier", "owner", "purpose")


class DeclaredModel(Declaration):
    """A model of the inventory.

    Tier 1 decides on money lent, 2 prepares such decisions, 3 informs. A version is followed by a
    newly trained one after `retrain_after_days`, and is due for validation anew after
    `validate_after_days`.
    """

    title_en: str = Field(min_length=1)
    title_zh: str = Field(min_length=1)
    owner: str = Field(min_length=1)
    tier: int = Field(ge=1, le=3)
    purpose_en: str = Field(min_length=1)
    purpose_zh: str = Field(min_length=1)
    limits_en: tuple[str, ...] = Field(min_length=1)
    limits_zh: tuple[str, ...] = Field(min_length=1)
    retrain_after_days: int = Field(gt=0)
    validate_after_days: int = Field(gt=0)

    def in_markdown(self) -> str:
        """The entry as the description of a model in MLflow: what for, whose, how far to trust."""
        limits = zip(self.limits_en, self.limits_zh, strict=True)
        return "\n".join(
            (
                f"**{self.title_en} {self.title_zh}**",
                f"\n{self.purpose_en} {self.purpose_zh}",
                f"\nOwner {self.owner}, tier {self.tier}; trained anew after "
                f"{self.retrain_after_days} days, to be validated anew after "
                f"{self.validate_after_days}.",
                "\nLimits of use:\n",
                *(f"- {english} {chinese}" for english, chinese in limits),
            )
        )


class Inventory(Declaration):
    """Every model by its name in the MLflow registry."""

    models: dict[str, DeclaredModel]


def inventory_rows(catalog: Path) -> list[tuple[str, ...]]:
    """Every model of the inventory, in the order of the file; columns as `COLUMNS`.

    Raises:
        CatalogueError: the file does not hold.
    """
    models = read_declaration(catalog / "models.yml", Inventory).models
    return [
        (name, str(one.tier), one.owner, f"{one.purpose_en} {one.purpose_zh}")
        for name, one in models.items()
    ]


def declared_model(catalog: Path, name: str) -> DeclaredModel:
    """A model's entry.

    Raises:
        CatalogueError: the file does not hold, or has no such model.
    """
    path = catalog / "models.yml"
    models = read_declaration(path, Inventory).models
    if name not in models:
        raise CatalogueError(f"The model {name} is not in the inventory {path}.")
    return models[name]
