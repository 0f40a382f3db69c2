"""Reports from given rows in place of a lake: an ecosystem of a few firms on two dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from reports.answers import Answer, Lake, Question
from reports.enterprise import questions
from reports.group import ecosystem, trade
from reports.group.questions import GRADES, OF_ALL, OF_TRADE, TRADES, GroupQuestions, states_of
from reports.portfolio.concentration import COUNTERPARTIES
from reports.portfolio.concentration import DEPENDENCE as DEPENDENCE_NOW

BEFORE, NOW = date(2020, 1, 31), date(2020, 2, 29)
GENERATED_AT = datetime(2020, 3, 1, 8, 0, tzinfo=UTC)
FIRM = "E1 <b>&"
Rows = tuple[dict[str, Any], ...]


@dataclass
class RowsLake(Lake):
    """A lake that gives the rows that it was made with; a question without rows has no table."""

    given: Mapping[Question, Rows] = field(default_factory=dict)

    def _run(self, question: Question) -> Answer:
        sql = question.filled({"as_of_date": self.as_of_date, **self.parameters})
        if question not in self.given:
            return Answer(sql, (), {}, question.tables)
        return Answer(sql, self.given[question], dict.fromkeys(question.tables, 7))


def rows_lake(
    given: Mapping[Question, Rows], previous: date | None = BEFORE, **parameters: str
) -> RowsLake:
    end = datetime(2020, 2, 29, 16, tzinfo=UTC)
    values = {**parameters, "previous_date": previous, "as_of_end": end}
    return RowsLake(None, NOW, values, given=given)  # type: ignore[arg-type]


def says(name: str) -> dict[str, str]:
    return {"says_en": f"It warns of {name}.", "says_zh": f"预警{name}。"}


def state(enterprise: str, name: str, day: date, level: str, value: float | None) -> dict[str, Any]:
    is_on = level in ("amber", "red")
    return {
        **{"as_of_date": day, "enterprise_id": enterprise, "indicator": name, "domain": "cash"},
        **{"level": level, "since_date": day if is_on else None, "is_counted": is_on},
        **{"cleared_date": None, "watched_value": value},
        "weight_points": {"amber": 1.0, "red": 3.0}.get(level, 0.0),
        **says(name),
        **{"input": f"feature_{name}", "bad": "high", "scale": "value", "amber": 0.4, "red": 0.8},
        **{"owner": "credit", "due_days": 5, "action_en": "Call the firm.", "action_zh": "致电。"},
    }


STATES: Rows = (
    *(
        state(FIRM, "rising", day, level, value)
        for day, level, value in ((BEFORE, "none", 0.25), (NOW, "red", 0.875))
    ),
    *(
        state(FIRM, "clearing", day, level, value)
        for day, level, value in ((BEFORE, "amber", 0.5), (NOW, "none", 0.125))
    ),
    *(state(FIRM, "steady", day, "amber", 0.625) for day in (BEFORE, NOW)),
    *(
        state(FIRM, "silent", day, level, value)
        for day, level, value in ((BEFORE, "red", 0.9375), (NOW, "cannot_say", None))
    ),
)


def score(day: date, points: str, pd_ratio: float, grade: str) -> dict[str, Any]:
    reasons = [
        {
            **{"feature": "sales_trend", "value": pd_ratio * 10, "bin": "(0, 1]"},
            **{"points": Decimal(points), "reason_en": "Sales trend", "reason_zh": "销售趋势"},
        },
        {
            **{"feature": "void_share", "value": 0.0625, "bin": "all"},
            **{"points": Decimal("4.50"), "reason_en": "Voided", "reason_zh": "作废"},
        },
    ]
    return {
        **{"as_of_date": day, "enterprise_id": FIRM, "grade": grade, "pd_ratio": pd_ratio},
        "score": Decimal("600.00") + sum((one["points"] for one in reasons), Decimal(0)),
        **{"base_points": Decimal("600.00"), "reasons": reasons, "score_rank": 3},
        **{"model_name": "default", "model_version": "1"},
    }


SCORES: Rows = (score(BEFORE, "12.25", 0.0321, "B"), score(NOW, "-20.75", 0.0987, "C"))


def profile(day: date, sales: str) -> dict[str, Any]:
    found = next(row for row in SCORES if row["as_of_date"] == day)
    return {
        **{"as_of_date": day, "enterprise_id": FIRM, "enterprise_name": "North <Mill>"},
        **{name: found[name] for name in ("grade", "pd_ratio", "score")},
        **{"meaning_en": "Watchful", "meaning_zh": "关注"},
        "last_12_months_sale_total_cny": Decimal(sales),
        "last_12_months_purchase_total_cny": Decimal("765432.10"),
        **{"customer_count": 11, "supplier_count": 13},
        **{"top_customer_share_ratio": 0.375, "top_supplier_share_ratio": 0.4375},
        **{"first_invoice_date": date(2019, 7, 2), "last_invoice_date": day},
    }


def watch(day: date, status: str, weight: float) -> dict[str, Any]:
    return {
        **{"as_of_date": day, "enterprise_id": FIRM, "trade": "17", "status": status},
        **{"status_since_date": day, "weight_points": weight, "amber_count": 2, "red_count": 1},
        "said_count": 4,
    }


def dimension(day: date, name: str, value: float | None) -> dict[str, Any]:
    return {
        **{"as_of_date": day, "enterprise_id": FIRM, "dimension": name, "domain": "finance"},
        **{"title_en": name.capitalize(), "title_zh": "维度", "peer_group": "17"},
        **{"dimension_value": value, "overall_value": value, "present_ratio": 0.75},
        **{"says_en": "It is well.", "says_zh": "良好。"},
        "inputs": [{"input": f"feature_{name}", "better": "high", "weight": 2.0}],
    }


def feature(day: date, name: str, value: float | None) -> dict[str, Any]:
    return {
        **{"as_of_date": day, "feature": f"feature_{name}", "domain": "cash", "unit": "ratio"},
        **{"description_en": f"Value of {name}", "description_zh": "取值", "feature_value": value},
    }


ENTERPRISE: dict[Question, Rows] = {
    questions.PROFILE: (profile(BEFORE, "2345678.90"), profile(NOW, "1234567.80")),
    questions.CODES: (
        {
            **{"code_system": "registry", "party_code": "91<320>", "party_name": "North <Mill>"},
            **{"link_method": "credit code", "link_probability": 1.0},
        },
    ),
    questions.SCORES: SCORES,
    questions.WATCH: (watch(BEFORE, "none", 7.25), watch(NOW, "watch", 15.75)),
    questions.STATES: STATES,
    questions.DIMENSIONS: (
        *(dimension(day, "growth", value) for day, value in ((BEFORE, 71.5), (NOW, 22.5))),
        *(dimension(day, "thrift", value) for day, value in ((BEFORE, 40.5), (NOW, 55.5))),
        *(dimension(day, "unsaid", None) for day in (BEFORE, NOW)),
    ),
    questions.FEATURES: (
        *(feature(day, "growth", value) for day, value in ((BEFORE, 1.25), (NOW, 0.75))),
        *(feature(day, "thrift", 0.3125) for day in (BEFORE, NOW)),
    ),
    questions.TRUST: (
        {
            **{"as_of_date": NOW, "month_start_date": date(2020, 2, 1), "data_trust_points": 62.5},
            **{"check_count": 9, "review_count": 1, "worst_check": "tax_to_books"},
        },
    ),
    questions.CONTRADICTIONS: (
        {
            **{"month_start_date": date(2020, 2, 1), "check_name": "tax_to_books"},
            **{"verdict": "excess", "measured": 8123.5, "expected": 4567.25, "score_ratio": 0.1875},
            "is_for_review": True,
        },
    ),
}


def firm(
    day: date, name: str, status: str | None, grade: str | None, weight: float | None
) -> dict[str, Any]:
    odds = {"A": 0.0123, "B": 0.0456, "C": 0.0987}
    return {
        **{"as_of_date": day, "enterprise_id": name, "enterprise_name": None, "trade": "17"},
        **{"grade": grade, "grade_position": None if grade is None else "ABC".index(grade) + 1},
        **{"pd_ratio": odds.get(grade or ""), "score": None, "status": status},
        **{"status_since_date": day, "weight_points": weight},
        **{
            "red_count": None if weight is None else 1,
            "amber_count": None if weight is None else 2,
        },
        "last_12_months_sale_total_cny": Decimal("3456789.00"),
    }


FIRMS: Rows = (
    firm(BEFORE, FIRM, "none", "B", 7.25),
    firm(BEFORE, "E2", "escalated", "C", 31.5),
    firm(BEFORE, "E3", "none", "A", 1.5),
    firm(NOW, FIRM, "watch", "C", 15.75),
    firm(NOW, "E2", "none", "B", 2.25),
    firm(NOW, "E3", "none", "A", 1.5),
)
UNSCORED: Rows = tuple(
    firm(day, name, None, None, None) for day in (BEFORE, NOW) for name in ("E1",)
)
PAIRS: Rows = tuple(
    {
        **{"indicator": name, "domain": "cash", **says(name)},
        **{"level_before": before, "level": level, "enterprise_count": count},
    }
    for name, before, level, count in (
        ("rising", "none", "red", 21),
        ("rising", "red", "red", 34),
        ("clearing", "amber", "none", 17),
        ("silent", "red", "cannot_say", 19),
    )
)
LISTED: Rows = (
    {
        **{"enterprise_id": FIRM, "enterprise_name": "North <Mill>", "trade": "17", "grade": "C"},
        **{"previous_status": "none", "status": "watch", "status_since_date": NOW},
        **{"weight_points": 15.75, "red_count": 1, "amber_count": 2},
        "reasons": [{"points": 3.0, "reason_en": "It warns of rising.", "reason_zh": "预警。"}],
    },
)
GRADE_ROWS: Rows = tuple({"grade": grade, "position": i} for i, grade in enumerate("ABC", 1))


def group_rows(scope: str) -> dict[Question, Rows]:
    asked = GroupQuestions(scope)
    return {
        asked.firms: FIRMS,
        asked.level_pairs: PAIRS,
        asked.watched: LISTED,
        GRADES: GRADE_ROWS,
        states_of([FIRM, "E2"]): STATES,
        states_of(["E2", FIRM]): STATES,
        TRADES: ({"trade": "17", "enterprise_count": 3},),
    }


def median(day: date, name: str, value: float) -> dict[str, Any]:
    return {
        **{"as_of_date": day, "dimension": name, "title_en": name.capitalize(), "title_zh": "维度"},
        **{"enterprise_count": 3, "lower_quartile_value": value - 8.5},
        **{"median_value": value, "upper_quartile_value": value + 9.5},
    }


TRADE: dict[Question, Rows] = {
    **group_rows(OF_TRADE),
    trade.DIMENSIONS: (
        *(median(day, "growth", value) for day, value in ((BEFORE, 51.5), (NOW, 33.5))),
        *(median(day, "thrift", value) for day, value in ((BEFORE, 44.5), (NOW, 47.5))),
    ),
}


def chain(day: date, listed: int) -> dict[str, Any]:
    return {
        **{"as_of_date": day, "core_enterprise_id": "CORE", "core_name": None, "core_grade": "A"},
        **{"core_status": "none", "supplier_count": 6, "watched_supplier_count": listed},
        **{"escalated_supplier_count": 0, "listed_supplier_count": listed},
        **{"supplied_total_cny": Decimal("987654.00"), "listed_share_ratio": 0.5625},
        "mean_supplier_weight_points": 6.25,
    }


def trade_row(day: date, listed: int) -> dict[str, Any]:
    return {
        **{"as_of_date": day, "trade": "17", "enterprise_count": 3, "listed_count": listed},
        **{"escalated_count": 1, "mean_weight_points": 8.75},
    }


def shares(day: date, share: float) -> dict[str, Any]:
    return {
        **{
            "as_of_date": day,
            "top_customer_share_ratio": share,
            "top_supplier_share_ratio": 0.3125,
        },
        **{"one_customer_count": 2, "one_supplier_count": 1},
    }


ECOSYSTEM: dict[Question, Rows] = {
    **group_rows(OF_ALL),
    ecosystem.CHAINS: (chain(BEFORE, 1), chain(NOW, 4)),
    ecosystem.TRADES: (trade_row(BEFORE, 2), trade_row(NOW, 5)),
    ecosystem.DEPENDENCE: (shares(BEFORE, 0.1875), shares(NOW, 0.4375)),
    ecosystem.MEMBERS: (
        {
            **{"core_enterprise_id": "CORE", "supplier_enterprise_id": FIRM, "trade": "17"},
            **{"enterprise_name": "North <Mill>", "grade": "C", "previous_status": "none"},
            **{"status": "watch", "weight_points": 15.75, "total_cny": Decimal("45678.00")},
            "reasons": LISTED[0]["reasons"],
        },
    ),
    COUNTERPARTIES: (
        {
            **{"direction": "sale", "concentration_rank": 1, "counterparty_id": "BUYER"},
            **{"enterprise_count": 2, "total_cny": Decimal("123456.00"), "share_ratio": 0.6875},
        },
    ),
    DEPENDENCE_NOW: (),
}
