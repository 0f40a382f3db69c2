"""What is to be expected of every open item, as rows of `scores.receivable_expectation`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from loomline.contracts.catalogue import PROVENANCE_COLUMNS
from models.arrays import Floats
from models.counterparties.columns import (
    days,
    level_names,
    money,
    ratios,
    texts,
    whole,
    whole_days,
)
from models.counterparties.credibility import Shares, shares
from models.counterparties.curve import Spells, fitted_curve, watched
from models.counterparties.habits import (
    day_reached,
    habits,
    remaining,
    remaining_interval,
    rows_of,
)
from models.counterparties.pairs import Integers, numbered, pairs_of

LATE_DAYS = 30
LEVELS = ("portfolio", "creditor", "debtor", "debtor_with_creditor")
CREDITOR = ["code_system", "enterprise_code"]
INTEGERS = {"line_number": pa.int64(), "item_number": pa.int64()}


def item_spells(items: pd.DataFrame) -> tuple[Spells, npt.NDArray[np.bool_]]:
    """How long each item was watched, in days late, and which are open; rows of `inputs.ITEMS`."""
    due, issued = days(items.due_date), days(items.issue_date)
    first, last = days(items.first_list_date), days(items.last_list_date)
    following, settled = days(items.next_list_date), days(items.settled_date)
    is_settled, is_gone = ~np.isnan(settled), ~np.isnan(following)
    # Gone between two lists: half-way.
    until = np.where(is_gone, last + np.ceil((following - last) / 2), last)
    until = np.where(is_settled, settled, until)
    # Whoever lists settled items alone has watched them from their first day on.
    after = np.where(np.isnan(first), issued - 1, first)
    is_ended = is_settled | is_gone
    return watched(whole(after - due), whole(until - due), is_ended), ~is_ended


@dataclass(frozen=True)
class Dilution:
    """The shares taken back of what is invoiced, and the number of each item's pair in them.

    `place` is (items,), -1 where the creditor has no invoices.
    """

    of_pairs: Shares
    place: Integers


def dilution(items: pd.DataFrame, invoiced: pd.DataFrame) -> Dilution:
    """What is taken back of the invoices to the debtor of each item.

    Args:
        items: Rows of `inputs.ITEMS`.
        invoiced: Rows of `inputs.INVOICED`.
    """
    creditors = invoiced.enterprise_id.unique()
    is_known = items.enterprise_id.isin(creditors).to_numpy(dtype=bool)
    known = items[is_known]
    # A debtor that is not known to be one of the customers has no invoices of its own.
    unknown = known.code_system + "/" + known.enterprise_code + "/" + known.counterparty_code
    asked = pd.DataFrame(
        {
            "enterprise_id": known.enterprise_id,
            "counterparty_id": known.firm_code.where(known.firm_code.notna(), unknown),
            "firm_code": known.firm_code,
            "invoiced_cny": 0.0,
            "taken_back_cny": 0.0,
        }
    )
    told = invoiced.assign(firm_code=invoiced.counterparty_id)[list(asked.columns)]
    filled = [one for one in (told, asked) if len(one)] or [asked]
    rows = pd.concat(filled, ignore_index=True)
    rows = numbered(rows, ["enterprise_id"], "counterparty_id", "firm_code")
    pair = rows.pair.to_numpy(dtype=np.int64)
    found = shares(
        pairs_of(rows),
        pair,
        rows.invoiced_cny.to_numpy(dtype=float),
        rows.taken_back_cny.to_numpy(dtype=float),
        np.where(rows.invoiced_cny > 0, 1.0, 0.0),
    )
    place = np.full(len(items), -1, dtype=np.int64)
    place[is_known] = pair[len(rows) - len(known) :]
    return Dilution(found, place)


def receivable_rows(items: pd.DataFrame, invoiced: pd.DataFrame, as_of_date: date) -> pa.Table:
    """A row for every open item; none where no item is open.

    Args:
        items: Rows of `inputs.ITEMS`, at least one.
        invoiced: Rows of `inputs.INVOICED`.
        as_of_date: The date.
    """
    rows = numbered(items, CREDITOR, "counterparty_code", "firm_code")
    pairs, pair = pairs_of(rows), rows.pair.to_numpy(dtype=np.int64)
    spells, is_open = item_spells(rows)
    curve = fitted_curve(spells)
    ended = (spells.is_ended & (spells.until > spells.after)).astype(float)
    found = habits(pairs, pairs.sums(pair, ended), pairs.sums(pair, curve.expected(spells)))
    told = dilution(rows, invoiced)

    listed, mine = rows[is_open], rows_of(found, pair[is_open])
    known_days = whole(days(listed.last_list_date) - days(listed.due_date))
    lower, upper = remaining_interval(mine, curve, known_days, LATE_DAYS)
    place = told.place[is_open]

    def of_pair(values: Floats) -> Floats:
        return (
            np.where(place >= 0, values[place], np.nan)
            if len(values)
            else np.full(len(place), np.nan)
        )

    levels, counts = told.of_pairs.level, told.of_pairs.count
    count = len(listed)
    return pa.table(
        {
            "as_of_date": pa.repeat(pa.scalar(as_of_date), count),
            **{
                name: texts(listed[name])
                for name in (
                    *("code_system", "enterprise_code", "enterprise_id"),
                    *("counterparty_code", "firm_code", "document_number"),
                )
            },
            "list_date": pa.array(listed.last_list_date, pa.date32(), from_pandas=True),
            "due_date": pa.array(listed.due_date, pa.date32(), from_pandas=True),
            "amount": money(listed.amount),
            "open_amount": money(listed.open_amount),
            "currency": texts(listed.currency),
            "known_days_late": pa.array(known_days, pa.int64()),
            "median_days_late": whole_days(day_reached(mine, curve, known_days, 0.5)),
            "p90_days_late": whole_days(day_reached(mine, curve, known_days, 0.1)),
            "late_over_30_ratio": ratios(remaining(mine, curve, known_days, LATE_DAYS)),
            "late_over_30_lower": ratios(lower),
            "late_over_30_upper": ratios(upper),
            "level": level_names(mine.level, LEVELS),
            "settled_item_count": pa.array(mine.count, pa.int64()),
            "dilution_ratio": ratios(of_pair(told.of_pairs.value)),
            "dilution_lower": ratios(of_pair(told.of_pairs.lower)),
            "dilution_upper": ratios(of_pair(told.of_pairs.upper)),
            "dilution_level": _where_known(place, level_names(levels, LEVELS)),
            "invoiced_month_count": _where_known(place, pa.array(counts, pa.int64())),
            **{
                name: pa.array(listed[name], INTEGERS.get(name, pa.string()))
                for name in PROVENANCE_COLUMNS
            },
        }
    )


def _where_known(place: Integers, values: pa.Array) -> pa.Array:
    """Values by the (rows,) place of each; null for a place below 0."""
    return values.take(pa.array(place, pa.int64(), mask=place < 0))
