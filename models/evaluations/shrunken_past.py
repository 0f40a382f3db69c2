"""What the daily job's estimator says of an invoice on the eve of its issue, walking forward.

Protocol: docs/evaluations/receivables.md.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.arrays import Floats
from models.counterparties.columns import days, whole
from models.counterparties.credibility import shares
from models.counterparties.curve import Curve, fitted_curve, watched
from models.counterparties.habits import Habits, day_reached, habits, remaining, rows_of
from models.counterparties.pairs import Integers, Pairs


def _mean_above_zero(of: Habits, curve: Curve, start: Integers) -> Floats:
    """Expected days late, those before the due day as 0: the sum of the chances to be later."""
    chances = (remaining(of, curve, start, day) for day in range(curve.last_day + 1))
    return np.sum([np.zeros(len(start)), *chances], axis=0)


def shrunken_past(
    invoices: pd.DataFrame, is_asked: npt.NDArray[np.bool_], late_days_of_note: int
) -> pd.DataFrame:
    """Expectations of some invoices of one seller, each of what was known before its day of issue.

    Args:
        invoices: Every invoice, with the columns of the file `receivables` and dates as days.
        is_asked: Which of them expectations are wanted of, (invoices,).
        late_days_of_note: More days late than these are `late_over_10`.

    Returns:
        mean_days_late, median_days_late, late, late_over_10 and disputed, a row an invoice asked
        for, in their order. A median that nobody was watched up to is the longest that was.
    """
    issued, due, settled = (
        whole(days(invoices[name])) for name in ("InvoiceDate", "DueDate", "SettledDate")
    )
    customer = pd.factorize(invoices["customerID"])[0].astype(np.int64)
    count = int(customer.max()) + 1
    pairs = Pairs(np.zeros(count, dtype=np.int64), np.full(count, -1, dtype=np.int64))
    disputed = (invoices["Disputed"] == "Yes").to_numpy(dtype=float)
    found = pd.DataFrame(
        index=np.flatnonzero(is_asked),
        columns=["mean_days_late", "median_days_late", "late", "late_over_10", "disputed"],
        dtype=float,
    )
    for day in np.unique(issued[is_asked]):
        is_told = issued < day
        is_settled = is_told & (settled < day)
        until = np.where(is_settled, settled, day - 1) - due
        spells = watched((issued - due - 1)[is_told], until[is_told], is_settled[is_told])
        curve = fitted_curve(spells)
        ended = spells.is_ended.astype(float)
        of_customers = habits(
            pairs,
            pairs.sums(customer[is_told], ended),
            pairs.sums(customer[is_told], curve.expected(spells)),
        )
        asked = np.flatnonzero(is_asked & (issued == day))
        mine = rows_of(of_customers, customer[asked])
        start = (issued - due - 1)[asked]
        median = day_reached(mine, curve, start, 0.5)
        known = customer[is_settled]
        share = shares(pairs, known, np.ones(len(known)), disputed[is_settled])
        found.loc[asked] = np.column_stack(
            [
                _mean_above_zero(mine, curve, start),
                np.maximum(np.where(np.isnan(median), curve.last_day, median), 0),
                remaining(mine, curve, start, 0),
                remaining(mine, curve, start, late_days_of_note),
                share.value[customer[asked]],
            ]
        )
    return found
