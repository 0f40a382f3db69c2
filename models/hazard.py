"""The discrete-time hazard: a ridge-penalised logistic regression with declared signs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Protocol

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit

from models.arrays import Booleans, Floats, Integers


class HazardSettings(Protocol):
    """What a fit of a hazard needs to know.

    Covariates are cut off at the quantiles `cut_off` and 1 - `cut_off`; `interval_count` intervals
    are looked ahead.
    """

    @property
    def cut_off(self) -> float:
        """The lower quantile."""

    @property
    def interval_count(self) -> int:
        """How many intervals are looked ahead."""


@dataclass(frozen=True, eq=False)
class PersonIntervals:
    """Closed intervals in which the event could still happen to somebody, each (intervals,).

    `row` is the place among the rows of covariates, `interval` counts from 0, `event` is 1 where it
    happened.
    """

    row: Integers
    interval: Integers
    event: Floats

    def of(self, rows: Booleans) -> PersonIntervals:
        """Those of some rows of covariates, (rows,)."""
        kept = rows[self.row]
        return PersonIntervals(self.row[kept], self.interval[kept], self.event[kept])


class Fitted(Protocol):
    """A fitted model of hazards."""

    def hazards(self, values: pd.DataFrame) -> Floats:
        """The hazard of each interval given none before it, (rows, intervals)."""


def probabilities(hazards: Floats) -> Floats:
    """The probability of the event by the end of each interval, (rows, intervals)."""
    return np.asarray(1 - np.cumprod(1 - hazards, axis=1))


@dataclass(frozen=True, eq=False)
class Scaling:
    """How covariates become the columns of a regression; each array is (covariates,).

    A value is cut off at `lower` and `upper`, a missing one becomes `median`; then `mean` is taken
    off and `deviation` divides. `is_told` marks the covariates whose absence has an own column.
    """

    names: tuple[str, ...]
    lower: Floats
    upper: Floats
    median: Floats
    mean: Floats
    deviation: Floats
    is_told: Booleans

    def filled(self, values: Floats) -> Floats:
        """Values cut off and without gaps, (rows, covariates)."""
        cut = np.clip(values, self.lower, self.upper)
        return np.where(np.isnan(cut), self.median, cut)

    def columns(self, values: pd.DataFrame) -> Floats:
        """The columns, (rows, covariates and then indicators)."""
        given = values[list(self.names)].to_numpy(dtype=float)
        scaled = (self.filled(given) - self.mean) / self.deviation
        return np.hstack([scaled, np.isnan(given)[:, self.is_told].astype(float)])


def fit_scaling(values: pd.DataFrame, cut_off: float) -> Scaling:
    """The scaling that rows (rows, covariates) ask for.

    A covariate without any value, or with one value only, becomes a column of zeros.
    """
    given = values.to_numpy(dtype=float)
    is_missing = np.isnan(given)
    share = is_missing.mean(axis=0)
    known = np.where(share < 1, given, 0.0)
    lower, median, upper = np.nanquantile(known, [cut_off, 0.5, 1 - cut_off], axis=0)
    names = tuple(values.columns)
    ones = np.ones(len(names))
    plain = Scaling(names, lower, upper, median, 0 * ones, ones, (share > 0) & (share < 1))
    filled = plain.filled(given)
    deviation = filled.std(axis=0)
    return Scaling(
        *(names, lower, upper, median, filled.mean(axis=0)),
        np.where(deviation > 0, deviation, 1.0),
        plain.is_told,
    )


def fit_logistic(
    columns: Floats, outcome: Floats, signs: Integers, inverse_penalty: float
) -> tuple[float, Floats]:
    """Intercept and coefficients (columns,) of a logistic regression with an L2 penalty.

    `signs` (columns,) are 1 where a coefficient may not be below 0, -1 where not above, 0 where it
    is free. The loss is scikit-learn's, the intercept is not penalised.
    """

    def loss(parameters: Floats) -> tuple[float, Floats]:
        coefficients = parameters[1:]
        log_odds = parameters[0] + columns @ coefficients
        residual = expit(log_odds) - outcome
        value = np.sum(np.logaddexp(0, log_odds) - outcome * log_odds)
        value += coefficients @ coefficients / (2 * inverse_penalty)
        slope = columns.T @ residual + coefficients / inverse_penalty
        return float(value), np.concatenate([[residual.sum()], slope])

    rate = (outcome.sum() + 0.5) / (len(outcome) + 1)
    start = np.concatenate([[np.log(rate / (1 - rate))], np.zeros(columns.shape[1])])
    bounds = [(None, None)] + [
        (0.0 if sign > 0 else None, 0.0 if sign < 0 else None) for sign in signs
    ]
    options = {"maxiter": 2_000, "ftol": 1e-11, "gtol": 1e-6}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return float(found.x[0]), np.asarray(found.x[1:])


@dataclass(frozen=True, eq=False)
class HazardModel:
    """A fitted hazard.

    Log-odds = `intercept` + `of_interval` (intervals,) + columns @ `coefficients` (columns,).
    """

    scaling: Scaling
    intercept: float
    of_interval: Floats
    coefficients: Floats

    def hazards(self, values: pd.DataFrame) -> Floats:
        """The hazard of each interval given none before it, (rows, intervals)."""
        of_row = self.intercept + self.scaling.columns(values) @ self.coefficients
        return np.asarray(expit(of_row[:, None] + self.of_interval))

    def contributions(self, values: pd.DataFrame) -> Floats:
        """What each covariate, missing or not, adds to the log-odds, (rows, covariates)."""
        told = self.scaling.columns(values) * self.coefficients
        count = len(self.scaling.names)
        added = told[:, :count].copy()
        added[:, self.scaling.is_told] += told[:, count:]
        return added

    def content(self) -> dict[str, Any]:
        """The hazard in numbers, lists and texts, for a file that a person can read too."""
        return {
            "intercept": self.intercept,
            "of_interval": self.of_interval.tolist(),
            "coefficients": self.coefficients.tolist(),
            "scaling": {
                name: list(value) if isinstance(value, tuple) else value.tolist()
                for name, value in asdict(self.scaling).items()
            },
        }

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> HazardModel:
        """The hazard of which `content` was given."""
        names, *arrays = (content["scaling"][one.name] for one in fields(Scaling))
        return cls(
            Scaling(tuple(names), *map(np.array, arrays)),
            content["intercept"],
            np.array(content["of_interval"]),
            np.array(content["coefficients"]),
        )


def fit_hazard(
    values: pd.DataFrame,
    person: PersonIntervals,
    signs: Mapping[str, int],
    inverse_penalty: float,
    settings: HazardSettings,
) -> HazardModel:
    """Fit to person-intervals of `values` (rows, covariates), by the declared signs."""
    ours = values[list(signs)]
    scaling = fit_scaling(ours.iloc[np.unique(person.row)], settings.cut_off)
    of_row = scaling.columns(ours)[person.row]
    # The first interval is the one that the others are compared with.
    later = np.arange(1, settings.interval_count)
    of_interval = (person.interval[:, None] == later).astype(float)
    free = of_row.shape[1] - len(signs) + len(later)
    bounded = np.array([*signs.values(), *[0] * free], dtype=np.int64)
    intercept, found = fit_logistic(
        np.hstack([of_row, of_interval]), person.event, bounded, inverse_penalty
    )
    coefficients, intervals = np.split(found, [of_row.shape[1]])
    return HazardModel(scaling, intercept, np.concatenate([[0.0], intervals]), coefficients)


def leading(contributions: Floats, most: int) -> list[list[int]]:
    """Of each row, (rows, covariates), the places that raise the odds, the highest first."""
    order = np.argsort(-contributions, axis=1, kind="stable")[:, :most]
    return [
        [int(at) for at in places if added[at] > 0]
        for places, added in zip(order, contributions, strict=True)
    ]


def combined_hazards(parts: Sequence[Floats]) -> Floats:
    """Hazards whose log-odds are the mean of those of the parts, (rows, intervals)."""
    bounded = [np.clip(part, 1e-9, 1 - 1e-9) for part in parts]
    return np.asarray(expit(np.mean([np.log(one / (1 - one)) for one in bounded], axis=0)))
