"""The names that rules, indicators and dimensions may look at, and what each of them says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from loomline.families.catalogue import features, load_families
from loomline.families.model import Feature


@dataclass(frozen=True)
class KnownInput:
    """A named value of enterprises; `feature` is None where no family makes it."""

    name: str
    domain: str
    unit: str
    description_en: str
    description_zh: str
    feature: Feature | None = None


SCORES = (
    KnownInput(
        "default_probability",
        "score",
        "ratio",
        "Probability of default by the champion model",
        "冠军模型的违约概率",
    ),
    KnownInput("credit_score", "score", "points", "Credit score", "信用评分"),
)


def known_inputs(catalog: Path) -> dict[str, KnownInput]:
    """Every input by its name: the features of the families, and the scores.

    Raises:
        CatalogueError: a family does not hold.
    """
    made = features(load_families(catalog))
    known = [
        KnownInput(one.name, one.domain, one.unit, one.description_en, one.description_zh, one)
        for one in made
    ]
    return {one.name: one for one in (*known, *SCORES)}
