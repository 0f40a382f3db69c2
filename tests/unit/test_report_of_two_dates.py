"""Enterprise, trade and ecosystem report: page and workbook have what the tables have."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from loomline.errors import LoomlineError
from reports.enterprise import questions
from reports.enterprise.report import build_report as enterprise_report
from reports.files import file_name, write_report
from reports.group import ecosystem, trade
from reports.group.questions import OF_ALL, OF_TRADE, TRADES, GroupQuestions
from reports.kinds import is_missing
from reports.page import reason_lines, render_page
from reports.parts import Column, Words
from reports.report import Report
from reports.workbook import reasons_text
from tests.unit.report_rows import (
    ECOSYSTEM,
    ENTERPRISE,
    FIRM,
    GENERATED_AT,
    TRADE,
    UNSCORED,
    rows_lake,
)

NAMES = {"17": Words("Textiles", "纺织业")}
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
MADE: dict[str, Callable[[], Report]] = {
    "enterprise": lambda: enterprise_report(
        rows_lake(ENTERPRISE, enterprise_id=FIRM), GENERATED_AT, NAMES
    ),
    "trade": lambda: trade.build_report(rows_lake(TRADE, trade="17"), GENERATED_AT, NAMES),
    "ecosystem": lambda: ecosystem.build_report(rows_lake(ECOSYSTEM), GENERATED_AT, NAMES),
}


class _Text(HTMLParser):
    """The text that a person reads: no style, no drawing, no SQL, no foot."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("style", "svg", "details", "footer", "head")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "svg", "details", "footer", "head")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def text_of(page: str) -> str:
    parsed = _Text()
    parsed.feed(page)
    return " ".join(" ".join(parsed.parts).split())


def cell_texts(column: Column, value: Any) -> list[str]:
    """What the page shows of a cell."""
    if column.reasons:
        lines = reason_lines(value)
        return [line[part] for line in lines for part in ("points", "english", "chinese")]
    return [column.kind.text(value)]


@pytest.fixture(params=sorted(MADE))
def report(request: pytest.FixtureRequest) -> Report:
    return MADE[request.param]()


@pytest.fixture
def book(report: Report, tmp_path: Path) -> Workbook:
    return load_workbook(write_report(report, tmp_path)[1])


def test_the_page_has_every_cell_of_the_tables_that_are_on_it(report: Report) -> None:
    text = text_of(render_page(report))
    shown = 0
    for _, table in report.tables:
        if table.on_page:
            for row in table.answer.rows:
                for column in table.columns:
                    for cell in cell_texts(column, row[column.name]):
                        assert " ".join(cell.split()) in text
                        shown += 1
    assert shown > 50


def test_the_page_has_every_sentence_in_both_languages(report: Report) -> None:
    text = text_of(render_page(report))
    (changes,) = (section for section in report.sections if section.key == "changes")
    assert len(changes.notices) > 5
    for notice in changes.notices:
        assert " ".join(notice.text.english.split()) in text
        assert " ".join(notice.text.chinese.split()) in text
        assert re.search("[\u4e00-\u9fff]", notice.text.chinese)


def test_no_number_is_on_the_page_that_is_not_in_the_tables(report: Report) -> None:
    in_tables = {f"{report.as_of_date}"}
    for _, table in report.tables:
        if table.sheet != "Changes":
            for row in table.answer.rows:
                for column in table.columns:
                    in_tables.update(cell_texts(column, row[column.name]))
    # What the report's own words say: names of columns, sheets and standards.
    words = [report.subject, report.name]
    for section in report.sections:
        pairs = [section.title, section.introduction, *(one.label for one in section.figures)]
        for table in section.tables:
            pairs += [table.title, table.empty, *(column.heading for column in table.columns)]
        words += [text for pair in pairs for text in (pair.english, pair.chinese)]
    known = set(NUMBER.findall(" ".join([*in_tables, *words])))
    text = text_of(render_page(report))
    # A headline figure in short says millions; its table has them in full.
    shown = set(NUMBER.findall(re.sub(r"[\d,.]+ (?:billion|million|thousand)", "", text)))
    assert len(shown) > 30
    assert shown <= known


def test_the_workbook_equals_the_tables(report: Report, book: Workbook) -> None:
    for _, table in report.tables:
        header, *rows = book[table.sheet].iter_rows(values_only=True)
        assert [str(head).split("\n")[0] for head in header] == [
            column.heading.english for column in table.columns
        ]
        if not table.answer.rows:
            assert rows[0][0] == f"{table.empty.english} {table.empty.chinese}"
            continue
        assert len(rows) == len(table.answer.rows)
        for cells, row in zip(rows, table.answer.rows, strict=True):
            for cell, column in zip(cells, table.columns, strict=True):
                assert_equals(cell, column, row[column.name])


def assert_equals(cell: Any, column: Column, value: Any) -> None:
    if column.reasons:
        assert (cell or "") == reasons_text(value)
    elif is_missing(value):
        assert cell is None
    elif isinstance(value, bool):
        assert cell == column.kind.text(value)
    elif isinstance(value, int | float | Decimal):
        assert cell == pytest.approx(float(value))
    elif isinstance(value, datetime):
        assert cell == value
    elif isinstance(value, date):
        assert cell.date() == value
    else:
        assert cell == column.kind.decoded(value)


def test_what_is_worse_stands_before_what_is_better(report: Report) -> None:
    (changes,) = (section for section in report.sections if section.key == "changes")
    order = [("worse", "other", "better").index(one.severity) for one in changes.notices]
    assert order == sorted(order)
    assert {"worse", "better"} <= {one.severity for one in changes.notices}


def test_the_enterprise_report_tells_the_planted_changes_and_what_is_behind() -> None:
    (changes,) = (one for one in MADE["enterprise"]().sections if one.key == "changes")
    told = {notice.text.english: notice.severity for notice in changes.notices}
    assert told == {
        "Watch list: not listed → watch; its warnings weigh 7.25 → 15.75 points.": "worse",
        "Grade B → C; probability of default 3.21 % → 9.87 %; score 616.8 → 583.8.": "worse",
        "−33.0 points of score: Sales trend (0.321 → 0.987)": "worse",
        "Sales, last 12 months: 2,345,679 → 1,234,568 CNY 元.": "worse",
        "Warning rose (none → red): It warns of rising. Value 0.250 → 0.875.": "worse",
        "Growth among its peers 71.5 → 22.5: Value of growth, 1.25 → 0.750.": "worse",
        "No data any more (red → cannot say): It warns of silent. Value 0.938 → –.": "other",
        "Warning cleared (amber → none): It warns of clearing. Value 0.500 → 0.125.": "better",
        "Thrift among its peers 40.5 → 55.5: its peers moved, not its own figures.": "better",
    }


def test_a_group_tells_the_firms_that_changed_and_the_warning_behind() -> None:
    (changes,) = (one for one in MADE["trade"]().sections if one.key == "changes")
    told = {notice.text.english: notice.severity for notice in changes.notices}
    assert (
        told[
            f"{FIRM}: not listed → watch, grade B → C, warnings weigh 7.25 → 15.75 points. "
            "It warns of rising."
        ]
        == "worse"
    )
    assert told["E2: escalated → not listed, grade C → B, warnings weigh 31.50 → 2.25 points."] == (
        "better"
    )
    assert told["Firms warned 34 → 55: It warns of rising."] == "worse"
    assert told["Firms warned 17 → 0: It warns of clearing."] == "better"
    assert told["Firms warned 19 → 0: It warns of silent."] == "other"
    assert told["Growth, median among all firms: 51.5 → 33.5."] == "worse"


def test_the_ecosystem_tells_of_chains_and_dependence() -> None:
    (changes,) = (one for one in MADE["ecosystem"]().sections if one.key == "changes")
    told = {notice.text.english: notice.severity for notice in changes.notices}
    assert told["Chain of CORE: suppliers on the watch list 1 → 4; they supply 56.2 %."] == "worse"
    assert told["Largest customer's share, median: 18.75 → 43.75 %."] == "worse"


@pytest.mark.parametrize("previous", [None, date(2020, 1, 31)])
def test_where_most_is_missing_a_report_says_so(previous: date | None) -> None:
    now = tuple(row for row in UNSCORED if previous or row["as_of_date"] > date(2020, 1, 31))
    profiles = tuple(
        {
            **row,
            **{"grade": None, "pd_ratio": None, "score": None},
            **{"meaning_en": None, "meaning_zh": None},
        }
        for row in ENTERPRISE[questions.PROFILE]
        if previous or row["as_of_date"] > date(2020, 1, 31)
    )
    made = (
        enterprise_report(
            rows_lake({questions.PROFILE: profiles}, previous, enterprise_id=FIRM),
            GENERATED_AT,
            NAMES,
        ),
        trade.build_report(
            rows_lake({GroupQuestions(OF_TRADE).firms: now}, previous, trade="unknown"),
            GENERATED_AT,
            NAMES,
        ),
        ecosystem.build_report(
            rows_lake({GroupQuestions(OF_ALL).firms: now}, previous), GENERATED_AT, NAMES
        ),
    )
    for report in made:
        text = text_of(render_page(report))
        assert "scores of the" not in text
        if previous is None:
            assert "This is the first date of the marts" in text
            assert "这是集市的首个日期" in text
        for _, table in report.tables:
            if not table.answer.rows and table.on_page:
                assert table.empty.english in text
                assert table.empty.chinese in text
    assert "No consistency of its records has been judged" in text_of(render_page(made[0]))
    assert "no states of warnings" in text_of(render_page(made[1]))
    assert "No enterprise of the lake is supplied by" in text_of(render_page(made[2]))


def test_an_enterprise_or_trade_that_is_not_there_is_an_error_that_says_what_is() -> None:
    with pytest.raises(LoomlineError, match="is no enterprise of the marts as of 2020-02-29"):
        enterprise_report(rows_lake({}, enterprise_id="E9"), GENERATED_AT, NAMES)
    given = {
        TRADES: ({"trade": "17", "enterprise_count": 1}, {"trade": "30", "enterprise_count": 2})
    }
    with pytest.raises(LoomlineError, match="there are: 17, 30"):
        trade.build_report(rows_lake(given, trade="99"), GENERATED_AT, NAMES)


@pytest.mark.parametrize("subject", ["E1", "../../etc/passwd", "..", "a/b", "厂" * 100, "x" * 300])
def test_a_file_stays_in_its_folder_whatever_the_subject_is_called(
    subject: str, tmp_path: Path
) -> None:
    name = file_name(subject)
    path = (tmp_path / f"{name}.html").resolve()
    assert path.parent == tmp_path
    assert len(name.encode()) < 200
    path.write_text("")


def test_names_of_files_differ_where_the_subjects_do() -> None:
    subjects = ["a/b", "a%2Fb", "a_b", "厂" * 99, "厂" * 100]
    assert len({file_name(subject) for subject in subjects}) == len(subjects)
