"""What rules, indicators and dimensions can ask of consistency, by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from loomline.consistency.model import Check

Kind = Literal["score", "residual", "months_inconsistent", "months_for_review"]
# How the name of an input ends, by what it is of its check.
ENDINGS: dict[Kind, str] = {
    "score": "_consistency",
    "residual": "_residual",
    "months_inconsistent": "_months_inconsistent_12m",
    "months_for_review": "_months_for_review_3m",
}
DATA_TRUST = "data_trust"
CHECKS_FOR_REVIEW = "checks_for_review_3m"


@dataclass(frozen=True)
class ConsistencyInput:
    """A named value of an enterprise as of a date, with its unit and what it says.

    `check` and `kind` are of the check that it comes from; both are None for a value of all checks.
    """

    name: str
    unit: str
    description_en: str
    description_zh: str
    check: str | None = None
    kind: Kind | None = None


def _of_check(check: Check) -> list[ConsistencyInput]:
    en, zh = check.title_en, check.title_zh
    said: dict[Kind, tuple[str, str, str]] = {
        "score": (
            "ratio",
            f"{en}: consistency in the latest month",
            f"{zh}：最近一个月的一致性得分",
        ),
        "residual": (
            check.residual_unit,
            f"{en}: residual in the latest month",
            f"{zh}：最近一个月的残差",
        ),
        "months_inconsistent": (
            "months",
            f"{en}: inconsistent months of the last 12",
            f"{zh}：近12个月中不一致的月数",
        ),
        "months_for_review": (
            "months",
            f"{en}: months of the last 3 that ask for a review",
            f"{zh}：近3个月中需要复核的月数",
        ),
    }
    return [
        ConsistencyInput(f"{check.name}{ENDINGS[kind]}", *words, check=check.name, kind=kind)
        for kind, words in said.items()
    ]


def consistency_inputs(checks: Sequence[Check]) -> tuple[ConsistencyInput, ...]:
    """The inputs of checks, four a check, and the two of all checks together."""
    whole = (
        ConsistencyInput(
            DATA_TRUST,
            "points",
            "Data trust of the last 3 months, 0 to 100, the lowest of them",
            "近3个月数据可信度（0至100，取最低值）",
        ),
        ConsistencyInput(
            CHECKS_FOR_REVIEW,
            "checks",
            "Consistency checks that ask for a review in the last 3 months",
            "近3个月需要复核的一致性检查项数",
        ),
    )
    return tuple(given for check in checks for given in _of_check(check)) + whole


def input_names(checks: Sequence[Check]) -> tuple[str, ...]:
    """The names of the inputs of checks."""
    return tuple(given.name for given in consistency_inputs(checks))
