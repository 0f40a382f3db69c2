"""What is to be expected of every supplier, as rows of `scores.supplier_expectation`."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from models.counterparties.columns import (
    days,
    level_names,
    ratios,
    texts,
    whole,
    whole_days,
)
from models.counterparties.credibility import Shares, shares
from models.counterparties.curve import LONGEST_DAYS, Spells, fitted_curve, watched
from models.counterparties.habits import day_reached, habits
from models.counterparties.pairs import numbered, pairs_of

# Whatever has not come so many days after the wanted day will not come.
END_DAYS = 60
LEVELS = ("portfolio", "buyer", "supplier", "supplier_with_buyer")
BUYER = ["code_system", "enterprise_code"]


def line_spells(lines: pd.DataFrame, as_of_date: date) -> Spells:
    """How long the first delivery of each line was waited for, in days after the wanted day.

    `lines` are rows of `inputs.LINES`. What came on a day that nobody knows was not watched.
    """
    wanted, ordered, first = (
        days(lines[name]) for name in ("wanted_date", "order_date", "first_date")
    )
    today = float(np.datetime64(as_of_date, "D").astype(np.int64))
    has_come = ~np.isnan(first)
    after = np.where(np.isnan(ordered), -LONGEST_DAYS, ordered - 1 - wanted)
    until = np.where(has_come, first, today) - wanted
    is_undated = ~has_come & (lines.undated_count > 0).to_numpy(dtype=bool)
    return watched(whole(after), whole(np.where(is_undated, after, until)), has_come)


def _share_columns(name: str, found: Shares) -> dict[str, pa.Array]:
    return {
        f"{name}_ratio": ratios(found.value),
        f"{name}_lower": ratios(found.lower),
        f"{name}_upper": ratios(found.upper),
        f"{name}_level": level_names(found.level, LEVELS),
        f"{name}_line_count": pa.array(found.count, pa.int64()),
    }


def supplier_rows(lines: pd.DataFrame, as_of_date: date) -> pa.Table:
    """A row for every supplier of every buyer.

    Args:
        lines: Rows of `inputs.LINES`, at least one.
        as_of_date: The date.
    """
    rows = numbered(lines, BUYER, "supplier_code", "firm_code")
    pairs, pair = pairs_of(rows), rows.pair.to_numpy(dtype=np.int64)
    wanted = days(rows.wanted_date)
    today = float(np.datetime64(as_of_date, "D").astype(np.int64))
    ordered = rows.ordered.to_numpy(dtype=float)
    is_dated = (rows.undated_count == 0).to_numpy(dtype=bool)
    by_wanted = (wanted <= today) & is_dated
    by_end = wanted + END_DAYS <= today
    told: dict[str, pa.Array] = {}
    for name, column, chosen in (
        ("in_time", "delivered_in_time", by_wanted),
        ("in_the_end", "delivered", by_end),
    ):
        part = np.clip(rows[column].to_numpy(dtype=float) / ordered, 0, 1)[chosen]
        told |= _share_columns(name, shares(pairs, pair[chosen], np.ones(len(part)), part))

    spells = line_spells(rows, as_of_date)
    curve = fitted_curve(spells)
    ended = (spells.is_ended & (spells.until > spells.after)).astype(float)
    found = habits(pairs, pairs.sums(pair, ended), pairs.sums(pair, curve.expected(spells)))
    # Of a line that is ordered now, from the first day of the curve on.
    start = np.full(pairs.count, curve.first_day - 1, dtype=np.int64)
    firsts = rows.drop_duplicates("pair").sort_values("pair")
    count = len(firsts)
    return pa.table(
        {
            "as_of_date": pa.repeat(pa.scalar(as_of_date), count),
            **{
                name: texts(firsts[name])
                for name in (
                    *("code_system", "enterprise_code", "enterprise_id"),
                    *("supplier_code", "firm_code"),
                )
            },
            **told,
            "median_days_late": whole_days(day_reached(found, curve, start, 0.5)),
            "p90_days_late": whole_days(day_reached(found, curve, start, 0.1)),
            "days_late_level": level_names(found.level, LEVELS),
            "delivered_line_count": pa.array(found.count, pa.int64()),
        }
    )
