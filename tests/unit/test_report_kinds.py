"""How values look in the report."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from reports.kinds import (
    CENTS,
    CHANGE_COUNT,
    CHANGE_PROBABILITY,
    COUNT,
    DATE,
    MISSING,
    MOMENT,
    PROBABILITY,
    SHARE,
    TEXT,
    YES_NO,
    Kind,
    Value,
    coded,
    in_short,
    plain_text,
    signed,
)
from reports.portfolio.versions import short_commit


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (COUNT, 1099441, "1,099,441"),
        (CENTS, Decimal("-1234567.895"), "−1,234,567.90"),
        (CENTS, Decimal("-0.001"), "0.00"),
        (SHARE, 0.24235, "24.2"),
        (PROBABILITY, 0.0004, "0.04"),
        (CHANGE_PROBABILITY, -0.3807, "−38.07"),
        (CHANGE_PROBABILITY, 0.1734, "+17.34"),
        (CHANGE_COUNT, 0, "0"),
        (DATE, date(2020, 2, 29), "2020-02-29"),
        (MOMENT, datetime(2020, 2, 29, 16, 5, 59), "2020-02-29 16:05"),
        (YES_NO, False, "no 否"),
        (YES_NO, True, "yes 是"),
        (TEXT, "深圳 \n 纺织", "深圳 纺织"),
    ],
)
def test_a_value_is_shown_as_its_kind_says(kind: Kind, value: Value, text: str) -> None:
    assert kind.text(value) == text


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_what_is_missing_is_a_dash_and_never_a_nought(value: Value) -> None:
    assert COUNT.text(value) == MISSING


def test_a_number_kind_refuses_what_is_no_number() -> None:
    with pytest.raises(TypeError):
        COUNT.text("12")
    with pytest.raises(TypeError):
        COUNT.text(True)


def test_a_code_without_words_stands_as_it_is() -> None:
    kind = coded({"sale": "sales 销售"})
    assert kind.text("sale") == "sales 销售"
    assert kind.text("lease") == "lease"


def test_a_sign_is_not_given_to_what_rounds_to_nought() -> None:
    assert signed(0.0004, 2) == "0.00"
    assert signed(-0.0004, 2) == "0.00"
    assert signed(Decimal("2.5"), 1) == "+2.5"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("9466467200.10"), "9.5 billion"),
        (-2_500_000, "−2.5 million"),
        (1_000, "1.0 thousand"),
        (999, "999"),
        (0, "0"),
    ],
)
def test_a_large_number_is_short_in_a_headline(value: float | Decimal, text: str) -> None:
    assert in_short(value) == text


def test_a_text_is_one_line_without_control_characters_and_not_too_long() -> None:
    assert plain_text("a\r\n\tb\x00\x1b[31mc\u2028d") == "a b [31mc d"
    assert plain_text("长" * 1_000_000, 10) == "长" * 9 + "…"
    assert plain_text("x" * 10, 10) == "x" * 10


def test_a_commit_is_short_but_still_tells_of_changes() -> None:
    assert short_commit("c2ca6b0973b0a828db3a500eb27dd4b08b74cf9f+changes") == "c2ca6b0973+changes"
    assert short_commit("c2ca6b0973b0a828db3a500eb27dd4b08b74cf9f") == "c2ca6b0973"
    assert short_commit("unknown") == "unknown"
