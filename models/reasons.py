"""Say in words what each feature did to a score."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd

from models.scorecard import BinnedFeature, Scorecard, points


@dataclass(frozen=True)
class Reason:
    """What one feature did to one score; fields as in `scores.credit_score.reasons`."""

    feature: str
    value: float | None
    bin: str
    points: Decimal
    reason_en: str
    reason_zh: str


@dataclass(frozen=True)
class Explained:
    """A score and the parts that add up to it exactly."""

    score: Decimal
    base_points: Decimal
    reasons: tuple[Reason, ...]


UNITS_ZH = {
    "invoices": "张",
    "months": "个月",
    "days": "天",
    "customers": "家",
    "suppliers": "家",
}


def _number(value: float, unit: str) -> str:
    if unit in ("ratio", "index") and abs(value) < 1000:
        return f"{value:.3g}"
    if unit == "CNY" or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:,.1f}".removesuffix(".0")


def format_value(value: float, unit: str) -> tuple[str, str]:
    """A value as a person writes it, in English and Chinese: `CNY 1,200` and `1,200元`."""
    number = _number(value, unit)
    if unit in ("ratio", "index"):
        return number, number
    if unit == "CNY":
        return f"CNY {number}", f"{number}元"
    return f"{number} {unit}", f"{number}{UNITS_ZH.get(unit, unit)}"


def range_in_words(feature: BinnedFeature, position: int, unit: str) -> tuple[str, str]:
    """The bin in English and Chinese, with the same rounding as the value."""
    bounds = [format_value(bound, unit) for bound in feature.bounds]
    if position == 0:
        return f"below {bounds[0][0]}", f"低于{bounds[0][1]}"
    if position == len(bounds):
        return f"in the range from {bounds[-1][0]} up", f"不低于{bounds[-1][1]}"
    lower, upper = bounds[position - 1], bounds[position]
    return (
        f"in the range from {lower[0]} to below {upper[0]}",
        f"介于{lower[1]}与{upper[1]}之间",
    )


def _effect(amount: Decimal) -> tuple[str, str]:
    if amount < 0:
        return f"lowers the score by {-amount} points", f"扣{-amount}分"
    if amount > 0:
        return f"raises the score by {amount} points", f"加{amount}分"
    return "leaves the score as it is", "不加分也不扣分"


def reason(
    feature: BinnedFeature, value: float, position: int, described: Mapping[Hashable, str]
) -> Reason:
    """The reason of one feature; `described` is its row of `features.feature_name`."""
    is_missing = position == len(feature.point_cents)
    cents = feature.missing_cents if is_missing else feature.point_cents[position]
    amount = points(cents)
    effect_en, effect_zh = _effect(amount)
    if is_missing:
        value_en, value_zh = "not available", "无法计算"
    else:
        text_en, text_zh = format_value(value, described["unit"])
        range_en, range_zh = range_in_words(feature, position, described["unit"])
        value_en, value_zh = f"{text_en}, {range_en}", f"{text_zh}，{range_zh}"
    return Reason(
        feature=feature.feature,
        value=None if is_missing else float(value),
        bin=feature.bin_label(position),
        points=amount,
        reason_en=f"{described['description_en']}: {value_en}; {effect_en}.",
        reason_zh=f"{described['description_zh']}：{value_zh}；{effect_zh}。",
    )


def explain(card: Scorecard, values: pd.DataFrame, names: pd.DataFrame) -> list[Explained]:
    """Every firm's score with its reasons, the worst first; equal ones by name.

    `values` is (firms, features) with named columns, `names` has the columns of
    `features.feature_name`.
    """
    described = names.set_index("feature").to_dict("index")
    positions = card.bin_positions(values)
    columns = [values[name].to_numpy(dtype=float) for name in card.feature_names]
    explained = []
    for row in range(len(values)):
        reasons = [
            reason(
                feature,
                float(columns[column][row]),
                int(positions[row, column]),
                described[feature.feature],
            )
            for column, feature in enumerate(card.features)
        ]
        base = points(card.base_cents)
        score = base + sum((x.points for x in reasons), Decimal(0))
        ordered = tuple(sorted(reasons, key=lambda x: (x.points, x.feature)))
        explained.append(Explained(score, base, ordered))
    return explained


def as_floats(scores: list[Explained]) -> np.ndarray:
    """The scores as numbers, (firms,)."""
    return np.array([float(x.score) for x in scores])
