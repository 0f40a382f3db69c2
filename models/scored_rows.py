"""The rows of `scores.credit_score` for many firms at once, as one Arrow table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from models.arrays import Floats
from models.master_scale import MasterScale
from models.reasons import decimal_points, reason_lists
from models.scorecard import CENTS_PER_POINT, Scorecard

# The texts of so many firms take some tens of megabytes while they are put together.
FIRMS_AT_ONCE = 50_000


def grades(scale: MasterScale, pd_ratio: Floats) -> pa.Array:
    """The grade of each probability of default, (firms,)."""
    names = pa.array([grade.grade for grade in scale.grades], pa.string())
    return names.take(pa.array(scale.places(pd_ratio)))


def _scored(
    card: Scorecard,
    values: pd.DataFrame,
    names: pd.DataFrame,
    scale: MasterScale,
    same_for_all: Mapping[str, object],
) -> pa.Table:
    positions = card.bin_positions(values)
    cents = card.point_cents(positions).sum(axis=1) + card.base_cents
    pd_ratio = card.probability(cents / CENTS_PER_POINT)
    return pa.table(
        {
            "enterprise_id": pa.array(values.index, pa.string()),
            "pd_ratio": pa.array(pd_ratio),
            "confidence_ratio": pa.array(card.confidence(values)),
            "score": decimal_points(cents),
            "grade": grades(scale, pd_ratio),
            "base_points": decimal_points(np.full(len(values), card.base_cents)),
            "reasons": reason_lists(card, values, positions, names),
            **{name: pa.repeat(pa.scalar(x), len(values)) for name, x in same_for_all.items()},
        }
    )


def scored_batches(
    card: Scorecard,
    values: pd.DataFrame,
    names: pd.DataFrame,
    scale: MasterScale,
    same_for_all: Mapping[str, object],
    firms_at_once: int = FIRMS_AT_ONCE,
) -> Iterator[pa.Table]:
    """The rows of `scored_rows` in tables of so many firms, of which one is made at a time."""
    # At least one table, so that no firm at all still has the columns.
    for start in range(0, max(len(values), 1), firms_at_once):
        some = values.iloc[start : start + firms_at_once]
        yield _scored(card, some, names, scale, same_for_all)


def scored_rows(
    card: Scorecard,
    values: pd.DataFrame,
    names: pd.DataFrame,
    scale: MasterScale,
    same_for_all: Mapping[str, object],
    firms_at_once: int = FIRMS_AT_ONCE,
) -> pa.Table:
    """A row of `scores.credit_score` for every firm, in the order of `values`.

    Args:
        card: The scorecard.
        values: Features, (firms, features), with named columns and indexed by enterprise. NaN is a
            missing value.
        names: Rows of `features.feature_name` for at least the features of the card.
        scale: The grades by probability of default.
        same_for_all: Columns with one value for all rows, such as the date and the model's version.
        firms_at_once: How many firms are worked on at a time; it changes nothing but memory.

    Returns:
        `enterprise_id`, `pd_ratio` and `confidence_ratio` (ratios from 0 to 1), `score` and
        `base_points` (points, exact to the hundredth), `grade`, `reasons`, and the columns of
        `same_for_all`.

    Raises:
        KeyError: a feature of the card is not in `values` or `names`.
        ValueError: a score has more digits than its column.
    """
    return pa.concat_tables(scored_batches(card, values, names, scale, same_for_all, firms_at_once))
