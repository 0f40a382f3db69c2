"""Walking forward: what is said of an invoice or an order moves with nothing that comes later."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.evaluations.shrunken_past import shrunken_past
from models.evaluations.supplier_orders import Prepared, shrunken_share

NOTE = 10


def made_up_invoices(count: int = 120) -> pd.DataFrame:
    """Invoices of six customers, each later by a habit of its own."""
    random = np.random.default_rng(4)
    customer = np.arange(count) % 6
    issued = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(count) * 2, unit="D")
    due = issued + pd.Timedelta(days=30)
    days_late = random.integers(-3, 4, count) + 5 * customer
    return pd.DataFrame(
        {
            "customerID": customer.astype(str),
            "InvoiceDate": issued,
            "DueDate": due,
            "SettledDate": due + pd.to_timedelta(days_late, unit="D"),
            "Disputed": np.where(random.random(count) < customer / 8, "Yes", "No"),
        }
    )


def test_no_expectation_of_an_invoice_moves_when_what_comes_later_does() -> None:
    invoices = made_up_invoices()
    is_asked = np.arange(len(invoices)) == 80
    before = shrunken_past(invoices, is_asked, NOTE)
    day = invoices.InvoiceDate[80]
    is_later = invoices.SettledDate >= day
    changed = invoices.copy()
    changed.loc[is_later, "SettledDate"] += pd.Timedelta(days=200)
    changed.loc[is_later, "Disputed"] = "Yes"
    pd.testing.assert_frame_equal(shrunken_past(changed, is_asked, NOTE), before)
    earlier = invoices.copy()
    earlier.loc[~is_later, "SettledDate"] += pd.Timedelta(days=3)
    assert not shrunken_past(earlier, is_asked, NOTE).equals(before)


def test_an_invoice_that_is_still_open_makes_its_customer_later() -> None:
    invoices = made_up_invoices()
    is_asked = np.zeros(len(invoices), dtype=bool)
    is_asked[[114]] = True
    before = shrunken_past(invoices, is_asked, NOTE)
    stuck = invoices.copy()
    own = (invoices.customerID == invoices.customerID[114]) & (invoices.index.isin([60, 66, 72]))
    stuck.loc[own, "SettledDate"] = pd.Timestamp("2021-12-31")
    after = shrunken_past(stuck, is_asked, NOTE)
    assert after.late_over_10.item() > before.late_over_10.item()


def test_expectations_follow_the_habits_that_customers_have() -> None:
    invoices = made_up_invoices()
    is_asked = np.arange(len(invoices)) >= 114
    found = shrunken_past(invoices, is_asked, NOTE)
    assert (found.index == np.arange(114, 120)).all()
    for name in ("mean_days_late", "median_days_late", "late", "late_over_10"):
        assert np.corrcoef(found[name], np.arange(6))[0, 1] > 0.8, name
    assert found.late.between(0, 1).all()
    assert found.disputed.between(0, 1).all()


def test_no_share_of_an_order_moves_with_its_own_week_or_a_later_one() -> None:
    random = np.random.default_rng(9)
    weeks, suppliers = 12, 5
    week = pd.Series(np.repeat(np.arange(1, weeks + 1), suppliers))
    supplier = pd.Series(np.tile([f"S{n}" for n in range(suppliers)], weeks))
    fill = random.beta(2, 2, len(week))
    prepared = Prepared(pd.DataFrame(), fill, supplier, week, np.ones(len(week)))
    is_asked = week == 9
    before = shrunken_share(prepared, fill, is_asked)
    later = np.where(week >= 9, 1 - fill, fill)
    assert shrunken_share(prepared, later, is_asked) == pytest.approx(before, abs=0)
    earlier = np.where(week == 8, 1 - fill, fill)
    assert not np.allclose(shrunken_share(prepared, earlier, is_asked), before)
