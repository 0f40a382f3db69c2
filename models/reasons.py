"""Say in words what each feature did to a score.

All that a reason says follows from its feature and bin, but for the value and the number that the
text shows of it. So there is one line of words for each feature and bin, and the reasons of many
firms are put together from lines and numbers, column by column.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from models.number_texts import around_number, format_value, number_texts, one_of_each
from models.scorecard import BinnedFeature, Scorecard, points

POINTS = pa.decimal128(9, 2)


@dataclass(frozen=True)
class ReasonLine:
    """What the reasons of a feature and bin have in common.

    A text is what stands before the number of the value, that number, and what stands after it; a
    missing value has no number.
    """

    feature: str
    bin: str
    point_cents: int
    before_en: str
    after_en: str
    before_zh: str
    after_zh: str


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


def reason_line(
    feature: BinnedFeature, position: int, described: Mapping[Hashable, str]
) -> ReasonLine:
    """The line of a feature and bin; `described` is the feature's row of `features.feature_name`.

    `position` counts the bins from 0; the last one stands for a missing value.
    """
    is_missing = position == len(feature.point_cents)
    cents = feature.missing_cents if is_missing else feature.point_cents[position]
    effect_en, effect_zh = _effect(points(cents))
    before_en, before_zh = f"{described['description_en']}: ", f"{described['description_zh']}："
    if is_missing:
        after_en, after_zh = "not available", "无法计算"
    else:
        unit = described["unit"]
        around_en, around_zh = around_number(unit)
        range_en, range_zh = range_in_words(feature, position, unit)
        before_en, before_zh = before_en + around_en[0], before_zh + around_zh[0]
        after_en, after_zh = f"{around_en[1]}, {range_en}", f"{around_zh[1]}，{range_zh}"
    return ReasonLine(
        feature=feature.feature,
        bin=feature.bin_label(position),
        point_cents=cents,
        before_en=before_en,
        after_en=f"{after_en}; {effect_en}.",
        before_zh=before_zh,
        after_zh=f"{after_zh}；{effect_zh}。",
    )


def decimal_points(cents: np.ndarray) -> pa.Array:
    """Hundredths of points, integers, as exact decimals with two places.

    Raises:
        ValueError: more than seven digits stand before the point.
    """
    whole = np.asarray(cents, dtype=np.int64)
    if whole.size and np.abs(whole).max() >= 10**POINTS.precision:
        raise ValueError(f"more points than {POINTS} can hold")
    # Arrow keeps a decimal as its digits in 128 bits, the lower half first.
    halves = np.column_stack([whole, whole >> 63])
    return pa.Array.from_buffers(POINTS, len(whole), [None, pa.py_buffer(halves)])


def reason_lists(
    card: Scorecard, values: pd.DataFrame, positions: np.ndarray, names: pd.DataFrame
) -> pa.ListArray:
    """Every firm's reasons, the worst first; equal ones by the name of their feature.

    `values` is (firms, features) with named columns, `positions` is `card.bin_positions(values)`,
    and `names` has the columns of `features.feature_name`. The entries are those of
    `scores.credit_score.reasons`.
    """
    described = names.set_index("feature").to_dict("index")
    by_name = sorted(range(len(card.features)), key=lambda column: card.feature_names[column])
    shape = (len(values), len(by_name))
    text_of, value_of = np.empty(shape, dtype=np.int64), np.empty(shape)
    lines: list[ReasonLine] = []
    # The distinct texts: of each its line, and the number that stands in it.
    line_of: list[int] = []
    numbers: list[str] = []
    for place, column in enumerate(by_name):
        feature = card.features[column]
        about = described[feature.feature]
        bins = len(feature.point_cents) + 1
        of_feature = np.array(values[feature.feature], dtype=float)
        shown, texts = number_texts(of_feature, about["unit"])
        # Values that look the same can be in two bins.
        number_and_bin = shown * bins + positions[:, column]
        places, distinct = one_of_each(number_and_bin, number_and_bin)
        value_of[:, place], text_of[:, place] = of_feature, places + len(numbers)
        line_of += (distinct % bins + len(lines)).tolist()
        numbers += [texts[x] for x in (distinct // bins).tolist()]
        lines += [reason_line(feature, x, about) for x in range(bins)]
    cents = np.array([one.point_cents for one in lines])[line_of]
    # Stable, and the features are in the order of their names.
    worst_first = np.argsort(cents[text_of], axis=1, kind="stable")
    taken = np.take_along_axis(text_of, worst_first, axis=1).ravel()

    def words(name: str) -> pa.Array:
        of_lines = pa.array([getattr(one, name) for one in lines], pa.string())
        return of_lines.take(pa.array(line_of, pa.int64()))

    def text(language: str) -> pa.Array:
        between = pa.array(numbers, pa.string())
        parts = (words(f"before_{language}"), between, words(f"after_{language}"))
        return pc.binary_join_element_wise(*parts, "")

    value = np.take_along_axis(value_of, worst_first, axis=1).ravel()
    columns = {
        "feature": words("feature").take(pa.array(taken)),
        "value": pa.array(value, from_pandas=True),
        "bin": words("bin").take(pa.array(taken)),
        "points": decimal_points(cents[taken]),
        "reason_en": text("en").take(pa.array(taken)),
        "reason_zh": text("zh").take(pa.array(taken)),
    }
    starts = np.arange(shape[0] + 1) * shape[1]
    entries = pa.StructArray.from_arrays(list(columns.values()), names=list(columns))
    return pa.ListArray.from_arrays(pa.array(starts, pa.int32()), entries)
