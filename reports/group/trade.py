"""The report of one trade (industry) as of a date."""

from __future__ import annotations

from datetime import datetime

from loomline.errors import LoomlineError
from reports.answers import Answer, Lake, Question
from reports.change_charts import shift_chart
from reports.changes import moves, of_date
from reports.comparisons import changed
from reports.files import file_name
from reports.group import sections
from reports.group.facts import GroupFacts
from reports.group.questions import OF_TRADE, TRADES
from reports.kinds import CHANGE_POINTS, COUNT, POINTS, plain_text
from reports.parts import Chart, Column, Notice, Section, Table, Words
from reports.report import Report
from reports.sentences import move_sentences
from reports.sources import sources_section
from reports.trades import TradeNames, named

TITLE = Words("Trade report", "行业报告")
NAMED = 20
DIMENSIONS = Question(
    ("marts.trade_dimensions",),
    """
select
    as_of_date,
    dimension,
    title_en,
    title_zh,
    enterprise_count,
    lower_quartile_value,
    median_value,
    upper_quartile_value
from marts.trade_dimensions
where
    trade = :trade
    and as_of_date in (:as_of_date, :previous_date)
order by as_of_date, dimension
""",
)
DIMENSION_COLUMNS = (
    Column("title_en", Words("Dimension", "维度（英文）")),
    Column("title_zh", Words("In Chinese", "中文")),
    Column("before", Words("Median before", "前次中位数"), POINTS),
    Column("now", Words("Median now", "本次中位数"), POINTS),
    Column("change", Words("Change", "变动"), CHANGE_POINTS),
    Column("lower_quartile_value", Words("Lower quartile", "下四分位"), POINTS),
    Column("upper_quartile_value", Words("Upper quartile", "上四分位"), POINTS),
    Column("enterprise_count", Words("Firms with a value", "有值企业"), COUNT),
)
NO_DIMENSIONS = Words("No firm of the trade has value dimensions.", "该行业无企业有价值维度。")
# A page of two columns of charts.
LINES_A_CHART = 24


def build_report(lake: Lake, generated_at: datetime, names: TradeNames) -> Report:
    """Read what the lake says of `:trade` and put its report together.

    Raises:
        LoomlineError: no enterprise of the date has the trade.
    """
    trade, facts = str(lake.parameters["trade"]), GroupFacts(lake, OF_TRADE)
    if not facts.now:
        known = [row["trade"] for row in lake.ask(TRADES).rows]
        raise LoomlineError(
            f"No enterprise has the trade {plain_text(trade)} as of {lake.as_of_date}.",
            f"Trades are divisions of GB/T 4754; there are: {', '.join(known[:NAMED])}.",
        )
    medians = lake.ask(DIMENSIONS)
    now = of_date(medians.rows, lake.as_of_date)
    moved = moves(of_date(medians.rows, facts.previous), now, "dimension", "median_value")
    further: list[Notice] = move_sentences(moved, "marts.trade_dimensions")
    parts = (
        sections.what_changed(facts, further, sources=(medians,)),
        sections.grades(facts),
        _dimensions(medians, moved),
        sections.warnings(facts),
        sections.firms(facts),
        sections.watch_list(facts),
        sources_section(lake),
    )
    words = named(trade, names)
    subject = plain_text(f"{words.english} {words.chinese}")
    name = f"trade-{file_name(trade)}"
    return Report(TITLE, subject, name, lake.as_of_date, generated_at, parts)


def _dimensions(medians: Answer, moved: tuple[dict[str, object], ...]) -> Section:
    told = [row for row in moved if row["now"] is not None or row["before"] is not None]
    told.sort(key=lambda row: str(row["title_en"]))
    charts = []
    for start in range(0, len(told), LINES_A_CHART):
        rows = told[start : start + LINES_A_CHART]
        labels = [f"{row['title_en']} {row['title_zh']}" for row in rows]
        before, now = ([row[name] for row in rows] for name in ("before", "now"))
        title = Words(f"{rows[0]['title_en']} to {rows[-1]['title_en']}", "")
        chart = shift_chart("median rank among all firms 全体位次中位数", labels, before, now, 50)  # type: ignore[arg-type]
        charts.append(Chart(title, chart))
    return Section(
        key="dimensions",
        title=Words("Value dimensions of the trade", "行业价值维度"),
        introduction=Words(
            "Medians of the firms' ranks among all enterprises; the dashed line is where all "
            "enterprises have theirs.",
            "企业在全体中位次的中位数；虚线为全体企业的中位。",
        ),
        charts=tuple(charts),
        tables=(
            Table(
                Words("Medians, the largest move first", "中位数，变动最大者在前"),
                *("Dimensions", DIMENSION_COLUMNS, changed(medians, moved), NO_DIMENSIONS),
                on_page=False,
            ),
        ),
        sources=(medians,),
    )
