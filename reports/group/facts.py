"""What the lake says of a group of firms on both dates, and what changed, put together once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from statistics import fmean
from typing import Any

from reports.answers import Answer, Lake
from reports.changes import (
    Measure,
    Row,
    by_enterprise,
    compare,
    firm_moves,
    of_date,
    warning_changes,
    warning_counts,
)
from reports.group.questions import GRADES, GroupQuestions, states_of
from reports.parts import Words

# So many of the firms that changed most are told with their warnings.
MOST_FIRMS = 15
MEASURES = (
    Measure("enterprise_count", Words("Firms", "企业数")),
    Measure("scored_count", Words("Firms with a score", "已评分企业"), "", "high"),
    Measure("mean_pd_ratio", Words("Mean probability of default", "平均违约概率"), "%", "low", 100),
    Measure("listed_count", Words("Firms on the watch list", "关注名单企业"), "", "low"),
    Measure("escalated_count", Words("Firms escalated", "升级企业"), "", "low"),
    Measure(
        "mean_weight_points", Words("Mean weight of warnings", "平均预警权重"), "points 分", "low"
    ),
    Measure("red_count", Words("Red warnings that count", "计入的红色预警"), "", "low"),
    Measure("amber_count", Words("Amber warnings that count", "计入的黄色预警"), "", "low"),
    Measure(
        "last_12_months_sale_total_cny",
        Words("Sales, last 12 months", "近十二个月销售"),
        "CNY 元",
        "high",
    ),
)


def summed_up(firms: Sequence[Row]) -> dict[str, Any]:
    """The measures of a group on one date; None for what no firm has."""

    def told(name: str) -> list[float]:
        return [float(row[name]) for row in firms if row[name] is not None]

    statuses = [row["status"] for row in firms if row["status"] is not None]
    odds, weights, sales = (
        told(name) for name in ("pd_ratio", "weight_points", "last_12_months_sale_total_cny")
    )
    reds, ambers = told("red_count"), told("amber_count")
    return {
        "enterprise_count": len(firms),
        "scored_count": len(odds),
        "mean_pd_ratio": fmean(odds) if odds else None,
        "listed_count": sum(status != "none" for status in statuses) if statuses else None,
        "escalated_count": statuses.count("escalated") if statuses else None,
        "mean_weight_points": fmean(weights) if weights else None,
        "red_count": sum(reds) if reds else None,
        "amber_count": sum(ambers) if ambers else None,
        "last_12_months_sale_total_cny": sum(sales) if sales else None,
    }


@dataclass
class GroupFacts:
    """The answers about the firms of a scope."""

    lake: Lake
    scope: str

    @cached_property
    def questions(self) -> GroupQuestions:
        """The questions about the scope."""
        return GroupQuestions(self.scope)

    @property
    def previous(self) -> Any:
        """The date that is compared with; None for the first."""
        return self.lake.parameters["previous_date"]

    @cached_property
    def firms(self) -> Answer:
        """Every firm on both dates."""
        return self.lake.ask(self.questions.firms)

    @cached_property
    def now(self) -> list[Row]:
        """The firms on the date."""
        return of_date(self.firms.rows, self.lake.as_of_date)

    @cached_property
    def before(self) -> list[Row]:
        """The firms on the date before."""
        return of_date(self.firms.rows, self.previous)

    @cached_property
    def sums(self) -> tuple[dict[str, Any] | None, dict[str, Any]]:
        """The group's measures on both dates."""
        return (summed_up(self.before) if self.before else None, summed_up(self.now))

    @cached_property
    def measure_rows(self) -> tuple[dict[str, Any], ...]:
        """The measures then and now."""
        before, now = self.sums
        return compare(MEASURES, before or {}, now)

    @cached_property
    def level_pairs(self) -> Answer:
        """Levels of both dates by indicator."""
        return self.lake.ask(self.questions.level_pairs)

    @cached_property
    def warning_counts(self) -> tuple[dict[str, Any], ...]:
        """How many firms each warning came to and went from."""
        return warning_counts(self.level_pairs.rows)

    @cached_property
    def watched(self) -> Answer:
        """Who is on the watch list or has left it."""
        return self.lake.ask(self.questions.watched)

    @cached_property
    def grades(self) -> Answer:
        """The grades of the master scale in order."""
        return self.lake.ask(GRADES)

    @cached_property
    def grade_rows(self) -> tuple[dict[str, Any], ...]:
        """How many firms each grade has on both dates."""
        before, now = (Counter(row["grade"] for row in firms) for firms in (self.before, self.now))
        return tuple(
            {
                "grade": row["grade"],
                "before": before[row["grade"]] if self.before else None,
                "now": now[row["grade"]],
                "change": now[row["grade"]] - before[row["grade"]] if self.before else None,
            }
            for row in self.grades.rows
        )

    @cached_property
    def firm_moves(self) -> tuple[dict[str, Any], ...]:
        """The firms that changed, most first."""
        grades = {row["grade"]: row["position"] for row in self.grades.rows}
        return firm_moves(self.before, self.now, grades)

    @cached_property
    def moved_states(self) -> Answer:
        """The warnings of the firms that changed most, on both dates."""
        ids = [row["enterprise_id"] for row in islice(self.firm_moves, MOST_FIRMS)]
        return self.lake.ask(states_of(ids))

    @cached_property
    def moved_warnings(self) -> dict[str, list[Row]]:
        """The warnings that changed of the firms that changed most, by firm."""
        if not self.firm_moves:
            return {}
        rows = self.moved_states.rows
        before, now = of_date(rows, self.previous), of_date(rows, self.lake.as_of_date)
        return by_enterprise(warning_changes(before, now))
