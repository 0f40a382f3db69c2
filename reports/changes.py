"""What changed between two as-of dates, and why: pure functions of the rows of both dates.

Rows are mappings by column name, as the lake gives them. What there is on one date only has None
on the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from reports.kinds import is_missing
from reports.parts import Words

Row = Mapping[str, Any]
Direction = Literal["worse", "better", "other", "same"]
Better = Literal["high", "low", "neither"]
LEVELS = {"none": 0, "amber": 1, "red": 2}
# The order in which changes of warnings are told.
WARNING_CHANGES = ("rose", "first_said", "silent", "fell", "cleared")
STATUSES = {"none": 0, "watch": 1, "escalated": 2}


@dataclass(frozen=True)
class Measure:
    """A number that stands in a row of each date.

    `better` says which values are; `factor` turns the column into `unit`, 100 for a ratio in
    percent.
    """

    name: str
    words: Words
    unit: str = ""
    better: Better = "neither"
    factor: int = 1


def _number(value: Any) -> float | None:
    return None if is_missing(value) else float(value)


def difference(before: Any, now: Any) -> float | None:
    """The later less the earlier value; None where one of them is missing."""
    earlier, later = _number(before), _number(now)
    return None if earlier is None or later is None else later - earlier


def direction(change: float | None, better: Better) -> Direction:
    """Whether a change is for the worse or the better."""
    if not change:
        return "same"
    if better == "neither":
        return "other"
    return "better" if (change > 0) == (better == "high") else "worse"


def compare(measures: Sequence[Measure], before: Row, now: Row) -> tuple[dict[str, Any], ...]:
    """Each measure then and now, in their order: measure, unit, before, now, change, direction."""
    rows = []
    for measure in measures:
        earlier, later = (_number(row.get(measure.name)) for row in (before, now))
        earlier = None if earlier is None else earlier * measure.factor
        later = None if later is None else later * measure.factor
        change = difference(earlier, later)
        rows.append(
            {
                "measure_en": measure.words.english,
                "measure_zh": measure.words.chinese,
                "unit": measure.unit,
                "before": earlier,
                "now": later,
                "change": change,
                "direction": direction(change, measure.better),
            }
        )
    return tuple(rows)


def score_steps(before: Row | None, now: Row | None) -> tuple[dict[str, Any], ...]:
    """What made a score change: a row a feature whose points are not what they were.

    The base points are a row too, without a feature value. The changes add up to the change of the
    score: a feature that only one of two models has counts as nought points in the other. The
    largest change comes first.
    """
    if before is None or now is None:
        return ()
    reasons: list[dict[str, Row]] = [
        {reason["feature"]: reason for reason in row["reasons"]} for row in (before, now)
    ]
    base = [
        {
            **{"feature": "base_points", "value": None, "points": row["base_points"]},
            **{"reason_en": "Base points of the model", "reason_zh": "模型基础分"},
        }
        for row in (before, now)
    ]
    earlier, later = (
        {**found, "base_points": own} for found, own in zip(reasons, base, strict=True)
    )
    steps = []
    for feature in dict.fromkeys((*later, *earlier)):
        was, is_now = earlier.get(feature), later.get(feature)
        points_before, points = (float(one["points"]) if one else 0.0 for one in (was, is_now))
        said = is_now or was or {}
        change = round(points - points_before, 2)
        if change:
            steps.append(
                {
                    "feature": feature,
                    "reason_en": said["reason_en"],
                    "reason_zh": said["reason_zh"],
                    "value_before": was["value"] if was else None,
                    "value": is_now["value"] if is_now else None,
                    "points_before": points_before,
                    "points": points,
                    "points_change": change,
                }
            )
    return tuple(sorted(steps, key=lambda step: (-abs(step["points_change"]), step["feature"])))


def warning_change(before: str | None, now: str | None) -> str | None:
    """How a warning changed between two levels; None where it did not.

    `rose` and `fell` are between levels that are both said; `cleared` is a fall to none. Amber or
    red is `first_said` where nothing could be said before, and `silent` where nothing can be now.
    """
    earlier, later = LEVELS.get(before or ""), LEVELS.get(now or "")
    if later is None:
        return "silent" if earlier else None
    if earlier is None:
        return "first_said" if later else None
    if later > earlier:
        return "rose"
    if later < earlier:
        return "fell" if later else "cleared"
    return None


def warning_changes(before: Iterable[Row], now: Iterable[Row]) -> tuple[dict[str, Any], ...]:
    """The warnings that changed, by enterprise and indicator.

    A row is the later state (the earlier one where there is no later), with `change` and with
    `level_before`, `value_before` and `weight_before`. What rose comes first, and of each kind of
    change the one that moved the weight most.
    """
    earlier, later = (
        {(row["enterprise_id"], row["indicator"]): row for row in rows} for rows in (before, now)
    )
    changed = []
    for key in dict.fromkeys((*later, *earlier)):
        was, is_now = earlier.get(key), later.get(key)
        level_before = was["level"] if was else None
        level = is_now["level"] if is_now else None
        change = warning_change(level_before, level)
        if change is not None:
            changed.append(
                {
                    **(is_now or was or {}),
                    "change": change,
                    "level_before": level_before,
                    "level": level,
                    "value_before": was["watched_value"] if was else None,
                    "watched_value": is_now["watched_value"] if is_now else None,
                    "weight_before": was["weight_points"] if was else 0.0,
                    "weight_points": is_now["weight_points"] if is_now else 0.0,
                }
            )
    return tuple(
        sorted(
            changed,
            key=lambda row: (
                WARNING_CHANGES.index(row["change"]),
                -abs(row["weight_points"] - row["weight_before"]),
                row["enterprise_id"],
                row["indicator"],
            ),
        )
    )


def warning_counts(pairs: Iterable[Row]) -> tuple[dict[str, Any], ...]:
    """How many firms a warning came to and went from, by indicator.

    Args:
        pairs: indicator, level_before, level, enterprise_count and what else an indicator says,
            one row a pair of levels.

    Returns:
        A row an indicator that is on at either date: `on_before_count` and `on_count` are firms at
        amber or red, `on_change` their difference, and a count of each kind of change; the largest
        rise first.
    """
    found: dict[str, dict[str, Any]] = {}
    for pair in pairs:
        counts = {f"{kind}_count": 0 for kind in WARNING_CHANGES}
        row = found.setdefault(
            pair["indicator"], {**pair, "on_before_count": 0, "on_count": 0, **counts}
        )
        count = pair["enterprise_count"]
        row["on_before_count"] += count * (LEVELS.get(pair["level_before"], 0) > 0)
        row["on_count"] += count * (LEVELS.get(pair["level"], 0) > 0)
        change = warning_change(pair["level_before"], pair["level"])
        if change is not None:
            row[f"{change}_count"] += count
    rows = [
        {**row, "on_change": row["on_count"] - row["on_before_count"]} for row in found.values()
    ]
    on = [row for row in rows if row["on_count"] or row["on_before_count"]]
    return tuple(
        sorted(on, key=lambda row: (-row["on_change"], -row["on_count"], row["indicator"]))
    )


def moves(
    before: Iterable[Row], now: Iterable[Row], key: str, value: str
) -> tuple[dict[str, Any], ...]:
    """A value of two dates side by side, the largest move first and what has none at the end.

    A row is the later one, with `before`, `now` and `change`.
    """
    earlier = {row[key]: row for row in before}
    rows = []
    for row in now:
        was = _number(earlier.get(row[key], {}).get(value))
        is_now = _number(row[value])
        rows.append({**row, "before": was, "now": is_now, "change": difference(was, is_now)})
    return tuple(
        sorted(
            rows, key=lambda row: (row["change"] is None, -abs(row["change"] or 0.0), str(row[key]))
        )
    )


def input_moves(
    dimension: Row, before: Mapping[str, float | None], now: Mapping[str, float | None]
) -> tuple[dict[str, Any], ...]:
    """The inputs of a dimension then and now, the heaviest first.

    Args:
        dimension: a row with `inputs`, each with input, better and weight.
        before: the earlier values of features by name; None or absent where missing.
        now: the later ones.
    """
    rows = []
    for one in sorted(dimension["inputs"], key=lambda one: (-one["weight"], one["input"])):
        was, is_now = before.get(one["input"]), now.get(one["input"])
        rows.append(
            {
                "dimension": dimension["dimension"],
                "feature": one["input"],
                "better": one["better"],
                "weight": one["weight"],
                "before": was,
                "now": is_now,
                "direction": direction(difference(was, is_now), one["better"]),
            }
        )
    return tuple(rows)


def _step(order: Mapping[str, int], before: str | None, now: str | None) -> int:
    """By how much it rose in the order; 0 where one of them is not said."""
    if before is None or now is None or before not in order or now not in order:
        return 0
    return order[now] - order[before]


def firm_moves(
    before: Iterable[Row], now: Iterable[Row], grades: Mapping[str, int]
) -> tuple[dict[str, Any], ...]:
    """The enterprises that changed: status on the watch list, grade, weight of warnings, or PD.

    Args:
        before: enterprise_id, status, grade, weight_points and pd_ratio, None where not known.
        now: the same of the later date.
        grades: position of each grade, 1 the best.

    Returns:
        The later row of each that is on both dates and changed, with the earlier values as
        `status_before` and so on, `weight_change`, `pd_change`, and the direction of the first of
        these that changed. Steps of the status weigh most, then those of the grade, then points.
    """
    earlier = {row["enterprise_id"]: row for row in before}
    changed: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    for row in now:
        was = earlier.get(row["enterprise_id"])
        if was is None:
            continue
        status = _step(STATUSES, was["status"], row["status"])
        grade = _step(grades, was["grade"], row["grade"])
        weight = difference(was["weight_points"], row["weight_points"])
        default = difference(was["pd_ratio"], row["pd_ratio"])
        first = next((change for change in (status, grade, weight, default) if change), None)
        if first is None:
            continue
        names = ("status", "grade", "weight_points", "pd_ratio")
        found = {
            **row,
            **{f"{name}_before": was[name] for name in names},
            "weight_change": weight,
            "pd_change": default,
            "direction": direction(float(first), "low"),
        }
        size = (-abs(status), -abs(grade), -abs(weight or 0), -abs(default or 0))
        changed.append(((*size, row["enterprise_id"]), found))
    return tuple(row for _, row in sorted(changed, key=lambda pair: pair[0]))


def by_enterprise(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Rows by their enterprise, in their order."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["enterprise_id"]].append(row)
    return dict(found)


def of_date(rows: Iterable[Row], as_of_date: object) -> list[Row]:
    """The rows of one as-of date."""
    return [row for row in rows if row["as_of_date"] == as_of_date]
