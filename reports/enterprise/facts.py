"""What the lake says of an enterprise on both dates, and what changed, put together once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from reports.answers import Answer, Lake
from reports.changes import (
    Measure,
    Row,
    input_moves,
    moves,
    of_date,
    score_steps,
    warning_changes,
)
from reports.enterprise import questions
from reports.parts import Words

MEASURES = (
    Measure("score", Words("Credit score", "信用评分"), "points 分", "high"),
    Measure("pd_ratio", Words("Probability of default", "违约概率"), "%", "low", 100),
    Measure("weight_points", Words("Weight of its warnings", "预警权重"), "points 分", "low"),
    Measure("red_count", Words("Red warnings that count", "计入的红色预警"), "", "low"),
    Measure("amber_count", Words("Amber warnings that count", "计入的黄色预警"), "", "low"),
    Measure("said_count", Words("Indicators with data", "有数据的指标"), "", "high"),
    Measure(
        "last_12_months_sale_total_cny",
        Words("Sales, last 12 months", "近十二个月销售"),
        "CNY 元",
        "high",
    ),
    Measure(
        "last_12_months_purchase_total_cny",
        Words("Purchases, last 12 months", "近十二个月采购"),
        "CNY 元",
    ),
    Measure("customer_count", Words("Customers", "客户数"), "", "high"),
    Measure("supplier_count", Words("Suppliers", "供应商数")),
    Measure(
        "top_customer_share_ratio",
        Words("Largest customer's share", "最大客户占比"),
        "%",
        "low",
        100,
    ),
)


@dataclass
class Facts:
    """The answers about one enterprise; `before` and `now` pick the rows of a date."""

    lake: Lake

    @property
    def previous(self) -> Any:
        """The date that is compared with; None for the first."""
        return self.lake.parameters["previous_date"]

    def before(self, answer: Answer) -> list[Row]:
        """The rows of the date before."""
        return of_date(answer.rows, self.previous)

    def now(self, answer: Answer) -> list[Row]:
        """The rows of the report's date."""
        return of_date(answer.rows, self.lake.as_of_date)

    def pair(self, answer: Answer) -> tuple[Row | None, Row | None]:
        """The one row of each date."""
        before, now = self.before(answer), self.now(answer)
        return (before[0] if before else None, now[0] if now else None)

    @cached_property
    def profile(self) -> Answer:
        """Profile on both dates."""
        return self.lake.ask(questions.PROFILE)

    @cached_property
    def codes(self) -> Answer:
        """Codes and names in every system."""
        return self.lake.ask(questions.CODES)

    @cached_property
    def scores(self) -> Answer:
        """Scores with their reasons on both dates."""
        return self.lake.ask(questions.SCORES)

    @cached_property
    def watch(self) -> Answer:
        """Status on the watch list on both dates."""
        return self.lake.ask(questions.WATCH)

    @cached_property
    def states(self) -> Answer:
        """States of all indicators on both dates."""
        return self.lake.ask(questions.STATES)

    @cached_property
    def dimensions(self) -> Answer:
        """Value dimensions on both dates."""
        return self.lake.ask(questions.DIMENSIONS)

    @cached_property
    def features(self) -> Answer:
        """Values of the features that indicators and dimensions look at, on both dates."""
        return self.lake.ask(questions.FEATURES)

    @cached_property
    def steps(self) -> tuple[dict[str, Any], ...]:
        """What made the score change."""
        return score_steps(*self.pair(self.scores))

    @cached_property
    def warning_changes(self) -> tuple[dict[str, Any], ...]:
        """Warnings that changed; none where the date before has no states."""
        before = self.before(self.states)
        return warning_changes(before, self.now(self.states)) if before else ()

    @cached_property
    def dimension_moves(self) -> tuple[dict[str, Any], ...]:
        """Dimensions of both dates, the largest move first."""
        now, before = self.now(self.dimensions), self.before(self.dimensions)
        return moves(before, now, "dimension", "dimension_value")

    @cached_property
    def inputs(self) -> dict[str, tuple[dict[str, Any], ...]]:
        """The inputs of each dimension then and now, with what the features mean."""
        said = {row["feature"]: row for row in self.features.rows}
        before, now = (
            {row["feature"]: row["feature_value"] for row in rows}
            for rows in (self.before(self.features), self.now(self.features))
        )
        found = {}
        for row in self.dimension_moves:
            found[row["dimension"]] = tuple(
                {
                    **one,
                    "title_en": row["title_en"],
                    "title_zh": row["title_zh"],
                    "description_en": said[one["feature"]]["description_en"],
                    "description_zh": said[one["feature"]]["description_zh"],
                    "unit": said[one["feature"]]["unit"],
                }
                for one in input_moves(row, before, now)
                if one["feature"] in said
            )
        return found

    @property
    def merged_before(self) -> Row | None:
        """Profile and status of the date before in one row."""
        return self._merged(0)

    @property
    def merged_now(self) -> Row:
        """Profile and status of the date in one row."""
        return self._merged(1) or {}

    def _merged(self, place: int) -> Row | None:
        parts = [self.pair(answer)[place] for answer in (self.watch, self.profile)]
        found: dict[str, Any] = {}
        for part in parts:
            found |= part or {}
        return found or None
