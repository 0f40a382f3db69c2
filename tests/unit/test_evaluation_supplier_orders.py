"""Supplier orders: windows of the past against slow ways, and nothing of the week itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.evaluations.supplier_orders import (
    BASELINE_ONLY,
    TRAINING_WEEKS,
    Prepared,
    known_before,
    prepare,
    read_volumes,
    sum_before,
)

SUPPLIERS = pd.Series(["S1", "S2", "S3"])
CLASSES = pd.Series(["A", "B", "A"])
OF_THE_ORDER = {"log_order", "order_by_mean", "order_by_largest_delivery"}


def volumes(weeks: int = 30) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(11)
    ordered = generator.integers(1, 20, (3, weeks)) * (generator.random((3, weeks)) < 0.6)
    delivered = np.round(ordered * generator.uniform(0.3, 1.5, (3, weeks)))
    return ordered.astype(float), delivered


def slow_row(ordered: np.ndarray, delivered: np.ndarray, week: int) -> dict[str, float]:
    """Some features of one supplier as of a week, order by order."""
    past = [(o, d, w) for w, (o, d) in enumerate(zip(ordered, delivered, strict=True)) if w < week]

    def fills(weeks: int) -> list[float]:
        return [min(d / o, 1) for o, d, w in past if o > 0 and w >= week - weeks]

    def mean(values: list[float]) -> float:
        return sum(values) / len(values) if values else float("nan")

    orders = [o for o, _, _ in past if o > 0]
    recent = [(o, d) for o, d, w in past if w >= week - 12]
    bought = sum(o for o, _ in recent)
    return {
        "orders_so_far": len(orders),
        "mean_fill_4": mean(fills(4)),
        "mean_fill_12": mean(fills(12)),
        "mean_fill_all": mean(fills(1000)),
        "median_fill_all": float(np.median(fills(1000))) if fills(1000) else float("nan"),
        "shortfall_share_12": mean([float(x < 0.8) for x in fills(12)]),
        "fill_of_last_order": fills(1000)[-1] if fills(1000) else float("nan"),
        "delivered_by_ordered_12": sum(d for _, d in recent) / bought if bought else float("nan"),
        "excess_by_ordered_12": sum(max(d - o, 0) for o, d in recent) / bought
        if bought
        else float("nan"),
        "order_week_share_12": mean([float(o > 0) for o, _ in recent]),
        "weeks_since_order": min([week - w for o, _, w in past if o > 0], default=float("nan")),
        "order_spread": float(np.std(orders) / np.mean(orders)) if orders else float("nan"),
    }


def test_features_are_what_a_count_order_by_order_gives() -> None:
    ordered, delivered = volumes()
    grids = known_before(ordered, delivered)
    for supplier in range(3):
        for week in range(1, ordered.shape[1]):
            for name, expected in slow_row(ordered[supplier], delivered[supplier], week).items():
                found = grids[name][supplier, week]
                assert found == pytest.approx(expected, abs=1e-9, nan_ok=True), (name, week)


def test_nothing_of_the_week_itself_is_known_but_its_orders_size() -> None:
    ordered, delivered = volumes()
    before = known_before(ordered, delivered)
    changed_order, changed_delivery = ordered.copy(), delivered.copy()
    changed_delivery[:, 20:] = delivered[:, 20:] * 3 + 1
    changed_order[:, 20:] = ordered[:, 20:] + 5
    after = known_before(changed_order, changed_delivery)
    for name in before:
        until = 20 if name in OF_THE_ORDER else 21
        assert np.array_equal(before[name][:, :until], after[name][:, :until], equal_nan=True), name
    assert not np.array_equal(before["mean_fill_4"][:, 21:], after["mean_fill_4"][:, 21:])


def test_a_sum_stops_at_the_first_week() -> None:
    values = np.array([[1.0, 2.0, 4.0, 8.0]])
    assert sum_before(values).tolist() == [[0, 1, 3, 7]]
    assert sum_before(values, 2).tolist() == [[0, 1, 3, 6]]


def test_a_row_is_an_order_and_over_delivery_does_not_fill_more_than_all() -> None:
    ordered = np.array([[10.0, 0.0, 10.0], [0.0, 10.0, 10.0]])
    delivered = np.array([[7.9, 5.0, 30.0], [0.0, 8.0, 0.0]])
    prepared = prepare(SUPPLIERS[:2], CLASSES[:2], ordered, delivered)
    assert list(zip(prepared.supplier, prepared.week, strict=True)) == [
        ("S1", 1),
        ("S2", 2),
        ("S1", 3),
        ("S2", 3),
    ]
    assert prepared.fill.tolist() == pytest.approx([0.79, 0.8, 1, 0])
    assert prepared.shortfall.tolist() == [1, 0, 0, 1]
    assert list(prepared.values["is_class_A"]) == [1, 0, 1, 0]


def test_files_of_other_suppliers_are_refused(tmp_path: Path) -> None:
    table = pd.DataFrame({"id": ["S1"], "class": ["A"], "W001": [1]})
    table.to_csv(tmp_path / "orders_m3.csv", index=False)
    table.assign(id="S2").to_csv(tmp_path / "deliveries_m3.csv", index=False)
    with pytest.raises(ValueError, match="same suppliers"):
        read_volumes(tmp_path)


@pytest.fixture(scope="module")
def real(real_data: Path) -> Prepared:
    return prepare(*read_volumes(real_data / "supplier_orders"))


def test_the_files_have_the_orders_of_the_protocol(real: Prepared) -> None:
    is_test = real.week > TRAINING_WEEKS
    assert (int((~is_test).sum()), int(is_test.sum())) == (29_548, 6_333)
    assert real.supplier.nunique() == 402
    assert real.week.is_monotonic_increasing
    assert (real.fill.min(), real.fill.max()) == (0, 1)
    # Every supplier of the test has been ordered from, or else its past is missing and not 0.
    never = real.values["orders_so_far"] == 0
    assert real.values.loc[never, "mean_fill_all"].isna().all()
    assert set(BASELINE_ONLY) < set(real.values.columns)
