"""How a feature is computed, as a line of text."""

from __future__ import annotations

from loomline.families.model import Feature
from loomline.families.vocabulary import COMPARISONS, YEAR_DAYS, Kind

_COUNTS: dict[Kind, str] = {"flow": "total", "level": "mean", "balance": "mean"}


def formula(feature: Feature) -> str:
    """The formula of a feature in measures, windows and comparisons."""
    window, words = feature.window_days, COMPARISONS[feature.comparison]
    if feature.aggregation == "ratio":
        top, bottom = (
            f"{_COUNTS[kind]}({measure})"
            for kind, measure in zip(feature.kinds, feature.measures, strict=True)
        )
        is_in_days = feature.kinds[0] != "flow" and feature.kinds[1] == "flow"
        value = f"{top} / {bottom}" + (f" * {window}" if is_in_days else "")
    else:
        value = f"{feature.aggregation}({feature.measures[0]})"
    parts = [f"x = {value} over {window} days"]
    earlier = {
        "none": "",
        "previous": f"{window} days before",
        "last_year": f"{YEAR_DAYS} days before",
        "season": f"{window} days before",
    }[words.change]
    is_relative = feature.change == "relative"
    if earlier:
        parts.append(f"x / x({earlier}) - 1" if is_relative else f"x - x({earlier})")
    if words.change == "season":
        same = f"the same {YEAR_DAYS} days before"
        parts.append(f"(1 + change) / (1 + {same}) - 1" if is_relative else f"change - {same}")
    if words.is_ranked:
        parts.append("rank among its trade from 0 to 1")
    return "; ".join(parts)
