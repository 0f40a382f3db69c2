"""Scores and reasons, one firm and one feature after the other, in plain Python: what is right."""

from __future__ import annotations

import math
from bisect import bisect_right
from decimal import Decimal

from models.master_scale import MasterScale
from models.scorecard import BinnedFeature, Scorecard

UNITS_ZH = {
    "invoices": "张",
    "months": "个月",
    "days": "天",
    "customers": "家",
    "suppliers": "家",
}


def as_points(cents: int) -> Decimal:
    return Decimal(cents) / 100


def number(value: float, unit: str) -> str:
    if unit in ("ratio", "index") and abs(value) < 1000:
        return f"{value:.3g}"
    if unit == "CNY" or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:,.1f}".removesuffix(".0")


def with_unit(value: float, unit: str) -> tuple[str, str]:
    text = number(value, unit)
    if unit in ("ratio", "index"):
        return text, text
    if unit == "CNY":
        return f"CNY {text}", f"{text}元"
    return f"{text} {unit}", f"{text}{UNITS_ZH.get(unit, unit)}"


def bin_in_words(bounds: tuple[float, ...], place: int, unit: str) -> tuple[str, str]:
    if place == 0:
        upper_en, upper_zh = with_unit(bounds[0], unit)
        return f"below {upper_en}", f"低于{upper_zh}"
    lower_en, lower_zh = with_unit(bounds[place - 1], unit)
    if place == len(bounds):
        return f"in the range from {lower_en} up", f"不低于{lower_zh}"
    upper_en, upper_zh = with_unit(bounds[place], unit)
    return (
        f"in the range from {lower_en} to below {upper_en}",
        f"介于{lower_zh}与{upper_zh}之间",
    )


def effect(points: Decimal) -> tuple[str, str]:
    if points < 0:
        return f"lowers the score by {-points:.2f} points", f"扣{-points:.2f}分"
    if points > 0:
        return f"raises the score by {points:.2f} points", f"加{points:.2f}分"
    return "leaves the score as it is", "不加分也不扣分"


def reason(feature: BinnedFeature, value: float, about: dict[str, str]) -> dict[str, object]:
    bounds, en, zh = feature.bounds, about["description_en"], about["description_zh"]
    if math.isnan(value):
        points, interval = as_points(feature.missing_cents), "missing"
        value_en, value_zh = "not available", "无法计算"
    else:
        place = bisect_right(bounds, value)
        points = as_points(feature.point_cents[place])
        lower = "(-inf" if place == 0 else f"[{bounds[place - 1]:.6g}"
        upper = "inf" if place == len(bounds) else f"{bounds[place]:.6g}"
        interval = f"{lower}, {upper})"
        text = with_unit(value, about["unit"])
        words = bin_in_words(bounds, place, about["unit"])
        value_en, value_zh = f"{text[0]}, {words[0]}", f"{text[1]}，{words[1]}"
    effect_en, effect_zh = effect(points)
    return {
        "feature": feature.feature,
        "value": None if math.isnan(value) else value,
        "bin": interval,
        "points": points,
        "reason_en": f"{en}: {value_en}; {effect_en}.",
        "reason_zh": f"{zh}：{value_zh}；{effect_zh}。",
    }


def scored_firm(
    card: Scorecard,
    values: dict[str, float],
    names: dict[str, dict[str, str]],
    scale: MasterScale,
) -> dict[str, object]:
    """The row of one firm; `names` has unit and descriptions by feature."""
    reasons = [reason(x, values[x.feature], names[x.feature]) for x in card.features]
    base = as_points(card.base_cents)
    score = sum((x["points"] for x in reasons), base)  # type: ignore[misc]
    doublings = (float(score) - card.reference_score) / card.points_to_double_odds
    pd_ratio = 1 / (1 + card.reference_odds * 2**doublings)
    return {
        "pd_ratio": pd_ratio,
        "score": score,
        "grade": scale.grade_of(pd_ratio),
        "base_points": base,
        "reasons": sorted(reasons, key=lambda x: (x["points"], x["feature"])),
    }
