"""Days late, lateness and disputes of invoices, as of their day of issue.

Protocol, results and reading: docs/evaluations/receivables.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from models.arrays import Floats
from models.evaluations.chosen_models import (
    BoostingSettings,
    amount,
    choose_boosted_amount,
    choose_boosted_probability,
    choose_logistic,
    choose_ridge,
    forward_folds,
    probability,
)
from models.evaluations.evaluation import Evaluation, Figure
from models.evaluations.judging import OF_AMOUNTS, OF_PROBABILITIES, judge
from models.evaluations.known_history import known_past, or_else
from models.evaluations.one_processor import on_one_processor
from models.evaluations.resampling import group_weights
from models.evaluations.shrunken_past import shrunken_past

FILE_NAME = "WA_Fn-UseC_-Accounts-Receivable.csv"
SEED = 20_130_701
HISTORY_UNTIL = np.datetime64("2012-04-01")
ISSUED_BEFORE = np.datetime64("2013-05-01")
TEST_FROM = np.datetime64("2013-07-01")
LATE_DAYS_OF_NOTE = 10
BOOSTING = BoostingSettings(
    learning_rate=0.05, least_rows_per_leaf=20, leaves=(4, 8), rounds=(50, 100, 200), seed=SEED
)
# The outcomes that are a yes or a no, and the feature that is the customer's own past share.
OUTCOMES = {
    "late": "late_share",
    "late_over_10": "late_over_10_share",
    "disputed": "disputed_share",
}


@dataclass(frozen=True)
class Prepared:
    """Invoices by day of issue, (rows,) each: what was known, what came, and who it was.

    `outcomes` has the columns days_late, late, late_over_10 and disputed.
    """

    values: pd.DataFrame
    outcomes: pd.DataFrame
    customer: pd.Series
    is_training: pd.Series
    is_test: pd.Series


def read_invoices(folder: Path) -> pd.DataFrame:
    """All invoices with dates as days, sorted by day of issue."""
    table = pd.read_csv(folder / FILE_NAME, dtype={"customerID": str, "invoiceNumber": str})
    for column in ("InvoiceDate", "DueDate", "SettledDate"):
        table[column] = pd.to_datetime(table[column], format="%m/%d/%Y")
    return table.sort_values("InvoiceDate", kind="stable", ignore_index=True)


def prepare(invoices: pd.DataFrame) -> Prepared:
    """Features as of the eve of each invoice, outcomes, and the parts of the protocol.

    `invoices` has the file's columns and is sorted by day of issue.
    """
    issued = invoices["InvoiceDate"].to_numpy()
    settled = invoices["SettledDate"].to_numpy()
    days_late = invoices["DaysLate"].astype(float)
    outcomes = pd.DataFrame(
        {
            "days_late": days_late,
            "late": (days_late > 0).astype(float),
            "late_over_10": (days_late > LATE_DAYS_OF_NOTE).astype(float),
            "disputed": (invoices["Disputed"] == "Yes").astype(float),
        }
    )
    own = known_past(invoices["customerID"], settled, issued)
    everyone = known_past(np.zeros(len(invoices)), settled, issued)
    sizes = invoices["InvoiceAmount"].astype(float)
    values = pd.DataFrame(
        {
            "known_invoices": own.count(),
            "mean_days_late": own.mean(days_late),
            "mean_days_late_last_3": own.mean(days_late, last=3),
            "mean_days_late_last_8": own.mean(days_late, last=8),
            "median_days_late": own.median(days_late),
            "days_late_last": own.mean(days_late, last=1),
            "late_share": own.mean(outcomes["late"]),
            "late_over_10_share": own.mean(outcomes["late_over_10"]),
            "mean_days_to_settle": own.mean(invoices["DaysToSettle"]),
            "disputed_share": own.mean(outcomes["disputed"]),
            "disputed_share_last_8": own.mean(outcomes["disputed"], last=8),
            "mean_amount": own.mean(sizes),
            "everyones_mean_days_late": everyone.mean(days_late, last=100),
            "everyones_disputed_share": everyone.mean(outcomes["disputed"], last=100),
            "amount": sizes,
            "is_electronic": (invoices["PaperlessBill"] == "Electronic").astype(float),
        }
    )
    values["amount_by_own_mean"] = sizes / values["mean_amount"]
    turn = 2 * np.pi * invoices["InvoiceDate"].dt.month / 12
    values["month_sine"], values["month_cosine"] = np.sin(turn), np.cos(turn)
    for code in sorted(invoices["countryCode"].unique()):
        values[f"is_country_{code}"] = (invoices["countryCode"] == code).astype(float)
    is_training = (issued >= HISTORY_UNTIL) & (issued < ISSUED_BEFORE) & (settled < TEST_FROM)
    return Prepared(
        values,
        outcomes,
        invoices["customerID"],
        pd.Series(is_training),
        pd.Series(issued >= TEST_FROM),
    )


def _judge_days_late(
    prepared: Prepared, shrunken: pd.DataFrame, weights: Floats
) -> tuple[Figure, ...]:
    train = prepared.values[prepared.is_training]
    test = prepared.values[prepared.is_test]
    outcomes = prepared.outcomes[prepared.is_training]
    days_late = outcomes["days_late"].to_numpy()
    is_late = outcomes["late"].to_numpy() == 1
    folds = forward_folds()
    ridge = choose_ridge(train, days_late, folds)
    lateness = choose_logistic(train, outcomes["late"].to_numpy(), folds)
    if_late = choose_ridge(train[is_late], days_late[is_late], folds)
    mean = choose_boosted_amount(train, days_late, "squared_error", BOOSTING, folds)
    median = choose_boosted_amount(train, days_late, "absolute_error", BOOSTING, folds)
    predictions = {
        "never late": np.zeros(len(test)),
        "training mean": np.full(len(test), days_late.mean()),
        "own past": or_else(test["mean_days_late"], float(days_late.mean())),
        "own past median": or_else(test["median_days_late"], float(np.median(days_late))),
        "shrunken mean": shrunken["mean_days_late"].to_numpy(),
        "shrunken median": shrunken["median_days_late"].to_numpy(),
        "ridge": amount(ridge, test),
        "hurdle": probability(lateness, test) * amount(if_late, test, lower=0),
        "boosting, mean": amount(mean, test),
        "boosting, median": amount(median, test),
    }
    compared = (
        *("shrunken mean", "shrunken median"),
        *("ridge", "hurdle", "boosting, mean", "boosting, median"),
    )
    truth = prepared.outcomes.loc[prepared.is_test, "days_late"].to_numpy()
    return judge("days_late", OF_AMOUNTS, truth, predictions, weights, "own past", compared)


def _judge_probability(
    prepared: Prepared, target: str, shrunken: Floats, weights: Floats
) -> tuple[Figure, ...]:
    train = prepared.values[prepared.is_training]
    test = prepared.values[prepared.is_test]
    outcome = prepared.outcomes.loc[prepared.is_training, target].to_numpy()
    folds = forward_folds()
    logistic = choose_logistic(train, outcome, folds)
    boosting = choose_boosted_probability(train, outcome, BOOSTING, folds)
    predictions = {
        "training mean": np.full(len(test), outcome.mean()),
        "own past": or_else(test[OUTCOMES[target]], float(outcome.mean())),
        "shrunken": shrunken,
        "logistic": probability(logistic, test),
        "boosting": probability(boosting, test),
    }
    truth = prepared.outcomes.loc[prepared.is_test, target].to_numpy()
    compared = ("shrunken", "logistic", "boosting")
    return judge(target, OF_PROBABILITIES, truth, predictions, weights, "own past", compared)


@on_one_processor
def run(folder: Path) -> tuple[Figure, ...]:
    """Every figure of the protocol; some 20 seconds on one processor.

    Raises:
        FileNotFoundError: the file is not in the folder.
    """
    invoices = read_invoices(folder)
    prepared = prepare(invoices)
    shrunken = shrunken_past(invoices, prepared.is_test.to_numpy(), LATE_DAYS_OF_NOTE)
    weights = group_weights(prepared.customer[prepared.is_test], SEED)
    figures = _judge_days_late(prepared, shrunken, weights)
    for target in OUTCOMES:
        figures += _judge_probability(prepared, target, shrunken[target].to_numpy(), weights)
    return figures


EVALUATION = Evaluation(
    name="receivables",
    question="How late will an invoice be, and will it be disputed, as of the day it is issued?",
    folder="receivables",
    run=run,
)
