"""What conditions may name: the features of the families, and the scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from loomline.families.model import Feature
from loomline.families.vocabulary import COMPARISONS


@dataclass(frozen=True)
class RuleInput:
    """A named value of an enterprise, in its unit, and the range that it never leaves."""

    name: str
    domain: str
    unit: str
    description_en: str
    description_zh: str
    low: float = -inf
    high: float = inf


# The scores, by the names that they have among the values of enterprises.
SCORES = (
    RuleInput(
        "default_probability",
        "score",
        "ratio",
        "Probability of default by the champion model",
        "冠军模型的违约概率",
        0,
        1,
    ),
    RuleInput(
        "credit_score",
        "score",
        "points",
        "Points of the scorecard, more is better",
        "评分卡分值（越高越好）",
    ),
)
# Aggregations whose value is a share of days or weeks, a number of days, or cannot be below 0.
_SHARES = ("active_share", "silent_week_share")
_DAYS = ("active_days", "days_since_last", "longest_gap")
_NOT_BELOW_0 = ("deviation", "variation", "weekly_variation", "fall_from_peak")


def _range(feature: Feature) -> tuple[float, float]:
    """The range of a feature that its arithmetic guarantees, whatever the data."""
    comparison = COMPARISONS[feature.comparison]
    if comparison.is_ranked:
        return 0, 1
    if feature.aggregation in _SHARES:
        most = 1.0
    elif feature.aggregation in _DAYS:
        most = float(feature.window_days)
    elif feature.aggregation in _NOT_BELOW_0:
        most = inf
    else:
        return -inf, inf
    if comparison.change == "none":
        return 0, most
    if feature.change == "difference":
        reach = 2 * most if comparison.change == "season" else most
        return -reach, reach
    return (-inf if comparison.change == "season" else -1), inf


def rule_inputs(features: Sequence[Feature]) -> dict[str, RuleInput]:
    """Every input by its name: the features, then the scores."""
    found = {
        one.name: RuleInput(
            one.name,
            one.domain,
            one.unit,
            one.description_en,
            one.description_zh,
            *_range(one),
        )
        for one in features
    }
    return found | {score.name: score for score in SCORES}
