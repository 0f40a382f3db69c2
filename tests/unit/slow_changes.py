"""What changed between two dates, slowly and obviously: one comparison after the other."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]


def slow_warning_change(before: str | None, now: str | None) -> str | None:
    is_said_before = before in ("none", "amber", "red")
    is_said_now = now in ("none", "amber", "red")
    if is_said_before and is_said_now:
        return {
            ("none", "none"): None,
            ("none", "amber"): "rose",
            ("none", "red"): "rose",
            ("amber", "none"): "cleared",
            ("amber", "amber"): None,
            ("amber", "red"): "rose",
            ("red", "none"): "cleared",
            ("red", "amber"): "fell",
            ("red", "red"): None,
        }[str(before), str(now)]
    if now in ("amber", "red"):
        return "first_said"
    if before in ("amber", "red"):
        return "silent"
    return None


def slow_warning_changes(before: list[Row], now: list[Row]) -> set[tuple[str, str, str]]:
    """Enterprise, indicator and change of each warning that changed."""
    found = set()
    for enterprise in {row["enterprise_id"] for row in before + now}:
        for indicator in {row["indicator"] for row in before + now}:
            levels: list[str | None] = []
            for rows in (before, now):
                level = None
                for row in rows:
                    if row["enterprise_id"] == enterprise and row["indicator"] == indicator:
                        level = row["level"]
                levels.append(level)
            change = slow_warning_change(levels[0], levels[1])
            if change is not None:
                found.add((enterprise, indicator, change))
    return found


def slow_warning_count(before: list[Row], now: list[Row], indicator: str) -> dict[str, int]:
    """Counts of one indicator over the firms that have it on both dates."""
    counts = dict.fromkeys(
        ("on_before", "on", "rose", "first_said", "silent", "fell", "cleared"), 0
    )
    for was in before:
        for row in now:
            is_same = was["enterprise_id"] == row["enterprise_id"]
            if is_same and was["indicator"] == indicator and row["indicator"] == indicator:
                counts["on_before"] += was["level"] in ("amber", "red")
                counts["on"] += row["level"] in ("amber", "red")
                change = slow_warning_change(was["level"], row["level"])
                if change is not None:
                    counts[change] += 1
    return counts


def slow_firm_change(was: Row, now: Row, grades: list[str]) -> tuple[str, str] | None:
    """What of a firm changed first, and whether for the worse; None where nothing did."""
    statuses = ["none", "watch", "escalated"]
    for name, order in (("status", statuses), ("grade", grades)):
        if was[name] is not None and now[name] is not None and was[name] != now[name]:
            is_worse = order.index(now[name]) > order.index(was[name])
            return name, "worse" if is_worse else "better"
    for name in ("weight_points", "pd_ratio"):
        if was[name] is not None and now[name] is not None and was[name] != now[name]:
            return name, "worse" if now[name] > was[name] else "better"
    return None
