"""How much of an order a supplier delivers, as of the week before.

Protocol, results and reading: docs/evaluations/supplier_orders.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from models.arrays import Floats
from models.counterparties.credibility import shares
from models.counterparties.pairs import Pairs
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
from models.evaluations.known_history import or_else
from models.evaluations.one_processor import on_one_processor
from models.evaluations.resampling import group_weights

ORDERS_FILE = "orders_m3.csv"
DELIVERIES_FILE = "deliveries_m3.csv"
SEED = 20_210_905
HISTORY_WEEKS = 24
TRAINING_WEEKS = 192
WEEKS_OF_A_YEAR = 48
LEAST_FILL = 0.8
LARGE_ORDER_M3 = 10
# A baseline and not a feature of the protocol.
BASELINE_ONLY = ["median_fill_all"]
BOOSTING = BoostingSettings(
    learning_rate=0.1, least_rows_per_leaf=50, leaves=(8, 31), rounds=(100, 300), seed=SEED
)


@dataclass(frozen=True)
class Prepared:
    """Orders by week, (rows,) each: what was known, what came of them, who and when.

    `fill` is the delivered part of the ordered volume, at most 1; `week` counts from 1.
    """

    values: pd.DataFrame
    fill: Floats
    supplier: pd.Series
    week: pd.Series
    ordered_m3: Floats

    @property
    def shortfall(self) -> Floats:
        """1 where less than the least fill was delivered, (rows,)."""
        return (self.fill < LEAST_FILL).astype(float)


def read_volumes(folder: Path) -> tuple[pd.Series, pd.Series, Floats, Floats]:
    """Suppliers, their classes of material, and ordered and delivered m³ (suppliers, weeks).

    Raises:
        ValueError: the two files do not list the same suppliers.
    """
    orders = pd.read_csv(folder / ORDERS_FILE)
    deliveries = pd.read_csv(folder / DELIVERIES_FILE)
    if not orders.iloc[:, :2].equals(deliveries.iloc[:, :2]):
        raise ValueError("orders and deliveries are not of the same suppliers in the same order")
    volumes = (table.iloc[:, 2:].to_numpy(dtype=float) for table in (orders, deliveries))
    ordered, delivered = volumes
    return orders.iloc[:, 0], orders.iloc[:, 1], ordered, delivered


def sum_before(values: Floats, weeks: int | None = None) -> Floats:
    """Sum of (suppliers, weeks) `values` over the weeks before each, or the last `weeks` ones."""
    sums = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
    last = np.arange(values.shape[1])
    first = np.zeros_like(last) if weeks is None else np.maximum(last - weeks, 0)
    return np.asarray(sums[:, last] - sums[:, first])


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """One by the other, NaN where nothing stands below the line."""
    below = np.where(denominator > 0, denominator, np.nan)
    return np.asarray(numerator / below)


def _before(values: Floats) -> Floats:
    # A week's own column is that of the week before it, the first has none.
    nothing = np.full((len(values), 1), np.nan)
    return np.concatenate([nothing, values[:, :-1]], axis=1)


def _latest(values: Floats) -> Floats:
    # The value of the last order before each week.
    return _before(pd.DataFrame(values).ffill(axis=1).to_numpy())


def known_before(ordered: Floats, delivered: Floats) -> dict[str, Floats]:
    """Every feature of suppliers' past and of the order, (suppliers, weeks), as of the week before.

    `ordered` and `delivered` are (suppliers, weeks) in m³. Values of weeks without an order have no
    meaning.
    """
    has_order = (ordered > 0).astype(float)
    fill = np.minimum(ratio(delivered, ordered), 1)
    filled = np.nan_to_num(fill)
    shortfall = ((fill < LEAST_FILL) & (ordered > 0)).astype(float)
    excess = np.maximum(delivered - ordered, 0)
    orders = sum_before(has_order)
    found: dict[str, Floats] = {"orders_so_far": orders}
    for name, weeks in (("4", 4), ("12", 12), ("52", 52), ("all", None)):
        count = sum_before(has_order, weeks)
        found[f"mean_fill_{name}"] = ratio(sum_before(filled, weeks), count)
        if weeks != 4:
            found[f"shortfall_share_{name}"] = ratio(sum_before(shortfall, weeks), count)
        volume = sum_before(ordered, weeks)
        if weeks in (12, None):
            found[f"delivered_by_ordered_{name}"] = ratio(sum_before(delivered, weeks), volume)
        if weeks in (4, 12):
            found[f"excess_by_ordered_{name}"] = ratio(sum_before(excess, weeks), volume)
    week_number = np.arange(ordered.shape[1])
    for weeks in (12, 52):
        length = np.minimum(np.maximum(week_number, 1), weeks)
        found[f"order_week_share_{weeks}"] = sum_before(has_order, weeks) / length
    found["fill_of_last_order"] = _latest(fill)
    order_week = np.where(ordered > 0, week_number, np.nan)
    found["weeks_since_order"] = week_number - _latest(order_week)
    mean = ratio(sum_before(ordered), orders)
    variance = ratio(sum_before(ordered**2), orders) - mean**2
    found["mean_order_m3"] = mean
    found["order_spread"] = np.sqrt(np.maximum(variance, 0)) / mean
    found["largest_order_m3"] = _before(np.maximum.accumulate(ordered, axis=1))
    largest_delivery = _before(np.maximum.accumulate(delivered, axis=1))
    found["log_order"] = np.log(np.where(ordered > 0, ordered, np.nan))
    found["order_by_mean"] = ordered / mean
    found["order_by_largest_delivery"] = ratio(ordered, largest_delivery)
    everyones_fill = filled.sum(axis=0, keepdims=True)
    everyones_orders = has_order.sum(axis=0, keepdims=True)
    for weeks in (1, 4):
        share = ratio(sum_before(everyones_fill, weeks), sum_before(everyones_orders, weeks))
        found[f"everyones_fill_{weeks}"] = np.broadcast_to(share, ordered.shape)
    turn = 2 * np.pi * (week_number % WEEKS_OF_A_YEAR) / WEEKS_OF_A_YEAR
    found["week_sine"] = np.broadcast_to(np.sin(turn), ordered.shape)
    found["week_cosine"] = np.broadcast_to(np.cos(turn), ordered.shape)
    found["median_fill_all"] = (
        pd.DataFrame(fill.T).expanding(min_periods=1).median().shift(1).to_numpy().T
    )
    return found


def prepare(
    suppliers: pd.Series, classes: pd.Series, ordered: Floats, delivered: Floats
) -> Prepared:
    """A row for every order, sorted by week and by supplier within it."""
    weeks, rows = np.nonzero(ordered.T > 0)
    known = known_before(ordered, delivered)
    values = pd.DataFrame({name: grid[rows, weeks] for name, grid in known.items()})
    material = classes.to_numpy()[rows]
    for name in sorted(classes.unique()):
        values[f"is_class_{name}"] = (material == name).astype(float)
    volume = ordered[rows, weeks]
    fill = np.minimum(delivered[rows, weeks] / volume, 1)
    supplier = pd.Series(suppliers.to_numpy()[rows])
    return Prepared(values, fill, supplier, pd.Series(weeks + 1), volume)


@dataclass(frozen=True)
class Predicted:
    """Predictions of every test order by target and model, (rows,) each."""

    fill: dict[str, Floats]
    shortfall: dict[str, Floats]


def shrunken_share(prepared: Prepared, outcome: Floats, is_asked: pd.Series) -> Floats:
    """The daily job's estimate of (rows,) `outcome` for the rows asked for, as of the week before.

    In the order of the rows; each outcome counts once, from the week after its own.
    """
    supplier = pd.factorize(prepared.supplier)[0].astype(np.int64)
    week, asked = prepared.week.to_numpy(), is_asked.to_numpy(dtype=bool)
    count = int(supplier.max()) + 1
    pairs = Pairs(np.zeros(count, dtype=np.int64), np.full(count, -1, dtype=np.int64))
    found = np.full(len(outcome), np.nan)
    for one in np.unique(week[asked]):
        is_known = week < one
        past = supplier[is_known]
        value = shares(pairs, past, np.ones(len(past)), outcome[is_known]).value
        is_now = asked & (week == one)
        found[is_now] = value[supplier[is_now]]
    return found[asked]


def predict(prepared: Prepared) -> tuple[Predicted, pd.Series]:
    """Fit to the training weeks and predict the test weeks; also says which rows are the test."""
    is_test = prepared.week > TRAINING_WEEKS
    is_training = (prepared.week > HISTORY_WEEKS) & ~is_test
    features = prepared.values.drop(columns=BASELINE_ONLY)
    train, test = features[is_training], features[is_test]
    all_test = prepared.values[is_test]
    fill = prepared.fill[is_training]
    shortfall = prepared.shortfall[is_training]
    folds = forward_folds()
    ridge = choose_ridge(train, fill, folds)
    mean = choose_boosted_amount(train, fill, "squared_error", BOOSTING, folds)
    median = choose_boosted_amount(train, fill, "absolute_error", BOOSTING, folds)
    logistic = choose_logistic(train, shortfall, folds)
    boosting = choose_boosted_probability(train, shortfall, BOOSTING, folds)
    usual, often = float(fill.mean()), float(shortfall.mean())
    past_fill = or_else(all_test["mean_fill_all"], usual)
    past_shortfall = or_else(all_test["shortfall_share_all"], often)
    of_fill = {
        "training mean": np.full(len(test), usual),
        "own past": past_fill,
        "own past median": or_else(all_test["median_fill_all"], float(np.median(fill))),
        "own last 12 weeks": or_else(all_test["mean_fill_12"], past_fill),
        "shrunken": shrunken_share(prepared, prepared.fill, is_test),
        "ridge": amount(ridge, test, 0, 1),
        "boosting, mean": amount(mean, test, 0, 1),
        "boosting, median": amount(median, test, 0, 1),
    }
    of_shortfall = {
        "training mean": np.full(len(test), often),
        "own past": past_shortfall,
        "own last 12 weeks": or_else(all_test["shortfall_share_12"], past_shortfall),
        "shrunken": shrunken_share(prepared, prepared.shortfall, is_test),
        "logistic": probability(logistic, test),
        "boosting": probability(boosting, test),
    }
    return Predicted(of_fill, of_shortfall), is_test


def _judge_rows(
    prepared: Prepared, predicted: Predicted, is_test: pd.Series, least_m3: float, suffix: str
) -> tuple[Figure, ...]:
    chosen = prepared.ordered_m3[is_test] >= least_m3
    weights = group_weights(prepared.supplier[is_test][chosen], SEED)

    def only(predictions: dict[str, Floats]) -> dict[str, Floats]:
        return {model: values[chosen] for model, values in predictions.items()}

    fill = judge(
        f"fill{suffix}",
        OF_AMOUNTS,
        prepared.fill[is_test][chosen],
        only(predicted.fill),
        weights,
        "own past",
        ("shrunken", "ridge", "boosting, mean", "boosting, median"),
    )
    shortfall = judge(
        f"shortfall{suffix}",
        OF_PROBABILITIES,
        prepared.shortfall[is_test][chosen],
        only(predicted.shortfall),
        weights,
        "own past",
        ("shrunken", "logistic", "boosting"),
    )
    return fill + shortfall


@on_one_processor
def run(folder: Path) -> tuple[Figure, ...]:
    """Every figure of the protocol; about a minute and a half on one processor.

    Raises:
        FileNotFoundError: a file is not in the folder.
        ValueError: the two files do not list the same suppliers.
    """
    prepared = prepare(*read_volumes(folder))
    predicted, is_test = predict(prepared)
    large = f", orders of {LARGE_ORDER_M3} m³ or more"
    return _judge_rows(prepared, predicted, is_test, 0, "") + _judge_rows(
        prepared, predicted, is_test, LARGE_ORDER_M3, large
    )


EVALUATION = Evaluation(
    name="supplier_orders",
    question="How much of an order will a supplier deliver, as of the week before?",
    folder="supplier_orders",
    run=run,
)
