"""What the monitoring finds: one figure of a model, its level, and a sentence about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from models.metrics import Estimate
from models.monitor.thresholds import LEVELS, Bounds, Level

Role = Literal["champion", "challenger"]
PORTFOLIO = "portfolio"
# English and Chinese.
Said = tuple[str, str]


@dataclass(frozen=True)
class Watched:
    """A version of the model that is watched, and what it is used as."""

    model_version: str
    role: Role


@dataclass(frozen=True)
class Finding:
    """A row of `scores.model_monitoring`, less its date and the name of the model."""

    of: Watched
    measure: str
    subject: str
    level: Level
    said: Said
    enterprise_count: int
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    amber: float | None = None
    red: float | None = None

    @property
    def is_alert(self) -> bool:
        """Whether a person should look at it."""
        return self.level in ("amber", "red")

    def row(self, as_of_date: date, model_name: str) -> tuple[object, ...]:
        """The row, in the order of the table's columns."""
        return (
            *(as_of_date, model_name, self.of.model_version, self.of.role),
            *(self.measure, self.subject, self.value, self.lower, self.upper),
            *(self.amber, self.red, self.level, *self.said, self.enterprise_count),
        )


def unsaid(of: Watched, measure: str, subject: str, said: Said, firms: int = 0) -> Finding:
    """A finding that nothing can be said, and why."""
    return Finding(of, measure, subject, "none", said, firms)


def judged(
    of: Watched, measure: str, subject: str, value: float, bounds: Bounds, said: Said, firms: int
) -> Finding:
    """A figure without an interval against its bounds."""
    return Finding(
        of,
        measure,
        subject,
        bounds.level(value),
        said,
        firms,
        value=value,
        amber=bounds.amber,
        red=bounds.red,
    )


def estimated(
    of: Watched,
    measure: str,
    subject: str,
    figure: Estimate,
    bounds: Bounds | None,
    said: Said,
    firms: int,
) -> Finding:
    """A figure with an interval; the end that is better for the model is judged, if any is."""
    level: Level = "none"
    if bounds is not None:
        level = bounds.level(figure.lower if bounds.worse == "higher" else figure.upper)
    return Finding(
        of,
        measure,
        subject,
        level,
        said,
        firms,
        value=figure.value,
        lower=figure.lower,
        upper=figure.upper,
        amber=None if bounds is None else bounds.amber,
        red=None if bounds is None else bounds.red,
    )


def gravest(levels: Sequence[Level]) -> Level:
    """The gravest of levels; none where there is none."""
    return max(levels, key=LEVELS.index, default="none")


def alerts(findings: Sequence[Finding]) -> list[Finding]:
    """The findings that a person should look at, the gravest first."""
    return sorted(
        (one for one in findings if one.is_alert), key=lambda one: -LEVELS.index(one.level)
    )
