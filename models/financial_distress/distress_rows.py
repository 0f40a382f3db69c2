"""The rows of `scores.financial_distress`, as an Arrow table."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from loomline.declarations import digest
from models.altman import DISTRESS_BELOW, SAFE_ABOVE, WEIGHTS, points_of, zone_of
from models.financial_distress.statement import (
    AMOUNTS,
    amounts_of,
    implausible_of,
    missing_of,
    ratios_of,
)
from models.financial_distress.words import Reason, part_reason, problem_reason

MODEL_KIND = "published"
PARAMETER_VERSION = digest(repr((WEIGHTS, DISTRESS_BELOW, SAFE_ABOVE)))
MONEY = pa.decimal128(18, 2)
REASON = pa.struct(
    [
        ("reason", pa.string()),
        ("points", pa.float64()),
        ("reason_en", pa.string()),
        ("reason_zh", pa.string()),
    ]
)


def _money(values: pd.Series[float]) -> pa.Array:
    """Amounts as exact decimals; NaN is null."""
    return pa.array(values.to_numpy(dtype=float), pa.float64(), from_pandas=True).cast(MONEY)


def _names(flags: pd.DataFrame) -> list[list[str]]:
    """Of each row the names of the columns that are true, in their order."""
    names = flags.columns.to_numpy()
    return [list(names[row]) for row in flags.to_numpy(dtype=bool)]


def _reasons(
    problems: list[list[str]], ratios: pd.DataFrame, points: pd.DataFrame
) -> list[list[Reason]]:
    """Of each row its problems; without any the parts of Z'', what adds least first."""
    parts = ratios.columns.to_numpy()
    of_ratio, of_points = ratios.to_numpy(dtype=float), points.to_numpy(dtype=float)
    return [
        [problem_reason(one) for one in found]
        or [
            part_reason(parts[at], float(of_ratio[row, at]), float(of_points[row, at]))
            for at in np.argsort(of_points[row], kind="stable")
        ]
        for row, found in enumerate(problems)
    ]


def _zones(scores: pd.Series[float]) -> list[str | None]:
    return [None if np.isnan(score) else zone_of(score) for score in scores]


def _of_parts(values: pd.DataFrame, suffix: str) -> dict[str, pa.Array]:
    return {
        f"{part}_{suffix}": pa.array(values[part].to_numpy(dtype=float), from_pandas=True)
        for part in values.columns
    }


def distress_rows(statements: pd.DataFrame, as_of_date: date) -> pa.Table:
    """A row of `scores.financial_distress` for every statement.

    A statement that lacks something has the parts of Z'' that are known, and no Z''; one that can't
    be right has no parts. Both say why.

    Args:
        statements: Rows of `inputs.STATEMENTS`.
        as_of_date: The date.
    """
    statements, count = statements.reset_index(drop=True), len(statements)
    ends = pd.to_datetime(statements.period_end_date)
    age_days = (pd.Timestamp(as_of_date) - ends).dt.days
    amounts = amounts_of(statements)
    missing, implausible = missing_of(statements), implausible_of(amounts, age_days)
    is_missing, is_implausible = missing.any(axis=1), implausible.any(axis=1)
    ratios = ratios_of(amounts).mask(is_implausible, np.nan)
    points = pd.DataFrame(points_of(ratios.to_numpy(dtype=float)), columns=ratios.columns)
    scores = points.sum(axis=1, skipna=False).mask(is_missing | is_implausible)
    outcomes = np.select([is_implausible, is_missing], ["implausible", "missing"], "scored")
    reasons = _reasons(_names(pd.concat([implausible, missing], axis=1)), ratios, points)
    return pa.table(
        {
            "as_of_date": pa.repeat(pa.scalar(as_of_date), count),
            **{
                name: pa.array(statements[name], pa.string(), from_pandas=True)
                for name in ("code_system", "enterprise_code", "enterprise_id")
            },
            "period_end_date": pa.array(ends.dt.date, pa.date32()),
            "age_days": pa.array(age_days, pa.int64()),
            "outcome": pa.array(outcomes, pa.string()),
            "z_score": pa.array(scores.to_numpy(dtype=float), from_pandas=True),
            "zone": pa.array(_zones(scores), pa.string()),
            **_of_parts(ratios, "ratio"),
            **_of_parts(points, "points"),
            **{name: _money(amounts[name]) for name in AMOUNTS},
            "earnings_months": pa.array(
                statements.earlier_months.astype("Int64"), pa.int64(), from_pandas=True
            ),
            "missing": pa.array(_names(missing), pa.list_(pa.string())),
            "implausible": pa.array(_names(implausible), pa.list_(pa.string())),
            "reasons": pa.array(reasons, pa.list_(REASON)),
            "model_kind": pa.repeat(pa.scalar(MODEL_KIND), count),
            "parameter_version": pa.repeat(pa.scalar(PARAMETER_VERSION), count),
        }
    )
