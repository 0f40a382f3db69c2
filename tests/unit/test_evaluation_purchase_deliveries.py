"""Purchase deliveries: days in three spellings, what is known at scheduling, and the split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.evaluations.purchase_deliveries import (
    FILE_NAME,
    STORES,
    TEST_FROM,
    american_day,
    european_day,
    prepare,
    read_lines,
    shrunk,
)

HISTORY = ["vendor_lines", "vendor_late_share", "vendor_mean_days_late", "country_lines"]
NO_DAY = "Date Not Captured"


def lines(folder: Path, rows: list[tuple[str, str, str, str, str, str]]) -> pd.DataFrame:
    """Lines of vendor, quote, order, scheduled, delivered and recorded day, read as the file is."""
    columns = [
        *("Vendor", "PQ First Sent to Client Date", "PO Sent to Vendor Date"),
        *("Scheduled Delivery Date", "Delivered to Client Date", "Delivery Recorded Date"),
    ]
    table = pd.DataFrame(rows, columns=columns)
    same = {
        **{"Fulfill Via": "Direct Drop", "Country": "Kenya", "Manufacturing Site": "Here"},
        **{"Shipment Mode": "Air", "Vendor INCO Term": "N/A", "Product Group": "ARV"},
        **{"Sub Classification": "Adult", "First Line Designation": "Yes"},
        **{"Line Item Value": 10.0, "Line Item Quantity": 1, "Pack Price": 10.0},
    }
    table.assign(**same).to_csv(folder / FILE_NAME, index=False, encoding="utf-8-sig")
    return read_lines(folder)


def test_days_are_read_in_every_spelling() -> None:
    assert list(european_day(pd.Series(["02-Sept-06", "14-Nov-10"]))) == [
        pd.Timestamp("2006-09-02"),
        pd.Timestamp("2010-11-14"),
    ]
    found = american_day(pd.Series(["4/13/07", "04/12/2007", "Pre-PQ Process"]))
    assert list(found[:2]) == [pd.Timestamp("2007-04-13"), pd.Timestamp("2007-04-12")]
    assert pd.isna(found[2])


def test_the_as_of_day_is_order_then_quote_then_an_assumed_lead(tmp_path: Path) -> None:
    table = lines(
        tmp_path,
        [
            ("a", "1/20/10", "2/15/10", "01-Jun-10", "01-Jun-10", "01-Jun-10"),
            ("b", "1/20/10", NO_DAY, "01-Jun-10", "01-Jun-10", "01-Jun-10"),
            ("c", NO_DAY, NO_DAY, "01-Jun-10", "01-Jun-10", "01-Jun-10"),
            ("d", NO_DAY, "6/20/10", "01-Jun-10", "01-Jun-10", "01-Jun-10"),
        ],
    )
    found = {row["Vendor"]: str(row["as_of"].date()) for _, row in table.iterrows()}
    assert found == {"a": "2010-02-15", "b": "2010-01-20", "c": "2010-02-01", "d": "2010-06-01"}
    lead = dict(zip(table["Vendor"], prepare(table).values["lead_days"], strict=True))
    assert (lead["a"], lead["b"], lead["d"]) == (106, 132, 0)
    assert np.isnan(lead["c"])


def test_a_delivery_is_known_after_its_recording_and_not_after_its_arrival(tmp_path: Path) -> None:
    table = lines(
        tmp_path,
        [
            ("a", NO_DAY, "1/20/10", "01-Mar-10", "05-Mar-10", "20-Apr-10"),
            ("a", NO_DAY, "4/20/10", "01-Jun-10", "01-Jun-10", "02-Jun-10"),
            ("a", NO_DAY, "4/21/10", "01-Jun-10", "09-Jun-10", "09-Jun-10"),
        ],
    )
    prepared = prepare(table)
    assert prepared.late.tolist() == [1, 0, 1]
    assert prepared.values["vendor_lines"].tolist() == [0, 0, 1]
    assert prepared.values["vendor_mean_days_late"].tolist()[2] == 4
    assert prepared.values["vendor_late_share"].isna().tolist() == [True, True, False]
    changed = table.copy()
    changed.loc[1:, "delivered"] += pd.Timedelta(days=40)
    assert prepare(changed).values.equals(prepared.values)


def test_a_line_scheduled_after_the_cut_but_ordered_before_is_in_no_part(tmp_path: Path) -> None:
    table = lines(
        tmp_path,
        [
            ("a", NO_DAY, "11/20/07", "31-Dec-07", "01-Jan-08", "01-Jan-08"),
            ("a", NO_DAY, "11/21/07", "01-Jan-08", "01-Jan-08", "01-Jan-08"),
            ("a", NO_DAY, "5/20/12", "30-Sep-12", "30-Sep-12", "31-Dec-12"),
            ("a", NO_DAY, "5/21/12", "30-Sep-12", "30-Sep-12", "01-Jan-13"),
            ("a", NO_DAY, "5/22/12", "01-Oct-12", "01-Oct-12", "01-Oct-12"),
            ("a", NO_DAY, "12/31/12", "01-Jun-13", "01-Jun-13", "01-Jun-13"),
            ("a", NO_DAY, "01/01/2013", "01-Jun-13", "01-Jun-13", "01-Jun-13"),
        ],
    )
    prepared = prepare(table)
    assert prepared.is_training.tolist() == [False, True, True, False, False, False, False]
    assert prepared.is_test.tolist() == [False] * 6 + [True]


def test_a_share_is_drawn_to_the_usual_one_by_ten_lines() -> None:
    share, count = np.array([np.nan, 1.0, 1.0]), np.array([0.0, 10.0, 90.0])
    assert shrunk(share, count, np.full(3, 0.2)).tolist() == pytest.approx([0.2, 0.6, 0.92])


def test_the_file_has_the_lines_of_the_protocol(real_data: Path) -> None:
    table = read_lines(real_data / "purchase_deliveries")
    prepared = prepare(table)
    assert (len(table), int(prepared.late.sum())) == (10_324, 1_186)
    assert (int(prepared.is_training.sum()), int(prepared.is_test.sum())) == (5_423, 3_355)
    assert not (prepared.is_training & prepared.is_test).any()
    assert (table["as_of"] <= table["scheduled"]).all()
    # An assumed lead stands in no test line, and in no line scheduled after 2010.
    assert table.loc[prepared.is_test, "stated"].notna().all()
    assert table.loc[table["stated"].isna(), "scheduled"].max() < pd.Timestamp("2011-01-01")
    test = table[prepared.is_test]
    assert int((test["Fulfill Via"] == STORES).sum()) == 1_320
    assert test["scheduled"].min() >= pd.Timestamp(TEST_FROM)
    assert set(HISTORY) < set(prepared.values.columns)
