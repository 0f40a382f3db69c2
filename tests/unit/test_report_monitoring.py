"""What the portfolio report says of the monitoring of the model, from the monitoring's findings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import pytest
from openpyxl import load_workbook

from models.monitor import (
    drift,
    estimation,
    hazard_outcomes,
    outcome_findings,
    proposals,
    record_check,
    shadow,
    validation_age,
)
from models.monitor.finding import Finding, Watched, judged, unsaid
from models.monitor.hazard_watch import HAZARDS
from models.monitor.thresholds import LEVELS, Bounds
from reports.answers import Question
from reports.level_chart import COLOURS, level_chart
from reports.page import render_page
from reports.parts import Section, Table
from reports.portfolio.attention import build as build_attention
from reports.portfolio.attention import monitoring_notices
from reports.portfolio.monitoring import (
    ALERTS,
    DRAWN,
    FINDINGS,
    LEVEL,
    MEASURE,
    MEASURES,
    NO_ALERT,
    NO_TABLE,
    NOT_MONITORED,
    RECORD_ONLY,
    SUBJECTS,
    build,
    figure_text,
    not_monitored,
)
from reports.portfolio.report import NAME, SECTIONS, TITLE
from reports.report import Report
from reports.workbook import write_workbook
from tests.unit.monitored_findings import CHAMPION, TABLE, asked, in_trouble, monitored_lake
from tests.unit.report_rows import GENERATED_AT, NOW, RowsLake, rows_lake

REPEATING = ("decision", "proposal")


@pytest.fixture(scope="module")
def findings(catalog: Path) -> list[Finding]:
    return in_trouble(catalog)


@pytest.fixture(scope="module")
def lake(catalog: Path, findings: list[Finding]) -> RowsLake:
    return monitored_lake(catalog, findings)


@pytest.fixture(scope="module")
def section(lake: RowsLake) -> Section:
    return build(lake)


def page_of(*sections: Section) -> str:
    return render_page(Report(TITLE, "", NAME, NOW, GENERATED_AT, sections))


def alerts_of(section: Section) -> Table:
    return section.tables[0]


def found_once(one: Finding) -> tuple[str, str, str, str]:
    return one.of.role, one.measure, one.subject, one.level


def rows_once(rows: Iterable[dict[str, object]]) -> list[tuple[object, ...]]:
    return [(row["role"], row["measure"], row["subject"], row["level"]) for row in rows]


def test_the_findings_of_the_date_and_of_no_other_are_all_there_once(
    catalog: Path, findings: list[Finding]
) -> None:
    rows = asked(catalog, FINDINGS, findings)
    assert sorted(rows_once(rows)) == sorted(map(found_once, findings))


def test_alerts_are_what_is_amber_or_red_and_repeats_nothing(
    catalog: Path, findings: list[Finding]
) -> None:
    wanted = [one for one in findings if one.is_alert and one.measure not in REPEATING]
    assert {one.level for one in wanted} == {"amber", "red"}
    rows = asked(catalog, ALERTS, findings)
    assert sorted(rows_once(rows)) == sorted(map(found_once, wanted))


@pytest.mark.parametrize("question", [FINDINGS, ALERTS])
def test_the_gravest_stands_first_and_the_whole_before_its_parts(
    catalog: Path, findings: list[Finding], question: Question
) -> None:
    rows = asked(catalog, question, list(reversed(findings)))
    gravity = [LEVELS.index(row["level"]) for row in rows]
    assert gravity == sorted(gravity, reverse=True)
    tests = [row["subject"] for row in rows if row["measure"] == "jeffreys_p_value"]
    assert tests[0] == "portfolio"
    assert len(tests) > 2


def test_every_word_of_the_monitoring_has_words_in_the_report() -> None:
    measures = {
        *(drift.PSI, estimation.AUC, estimation.BRIER, outcome_findings.JEFFREYS),
        *(outcome_findings.OBSERVED, outcome_findings.AUC, outcome_findings.BRIER),
        *(shadow.RANKS, shadow.MEANS, shadow.GRADES, shadow.BRIER, shadow.DECISION),
        *(proposals.PROPOSAL, record_check.RECORD, validation_age.VALIDATION_AGE),
        *(hazard_outcomes.OBSERVED, hazard_outcomes.TRUE_ALARMS, hazard_outcomes.ALARMED_EVENTS),
    }
    assert measures == set(MEASURES)
    assert {*get_args(shadow.Decision), proposals.TRAIN_ANEW, proposals.REVIEW_CHALLENGER} <= set(
        SUBJECTS
    )
    horizons = {days for hazard, _ in HAZARDS for days in hazard.horizons}
    assert {hazard_outcomes.within(days) for days in horizons} <= set(SUBJECTS)
    assert set(LEVEL.codes) == set(LEVELS)
    # The order of the SQL knows them all: what it doesn't know would come first.
    assert all(f"'{measure}'" in FINDINGS.sql for measure in measures)


def test_the_level_that_says_nothing_is_not_shown_as_all_well() -> None:
    assert LEVEL.text("none") == "not judged 不评判"


def test_the_page_has_every_alert_with_level_bounds_and_both_languages(section: Section) -> None:
    page = page_of(section)
    texts = re.sub(r"<[^>]*>", "", page).replace("&#39;", "'")
    rows = alerts_of(section).answer.rows
    assert len(rows) > 5
    for row in rows:
        assert row["said_en"] in texts
        assert row["said_zh"] in texts
        assert LEVEL.text(row["level"]) in texts
        assert MEASURE.text(row["measure"]) in texts
        assert f">{figure_text(row['red'])}</td>" in page


def test_what_is_well_stands_in_the_workbook_only(section: Section, tmp_path: Path) -> None:
    write_workbook(Report(TITLE, "", NAME, NOW, GENERATED_AT, (section,)), tmp_path / "book.xlsx")
    book = load_workbook(tmp_path / "book.xlsx")
    header, *rows = book["Model findings"].iter_rows(values_only=True)
    place = [str(one).split("\n")[0] for one in header].index("What was found")
    told = {row[place] for row in rows}
    assert told == {row["said_en"] for row in section.tables[1].answer.rows}
    quiet = [row for row in section.tables[1].answer.rows if row["level"] == "green"]
    assert quiet
    page = page_of(section)
    assert not [row for row in quiet if row["said_zh"] in page]


def test_the_counts_are_of_findings_and_not_of_what_repeats_them(
    section: Section, findings: list[Finding]
) -> None:
    own = [one.level for one in findings if one.measure not in REPEATING]
    shown = [int(figure.value) for figure in section.figures]
    assert shown == [own.count(level) for level in reversed(LEVELS) if level != "none"] + [
        own.count("none")
    ]
    assert sum(shown) == len(findings) - 3


def test_the_chart_has_the_index_of_every_feature_and_both_bounds(
    section: Section, findings: list[Finding]
) -> None:
    (chart,) = section.charts
    for one in findings:
        if one.measure == "psi":
            assert f"{one.value:.3f}" in chart.svg
            assert one.subject in chart.svg
    assert "amber from 黄 0.1" in chart.svg
    assert "red from 红 0.25" in chart.svg


def test_each_model_has_a_chart_of_what_moved_most_and_the_rest_is_in_the_workbook(
    catalog: Path, findings: list[Finding]
) -> None:
    bounds = Bounds(worse="higher", amber=0.1, red=0.25, source="a convention")
    said, of = ("Drift.", "漂移。"), Watched("5", "champion")
    moved = [
        judged(of, "psi", f"covariate_{place:02}", place / 100, bounds, said, 5)
        for place in range(40)
    ]
    moved.append(judged(of, "psi", "score", 0.0, bounds, said, 5))
    section = build(monitored_lake(catalog, findings, {"early_warning": moved}))
    by_model = {chart.title.english.split(":")[0]: chart for chart in section.charts}
    assert set(by_model) == {"default_probability", "early_warning"}
    chart = by_model["early_warning"]
    shown = [one.subject for one in moved if one.subject in chart.svg]
    assert shown == [*(f"covariate_{place:02}" for place in range(40 - DRAWN + 1, 40)), "score"]
    assert f"; {41 - DRAWN} that moved less" in chart.title.english
    assert "moved less" not in by_model["default_probability"].title.english
    in_workbook = {row["subject"] for row in section.tables[1].answer.rows}
    assert {one.subject for one in moved} <= in_workbook


def test_an_alert_and_a_proposal_name_the_model_that_they_are_of(
    catalog: Path, findings: list[Finding]
) -> None:
    of_hazard = [one for one in findings if one.measure in ("psi", "proposal")]
    lake = monitored_lake(catalog, [], {"machine_failure": of_hazard})
    assert {row["model_name"] for row in lake.ask(ALERTS).rows} == {"machine_failure"}
    assert "machine_failure" in page_of(build(lake))
    texts = [notice.text.english for notice in monitoring_notices(lake.ask(FINDINGS))]
    assert any("train machine_failure anew" in text for text in texts)


def test_findings_of_another_model_do_not_hide_that_the_date_has_no_scores(
    catalog: Path, findings: list[Finding]
) -> None:
    record = [record_check.record_finding([], [])]
    section = build(monitored_lake(catalog, record, {"early_warning": findings[:1]}))
    assert RECORD_ONLY in [notice.text for notice in section.notices]


def test_without_a_later_date_than_the_training_there_is_no_chart(catalog: Path) -> None:
    why = ("No later date.", "无更晚日期。")
    section = build(monitored_lake(catalog, [unsaid(CHAMPION, "psi", "score", why)]))
    assert section.charts == ()
    assert alerts_of(section).empty == NO_ALERT


def test_bars_say_their_level_without_colour_too() -> None:
    svg = level_chart(
        *("PSI", ["<a>", "b", "c"], [0.05, 0.15, 4.5]),
        *(["green", "amber", "red"], ["", "amber 黄", "red 红"], (0.1, 0.25)),
    )
    assert "0.150 amber 黄" in svg
    assert "4.500 red 红" in svg
    assert "&lt;a&gt;" in svg
    for colour in COLOURS.values():
        assert f"fill: {colour}" in svg


def test_a_chart_of_which_nothing_is_judged_has_no_bounds() -> None:
    svg = level_chart("PSI", ["score"], [0.0], ["none"], ["not judged"], None)
    assert "0.000 not judged" in svg
    assert "from" not in svg


def test_a_table_that_is_not_there_is_said_in_one_line() -> None:
    page = page_of(build(rows_lake({})))
    assert page.count(NO_TABLE.english) == 1
    assert page.count(NO_TABLE.chinese) == 1
    assert "<dl" not in page
    assert "<svg" not in page


def test_a_date_that_was_not_monitored_is_said_in_one_line() -> None:
    page = page_of(build(rows_lake({FINDINGS: (), ALERTS: ()})))
    assert page.count(NOT_MONITORED.english) == 1
    assert NO_ALERT.english not in page
    assert "<dl" not in page


def test_a_date_of_which_only_the_record_was_checked_says_that_no_model_was(
    catalog: Path,
) -> None:
    for broken in ([], ["Row 3 was changed."]):
        section = build(monitored_lake(catalog, [record_check.record_finding(broken, [])]))
        assert [notice.text for notice in section.notices] == [RECORD_ONLY]


def test_attention_warns_of_red_findings_once_and_notes_what_is_proposed(
    lake: RowsLake, findings: list[Finding]
) -> None:
    notices = list(monitoring_notices(lake.ask(FINDINGS)))
    warned = [notice.text.english for notice in notices if notice.severity == "warning"]
    red = [one for one in findings if one.level == "red" and one.measure not in REPEATING]
    assert sorted(warned) == sorted(
        f"default_probability {one.of.model_version}: {one.said[0]}" for one in red
    )
    noted = [notice.text.english for notice in notices if notice.severity == "note"]
    assert len(noted) == 2
    assert any("train default_probability anew" in text and "version 3" in text for text in noted)
    assert any("review the challenger, version 4" in text for text in noted)
    assert {notice.source for notice in notices} == {TABLE}


def test_attention_shows_them_with_the_rest(lake: RowsLake) -> None:
    section = build_attention(lake)
    shown = [notice for notice in section.notices if notice.source == TABLE]
    assert shown == list(monitoring_notices(lake.ask(FINDINGS)))
    assert lake.ask(FINDINGS) in section.sources


def test_amber_and_green_need_no_attention(catalog: Path) -> None:
    bounds = Bounds(worse="higher", amber=0.1, red=0.25, source="a convention")
    said = ("Drift.", "漂移。")
    found = [
        judged(CHAMPION, "psi", subject, value, bounds, said, 5)
        for subject, value in (("score", 0.2), ("sales", 0.0))
    ]
    assert {one.level for one in found} == {"amber", "green"}
    assert not list(monitoring_notices(monitored_lake(catalog, found).ask(FINDINGS)))


def test_a_broken_record_is_critical_and_of_no_single_version(catalog: Path) -> None:
    found = record_check.record_finding(["Row 3 was changed."], [])
    (notice,) = monitoring_notices(monitored_lake(catalog, [found]).ask(FINDINGS))
    assert notice.severity == "critical"
    assert notice.text.english == "The record of approvals: Row 3 was changed."


@pytest.mark.parametrize(
    ("lake", "text"),
    [(rows_lake({}), NO_TABLE), (rows_lake({FINDINGS: ()}), NOT_MONITORED)],
)
def test_a_model_that_nobody_looked_at_is_no_model_that_is_well(
    lake: RowsLake, text: object
) -> None:
    (notice,) = monitoring_notices(lake.ask(FINDINGS))
    assert (notice.severity, notice.text) == ("note", text)
    assert not_monitored(lake.ask(FINDINGS)) == text


def test_a_proposal_of_another_kind_is_said_in_its_own_words(catalog: Path) -> None:
    said = ("It is proposed to rest.", "建议休息。")
    found = Finding(Watched("9", "champion"), "proposal", "rest", "red", said, 5)
    (notice,) = monitoring_notices(monitored_lake(catalog, [found]).ask(FINDINGS))
    assert notice.severity == "note"
    assert notice.text.chinese == "default_probability 9：建议休息。"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((2.0, "2"), (0.0, "0"), (0.31237, "0.3124"), (-0.00121, "−0.0012"), (1.37, "1.3700")),
        *((3e-48, "<0.0001"), (0.00005, "0.0001"), (-0.00001, "0.0000")),
    ],
)
def test_a_small_figure_is_never_shown_as_nought(value: float, text: str) -> None:
    assert figure_text(value) == text


def test_the_portfolio_report_asks_it_after_how_good_the_model_was() -> None:
    names = [module.__name__.rsplit(".", 1)[1] for module in SECTIONS]
    assert names[names.index("calibration") + 1] == "monitoring"
