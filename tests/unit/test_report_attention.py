"""What the report finds worth a reader's attention."""

from __future__ import annotations

from datetime import date

from reports.answers import Answer, Question
from reports.portfolio.attention import (
    file_notices,
    gate_notices,
    model_notices,
    run_notices,
    set_aside_notices,
)

DAY = date(2019, 6, 30)


def _answer(*rows: dict[str, object]) -> Answer:
    return Answer("select 1", rows, {})


def test_no_score_at_all_means_that_no_model_was_known() -> None:
    (notice,) = model_notices(_answer({"enterprise_count": 420, "scored_count": 0}), DAY)
    assert notice.severity == "warning"
    assert "No model was known on this date" in notice.text.english
    assert "尚无可用模型" in notice.text.chinese


def test_enterprises_without_a_score_are_counted() -> None:
    (notice,) = model_notices(_answer({"enterprise_count": 425, "scored_count": 420}), DAY)
    assert "5 of 425 enterprises have no score" in notice.text.english


def test_marts_without_the_date_are_critical() -> None:
    for profiles in (_answer({"enterprise_count": 0, "scored_count": 0}), _answer()):
        (notice,) = model_notices(profiles, DAY)
        assert notice.severity == "critical"
        assert "2019-06-30" in notice.text.english


def test_a_fully_scored_portfolio_needs_no_notice() -> None:
    assert not list(model_notices(_answer({"enterprise_count": 2, "scored_count": 2}), DAY))


def test_only_failed_runs_are_noticed() -> None:
    runs = _answer(
        {"job": "land", "status": "succeeded", "notes": ""},
        {"job": "marts", "status": "failed", "notes": "EngineError:\nThe engine ended."},
    )
    (notice,) = run_notices(runs)
    assert notice.text.english == "The last run of marts failed: EngineError: The engine ended."


def test_an_expectation_that_did_not_hold_keeps_its_severity() -> None:
    row = {"table_name": "silver.invoice", "expectation": "total positive", "unexpected_rows": 1200}
    unmet = _answer(
        {**row, "severity": "critical"}, {**row, "severity": "warning", "unexpected_rows": None}
    )
    critical, warning = gate_notices(unmet)
    assert (critical.severity, warning.severity) == ("critical", "warning")
    assert "(1,200 rows)" in critical.text.english
    assert "rows" not in warning.text.english


def test_a_file_that_does_not_add_up_is_critical_and_a_refused_one_a_warning() -> None:
    files = _answer(
        {"source_file": "a.csv", "is_reconciled": True},
        {"source_file": "b.csv", "is_reconciled": False},
    )
    refused = _answer({"source_file": "c.csv.gz", "reasons": "the gzip data ends too early"})
    notices = list(file_notices(files, refused))
    assert [notice.severity for notice in notices] == ["critical", "warning"]
    assert "b.csv does not reconcile" in notices[0].text.english
    assert "the gzip data ends too early" in notices[1].text.english


def test_quarantined_rows_are_a_note_with_their_share() -> None:
    files = _answer(
        {"quarantined_rows": 3, "landed_rows": 100}, {"quarantined_rows": 0, "landed_rows": 200}
    )
    (notice,) = set_aside_notices(files)
    assert "3 of 300 landed rows (1.000 %)" in notice.text.english
    assert not list(set_aside_notices(_answer({"quarantined_rows": 0, "landed_rows": 9})))


def test_the_sql_of_a_question_names_the_date_as_a_literal() -> None:
    question = Question(("marts.t",), "\nselect 1 from marts.t where as_of_date = :as_of_date\n")
    sql = question.filled({"as_of_date": DAY})
    assert sql == "select 1 from marts.t where as_of_date = date'2019-06-30'"


def test_a_value_in_the_sql_is_quoted_and_never_looked_into_for_names() -> None:
    question = Question(("marts.t",), "where a = :enterprise_id and b = :trade and c in (:none)")
    values = {"enterprise_id": "x' or :trade = '", "trade": "17", "none": None}
    sql = question.filled(values)
    assert sql == "where a = 'x\\' or :trade = \\'' and b = '17' and c in (null)"
