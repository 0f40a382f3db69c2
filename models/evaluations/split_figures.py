"""Figures of several splits in one list: each model's text begins with the name of its split."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from models.calibration import ReliabilityBin
from models.evaluations.evaluation import Figure
from models.metrics import Estimate


class MeasuredSplit(Protocol):
    """What a split gave, as far as it is told in words."""

    @property
    def split(self) -> str:
        """The split's name."""

    @property
    def why_not(self) -> str:
        """Why it has no figures; empty where it has."""

    @property
    def settings(self) -> tuple[str, ...]:
        """What was chosen in each training part."""


Split = TypeVar("Split", bound=MeasuredSplit)


def of_split(split: str, figures: Iterable[Figure]) -> tuple[Figure, ...]:
    """The figures, their models named with the split before them."""
    return tuple(replace(one, model=f"{split}, {one.model}") for one in figures)


def calibration_figures(
    model: str, event: str, bins: Sequence[ReliabilityBin]
) -> tuple[Figure, ...]:
    """The observed ratio of each bin with its interval; the metric says what was predicted."""
    return tuple(
        Figure(
            model,
            f"{event}, bin {one.bin} of {len(bins)}, predicted {one.mean_pd_ratio:.4f}",
            one.enterprise_count,
            Estimate(one.observed_default_ratio, one.lower, one.upper),
        )
        for one in bins
    )


def _say(measured: MeasuredSplit) -> None:
    """Say on stderr why a split was not measured, or what was chosen in its training."""
    if measured.why_not:
        print(f"{measured.split} is not measured: {measured.why_not}.", file=sys.stderr)
    else:
        chosen = "; ".join(measured.settings)
        print(f"{measured.split}, chosen in training: {chosen}.", file=sys.stderr)


def figures_of_splits(
    splits: Iterable[Split], figures_of: Callable[[Split], Iterable[Figure]]
) -> tuple[Figure, ...]:
    """The figures of all splits; what was chosen in training, or why there are none, on stderr."""
    figures: list[Figure] = []
    for one in splits:
        _say(one)
        figures += of_split(one.split, figures_of(one))
    return tuple(figures)
