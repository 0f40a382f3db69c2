"""The closed lists that features are made of, and the words for them in both languages.

A window is the `window_days` days that end at the as-of date. Its weeks are the whole weeks that
end at its last day. A day is active when the measure is not 0 on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

WindowDays = Literal[7, 30, 90, 180, 365]
YEAR_DAYS = 365
# The days of a state: a year, and the year before it.
STATE_DAYS = 2 * YEAR_DAYS

# A flow adds up over days, such as sales; a level is what stood on the days that have a value, such
# as a head count; a balance is what stands at the end of every day, such as a debt: all that was
# added and taken away since the enterprise's history began.
Kind = Literal["flow", "level", "balance"]
Aggregation = Literal[
    "sum",
    "active_mean",
    "active_days",
    "active_share",
    "deviation",
    "variation",
    "weekly_variation",
    "largest_day",
    "largest_day_share",
    "last_value",
    "days_since_last",
    "longest_gap",
    "trend",
    "weakest_week",
    "silent_week_share",
    "fall_from_peak",
    "weekend_share",
    "month_end_share",
    "closing",
    "mean",
    "lowest",
    "highest",
    "swing",
    "below_highest",
    "above_lowest",
    "fall_from_highest",
    "drift",
    "standing_share",
    "longest_standing",
]
Comparison = Literal[
    "none",
    "previous",
    "last_year",
    "season",
    "peers",
    "previous_peers",
    "last_year_peers",
]
# What a feature does with its measures: an aggregation of one, or the ratio of two.
Operation = Aggregation | Literal["ratio"]


@dataclass(frozen=True)
class AggregationWords:
    """What an aggregation yields.

    `unit` is that of the values, empty where it is the measure's own. `needs` says when a window is
    missing though the history covers it. `least_days` is the shortest window that it is told of.
    """

    en: str
    zh: str
    unit: str = ""
    needs: str = ""
    least_days: int = 7
    kinds: tuple[Kind, ...] = ("flow",)


_BOTH: tuple[Kind, ...] = ("flow", "level")
_BALANCE: tuple[Kind, ...] = ("balance",)
_ABOVE_0 = "the total is not above 0"
_IS_ACTIVE = "no day is active"

AGGREGATIONS: dict[Aggregation, AggregationWords] = {
    "sum": AggregationWords("total", "合计"),
    "active_mean": AggregationWords(
        "mean of the days that have any", "有发生日的日均值", needs=_IS_ACTIVE, kinds=_BOTH
    ),
    "active_days": AggregationWords("days that have any", "有发生的天数", "days", kinds=_BOTH),
    "active_share": AggregationWords(
        "share of days that have any", "有发生的天数占比", "ratio", kinds=_BOTH
    ),
    "deviation": AggregationWords("standard deviation of daily values", "日值的标准差"),
    "variation": AggregationWords(
        "standard deviation of daily values as a multiple of their mean",
        "日值的变异系数",
        "ratio",
        _ABOVE_0,
    ),
    "weekly_variation": AggregationWords(
        "standard deviation of weekly totals as a multiple of their mean",
        "周合计的变异系数",
        "ratio",
        "the total of its weeks is not above 0",
        30,
    ),
    "largest_day": AggregationWords("largest day", "单日最大值", kinds=_BOTH),
    "largest_day_share": AggregationWords(
        "share of the largest day in the total", "最大单日占合计的比例", "ratio", _ABOVE_0
    ),
    "last_value": AggregationWords(
        "value of the last day that has any", "最近一次的数值", needs=_IS_ACTIVE, kinds=_BOTH
    ),
    "days_since_last": AggregationWords(
        "days since the last day that has any",
        "距最近一次发生的天数",
        "days",
        _IS_ACTIVE,
        kinds=_BOTH,
    ),
    "longest_gap": AggregationWords(
        "longest run of days without any", "连续无发生的最长天数", "days", kinds=_BOTH
    ),
    "trend": AggregationWords(
        "slope of weekly totals a week, as a share of their mean",
        "周合计的线性趋势（每周变化占均值的比例）",
        "ratio",
        "the total of its weeks is not above 0",
        30,
    ),
    "weakest_week": AggregationWords(
        "lowest weekly total as a share of the mean week",
        "最低周合计与周均值之比",
        "ratio",
        "the total of its weeks is not above 0",
        30,
    ),
    "silent_week_share": AggregationWords(
        "share of weeks without any", "全周无发生的周数占比", "ratio", least_days=30
    ),
    "fall_from_peak": AggregationWords(
        "fall of the last week below the best week, as a share of the best",
        "最近一周较最高周合计的回落比例",
        "ratio",
        "no weekly total is above 0",
        30,
    ),
    "weekend_share": AggregationWords(
        "share of Saturdays and Sundays in the total", "周末占合计的比例", "ratio", _ABOVE_0
    ),
    "month_end_share": AggregationWords(
        "share of the last three days of months in the total",
        "月末最后三天占合计的比例",
        "ratio",
        _ABOVE_0,
        30,
    ),
    "closing": AggregationWords("closing balance", "期末余额", kinds=_BALANCE),
    "mean": AggregationWords("mean daily balance", "日均余额", kinds=_BALANCE),
    "lowest": AggregationWords("lowest daily balance", "最低日终余额", kinds=_BALANCE),
    "highest": AggregationWords("highest daily balance", "最高日终余额", kinds=_BALANCE),
    "swing": AggregationWords(
        "highest less lowest daily balance, as a multiple of the mean",
        "最高与最低日终余额之差与均值之比",
        "ratio",
        "the mean is not above 0",
        kinds=_BALANCE,
    ),
    "below_highest": AggregationWords(
        "closing balance below the highest daily one", "期末较最高日终余额的回落额", kinds=_BALANCE
    ),
    "above_lowest": AggregationWords(
        "closing balance above the lowest daily one", "期末较最低日终余额的回升额", kinds=_BALANCE
    ),
    "fall_from_highest": AggregationWords(
        "fall of the closing balance below the highest, as a share of the highest",
        "期末较最高日终余额的回落比例",
        "ratio",
        "no daily balance is above 0",
        kinds=_BALANCE,
    ),
    "drift": AggregationWords(
        "slope of weekly mean balances a week, as a share of their mean",
        "周均余额的线性趋势（每周变化占均值的比例）",
        "ratio",
        "the mean of its weeks is not above 0",
        30,
        _BALANCE,
    ),
    "standing_share": AggregationWords(
        "share of days with a balance above 0", "日终余额为正的天数占比", "ratio", kinds=_BALANCE
    ),
    "longest_standing": AggregationWords(
        "longest run of days with a balance above 0",
        "日终余额连续为正的最长天数",
        "days",
        kinds=_BALANCE,
    ),
}


@dataclass(frozen=True)
class ComparisonWords:
    """How the value of a window is set against others.

    `suffix` ends the names of features. `relative_*` and `difference_*` end their descriptions,
    with {days} for the days of the window. `change` is set against the enterprise's own past, and
    `is_ranked` says that its rank among the trade is taken then.
    """

    suffix: str
    change: Literal["none", "previous", "last_year", "season"]
    is_ranked: bool
    relative_en: str
    difference_en: str
    relative_zh: str
    difference_zh: str


_CHANGES = {
    "none": ComparisonWords("", "none", False, "", "", "", ""),
    "previous": ComparisonWords(
        "_vs_previous",
        "previous",
        False,
        ", relative change against the {days} days before",
        ", difference from the {days} days before",
        "，较此前{days}天的变化率",
        "，与此前{days}天之差",
    ),
    "last_year": ComparisonWords(
        "_vs_last_year",
        "last_year",
        False,
        ", relative change against the same days a year before",
        ", difference from the same days a year before",
        "，较上年同期的变化率",
        "，与上年同期之差",
    ),
    "season": ComparisonWords(
        "_vs_season",
        "season",
        False,
        ", relative change against the {days} days before, beyond the same change a year before",
        ", difference from the {days} days before, less the same difference a year before",
        "，较此前{days}天的变化率，剔除上年同期的季节变化",
        "，与此前{days}天之差，减去上年同期之差",
    ),
}


def _ranked(change: ComparisonWords) -> ComparisonWords:
    en, zh = "; rank among its trade, 0 lowest, 1 highest", "；在同行业中的百分位（0最低，1最高）"
    return ComparisonWords(
        f"{change.suffix}_vs_peers",
        change.change,
        True,
        change.relative_en + en,
        change.difference_en + en,
        change.relative_zh + zh,
        change.difference_zh + zh,
    )


COMPARISONS: dict[Comparison, ComparisonWords] = {
    "none": _CHANGES["none"],
    "previous": _CHANGES["previous"],
    "last_year": _CHANGES["last_year"],
    "season": _CHANGES["season"],
    "peers": _ranked(_CHANGES["none"]),
    "previous_peers": _ranked(_CHANGES["previous"]),
    "last_year_peers": _ranked(_CHANGES["last_year"]),
}


def reach_days(window_days: int, comparison: Comparison) -> int:
    """How many days back from the as-of date a feature looks."""
    return {
        "none": window_days,
        "previous": 2 * window_days,
        "last_year": YEAR_DAYS + window_days,
        "season": YEAR_DAYS + 2 * window_days,
    }[COMPARISONS[comparison].change]
