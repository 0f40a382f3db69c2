"""The probability that a scheduled delivery comes late, as of its scheduling.

Protocol, results and reading: docs/evaluations/purchase_deliveries.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from models.arrays import Floats
from models.evaluations.chosen_models import (
    BoostingSettings,
    choose_boosted_probability,
    choose_logistic,
    forward_folds,
    probability,
)
from models.evaluations.evaluation import Evaluation, Figure
from models.evaluations.judging import OF_PROBABILITIES, judge
from models.evaluations.known_history import Days, known_past, or_else
from models.evaluations.one_processor import on_one_processor
from models.evaluations.resampling import group_weights

FILE_NAME = "SCMS_Delivery_History_Dataset.csv"
STORES = "From RDC"
SEED = 20_130_101
HISTORY_UNTIL = np.datetime64("2008-01-01")
SCHEDULED_BEFORE = np.datetime64("2012-10-01")
TEST_FROM = np.datetime64("2013-01-01")
ASSUMED_LEAD = np.timedelta64(120, "D")
YEAR = np.timedelta64(365, "D")
SHRINKING_LINES = 10
FREQUENT_COUNTRIES = 15
CATEGORIES = ("Fulfill Via", "Shipment Mode", "Vendor INCO Term", "Product Group")
BOOSTING = BoostingSettings(
    learning_rate=0.05, least_rows_per_leaf=20, leaves=(4, 8), rounds=(50, 100, 200), seed=SEED
)


@dataclass(frozen=True)
class Prepared:
    """Lines by as-of day, (rows,) each: what was known, whether late, and of whom.

    `lines` is the file's table with the days of `read_lines`.
    """

    values: pd.DataFrame
    late: Floats
    lines: pd.DataFrame
    is_training: pd.Series
    is_test: pd.Series


def european_day(written: pd.Series) -> pd.Series:
    """Days such as 02-Jun-06; September is also written Sept."""
    return pd.to_datetime(written.str.replace("Sept", "Sep"), format="%d-%b-%y")


def american_day(written: pd.Series) -> pd.Series:
    """Days such as 4/13/07 or 04/12/2007, the month first; words, as Pre-PQ Process, are none."""
    short = pd.to_datetime(written, format="%m/%d/%y", errors="coerce")
    return short.fillna(pd.to_datetime(written, format="%m/%d/%Y", errors="coerce"))


def read_lines(folder: Path) -> pd.DataFrame:
    """All lines with the days scheduled, delivered, recorded, stated and as_of, by as_of.

    `stated` is the day of order or quote, missing where neither is written.
    """
    table = pd.read_csv(folder / FILE_NAME, encoding="utf-8-sig", keep_default_na=False)
    for name, column in (
        ("scheduled", "Scheduled Delivery Date"),
        ("delivered", "Delivered to Client Date"),
        ("recorded", "Delivery Recorded Date"),
    ):
        table[name] = european_day(table[column])
    quoted = american_day(table["PQ First Sent to Client Date"])
    table["stated"] = american_day(table["PO Sent to Vendor Date"]).fillna(quoted)
    as_of = table["stated"].fillna(table["scheduled"] - ASSUMED_LEAD)
    table["as_of"] = np.minimum(as_of, table["scheduled"])
    return table.sort_values("as_of", kind="stable", ignore_index=True)


def _history(lines: pd.DataFrame, late: Floats, recorded: Days, as_of: Days) -> pd.DataFrame:
    days_late = (lines["delivered"] - lines["scheduled"]).dt.days.clip(lower=0)
    vendor = known_past(lines["Vendor"], recorded, as_of)
    in_a_year = known_past(lines["Vendor"], recorded, as_of, as_of - YEAR)
    found = {
        "vendor_lines": vendor.count(),
        "vendor_late_share": vendor.mean(late),
        "vendor_late_share_last_20": vendor.mean(late, last=20),
        "vendor_late_share_in_a_year": in_a_year.mean(late),
        "vendor_mean_days_late": vendor.mean(days_late),
    }
    members = {
        "country": lines["Country"],
        "site": lines["Manufacturing Site"],
        "vendor_to_country": lines["Vendor"] + " to " + lines["Country"],
    }
    for name, member in members.items():
        past = known_past(member, recorded, as_of)
        found[f"{name}_lines"], found[f"{name}_late_share"] = past.count(), past.mean(late)
    everyone = known_past(np.zeros(len(lines)), recorded, as_of)
    found["everyones_late_share"] = everyone.mean(late, last=200)
    return pd.DataFrame(found)


def _indicators(lines: pd.DataFrame, is_training: pd.Series) -> pd.DataFrame:
    frequent = lines.loc[is_training, "Country"].value_counts().index[:FREQUENT_COUNTRIES]
    found = {f"Country {name}": lines["Country"] == name for name in sorted(frequent)}
    for column in (*CATEGORIES, "Sub Classification"):
        # What the training part does not have, no model can weigh.
        for name in sorted(lines.loc[is_training, column].unique()):
            found[f"{column} {name}"] = lines[column] == name
    found["is_first_line"] = lines["First Line Designation"] == "Yes"
    return pd.DataFrame(found).astype(float)


def prepare(lines: pd.DataFrame) -> Prepared:
    """Features as of the scheduling, outcomes, and the parts of the protocol.

    `lines` is a table of `read_lines`.
    """
    late = np.asarray(lines["delivered"] > lines["scheduled"], dtype=np.float64)
    scheduled, recorded = lines["scheduled"].to_numpy(), lines["recorded"].to_numpy()
    as_of = lines["as_of"].to_numpy()
    is_training = pd.Series(
        (scheduled >= HISTORY_UNTIL) & (scheduled < SCHEDULED_BEFORE) & (recorded < TEST_FROM)
    )
    lead = (lines["scheduled"] - lines["as_of"]).dt.days.astype(float)
    month = 2 * np.pi * lines["scheduled"].dt.month / 12
    of_line = pd.DataFrame(
        {
            "lead_days": lead.where(lines["stated"].notna()),
            "month_sine": np.sin(month),
            "month_cosine": np.cos(month),
            "weekday": lines["scheduled"].dt.weekday.astype(float),
            "log_value": np.log1p(lines["Line Item Value"].astype(float)),
            "log_quantity": np.log1p(lines["Line Item Quantity"].astype(float)),
            "log_pack_price": np.log1p(lines["Pack Price"].astype(float)),
        }
    )
    parts = [_history(lines, late, recorded, as_of), of_line, _indicators(lines, is_training)]
    is_test = pd.Series(as_of >= TEST_FROM)
    return Prepared(pd.concat(parts, axis=1), late, lines, is_training, is_test)


def shrunk(share: Floats, count: Floats, usual: Floats) -> Floats:
    """A known share with ten lines of the usual one added; the usual one where nothing is known."""
    known = np.where(count > 0, share, 0) * count
    return np.asarray((known + SHRINKING_LINES * usual) / (count + SHRINKING_LINES))


def predict(prepared: Prepared) -> dict[str, Floats]:
    """The probability of a late delivery of every test line by model, (rows,) each."""
    train = prepared.values[prepared.is_training]
    test = prepared.values[prepared.is_test]
    late = prepared.late[prepared.is_training]
    from_stores = (prepared.lines["Fulfill Via"] == STORES).to_numpy()
    of_training = from_stores[prepared.is_training]
    usual = np.where(
        from_stores[prepared.is_test], late[of_training].mean(), late[~of_training].mean()
    )
    share = test["vendor_late_share"].to_numpy()
    folds = forward_folds()
    logistic = choose_logistic(train, late, folds)
    boosting = choose_boosted_probability(train, late, BOOSTING, folds)
    return {
        "training mean": usual,
        "own past": or_else(share, usual),
        "own past, shrunk": shrunk(share, test["vendor_lines"].to_numpy(), usual),
        "logistic": probability(logistic, test),
        "boosting": probability(boosting, test),
    }


@on_one_processor
def run(folder: Path) -> tuple[Figure, ...]:
    """Every figure of the protocol; about 50 seconds on one processor.

    Raises:
        FileNotFoundError: the file is not in the folder.
    """
    prepared = prepare(read_lines(folder))
    predictions = predict(prepared)
    test = prepared.lines[prepared.is_test]
    late = prepared.late[prepared.is_test]
    from_stores = (test["Fulfill Via"] == STORES).to_numpy()
    figures: tuple[Figure, ...] = ()
    for target, chosen, groups in (
        ("late, vendors", ~from_stores, test["Vendor"]),
        ("late, stores", from_stores, test["ASN/DN #"]),
    ):
        figures += judge(
            target,
            OF_PROBABILITIES,
            late[chosen],
            {model: values[chosen] for model, values in predictions.items()},
            group_weights(groups[chosen], SEED),
            "own past",
            ("logistic", "boosting"),
        )
    return figures


EVALUATION = Evaluation(
    name="purchase_deliveries",
    question="How likely is a delivery to come late, as of its scheduling?",
    folder="purchase_deliveries",
    run=run,
)
