"""Receivables: what is known on the eve of an invoice, and how invoices are split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.evaluations.receivables import TEST_FROM, prepare, read_invoices

COLUMNS = ["customerID", "InvoiceDate", "SettledDate", "InvoiceAmount", "DaysLate", "Disputed"]


def invoices(rows: list[tuple[str, str, str, float, int, str]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=COLUMNS)
    for column in ("InvoiceDate", "SettledDate"):
        table[column] = pd.to_datetime(table[column])
    table["DaysToSettle"] = (table["SettledDate"] - table["InvoiceDate"]).dt.days
    table["PaperlessBill"] = "Paper"
    table["countryCode"] = 391
    return table


KNOWN = invoices(
    [
        ("a", "2012-04-02", "2012-05-12", 40.0, 10, "No"),
        ("a", "2012-04-03", "2012-05-20", 60.0, 17, "Yes"),
        ("b", "2012-04-04", "2012-04-10", 90.0, 0, "No"),
        ("a", "2012-05-20", "2012-06-01", 50.0, 0, "No"),
        ("a", "2012-05-21", "2012-06-30", 50.0, 10, "No"),
    ]
)


def test_an_invoice_that_was_settled_on_the_day_is_not_yet_known() -> None:
    values = prepare(KNOWN).values
    assert list(values["known_invoices"]) == [0, 0, 0, 1, 2]
    assert values["mean_days_late"].iloc[3] == 10
    assert values["mean_days_late"].iloc[4] == pytest.approx(13.5)
    assert values["days_late_last"].iloc[4] == 17
    # Ten days are not more than ten.
    assert values["late_over_10_share"].iloc[4] == 0.5
    assert values["disputed_share"].iloc[4] == 0.5
    assert values["amount_by_own_mean"].iloc[4] == 1
    assert values["everyones_mean_days_late"].iloc[3] == pytest.approx((10 + 0) / 2)
    assert values["mean_days_late"].iloc[:3].isna().all()


def test_no_feature_moves_when_what_comes_later_does() -> None:
    changed = KNOWN.copy()
    # The last two invoices and their ends; the third settles after all others are issued.
    changed.loc[3:, "DaysLate"] = 44
    changed.loc[3:, "Disputed"] = "Yes"
    changed.loc[3:, "DaysToSettle"] = 74
    changed.loc[3:, "SettledDate"] = pd.Timestamp("2012-09-01")
    assert prepare(changed).values.equals(prepare(KNOWN).values)
    assert not prepare(changed).outcomes.equals(prepare(KNOWN).outcomes)


def test_parts_are_by_day_of_issue_and_training_knows_its_ends() -> None:
    rows = invoices(
        [
            ("a", "2012-03-31", "2012-04-20", 1.0, 0, "No"),
            ("a", "2012-04-01", "2012-04-20", 1.0, 0, "No"),
            ("a", "2013-04-30", "2013-06-30", 1.0, 31, "No"),
            ("a", "2013-04-30", "2013-07-01", 1.0, 32, "No"),
            ("a", "2013-05-01", "2013-05-02", 1.0, 0, "No"),
            ("a", "2013-07-01", "2013-07-02", 1.0, 0, "No"),
        ]
    )
    prepared = prepare(rows)
    assert list(prepared.is_training) == [False, True, True, False, False, False]
    assert list(prepared.is_test) == [False, False, False, False, False, True]


def test_the_file_has_the_rows_of_the_protocol(real_data: Path) -> None:
    table = read_invoices(real_data / "receivables")
    prepared = prepare(table)
    assert (len(table), table["customerID"].nunique()) == (2466, 100)
    assert (int(prepared.is_training.sum()), int(prepared.is_test.sum())) == (1402, 536)
    assert not (prepared.is_training & prepared.is_test).any()
    assert table.loc[prepared.is_training, "SettledDate"].max() < TEST_FROM
    # The outcome is what the dates say, and terms are the same for all.
    late = (table["SettledDate"] - table["DueDate"]).dt.days.clip(lower=0)
    assert np.array_equal(late, prepared.outcomes["days_late"])
    assert set((table["DueDate"] - table["InvoiceDate"]).dt.days) == {30}
    # Every customer of the test has a past by then.
    assert prepared.values[prepared.is_test].notna().all().all()
