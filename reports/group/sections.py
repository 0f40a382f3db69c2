"""Sections that the trade and the ecosystem report share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reports.answers import Answer
from reports.change_charts import shift_chart
from reports.comparisons import (
    CHANGED_WARNING_COLUMNS,
    DIRECTION,
    ENTERPRISE_COLUMNS,
    NO_EARLIER,
    NO_WARNINGS,
    STATUS,
    WARNING_COUNT_COLUMNS,
    changed,
    then_and_now,
)
from reports.group.facts import MEASURES, MOST_FIRMS, GroupFacts
from reports.kinds import (
    CHANGE_COUNT,
    CHANGE_MEASURED,
    CHANGE_PROBABILITY,
    COUNT,
    DATE,
    LONG_TEXT,
    MEASURED,
    MISSING,
    PROBABILITY,
    in_short,
    plain_text,
)
from reports.notices import merged, notice_table
from reports.parts import Chart, Column, Figure, Notice, Section, Table, Words
from reports.sentences import (
    count_sentences,
    firm_sentences,
    measure_sentences,
    nothing_changed,
    worst_first,
)

MOST_INDICATORS = 12
LABEL_LENGTH = 44
GRADE_COLUMNS = (
    Column("grade", Words("Grade", "等级")),
    Column("before", Words("Firms before", "前次企业数"), COUNT),
    Column("now", Words("Firms now", "本次企业数"), COUNT, bar=True),
    Column("change", Words("Change", "变动"), CHANGE_COUNT),
)
FIRM_COLUMNS = (
    *ENTERPRISE_COLUMNS,
    Column("trade", Words("Trade", "行业")),
    Column("direction", Words("For the", "方向"), DIRECTION),
    Column("status_before", Words("Status before", "前次状态"), STATUS),
    Column("status", Words("Status now", "本次状态"), STATUS),
    Column("grade_before", Words("Grade before", "前次等级")),
    Column("grade", Words("Grade now", "本次等级")),
    Column("weight_points_before", Words("Warnings before", "前次预警权重"), MEASURED),
    Column("weight_points", Words("Warnings now", "本次预警权重"), MEASURED),
    Column("weight_change", Words("Change", "变动"), CHANGE_MEASURED),
    Column("pd_ratio_before", Words("PD before", "前次违约概率"), PROBABILITY),
    Column("pd_ratio", Words("PD now", "本次违约概率"), PROBABILITY),
    Column("pd_change", Words("Change", "变动"), CHANGE_PROBABILITY),
)
WATCHED_COLUMNS = (
    *ENTERPRISE_COLUMNS,
    Column("trade", Words("Trade", "行业")),
    Column("grade", Words("Grade", "等级")),
    Column("previous_status", Words("Status before", "前次状态"), STATUS),
    Column("status", Words("Status now", "本次状态"), STATUS),
    Column("status_since_date", Words("Since", "起始日"), DATE),
    Column("weight_points", Words("Weight of warnings", "预警权重"), MEASURED),
    Column("red_count", Words("Red", "红色"), COUNT),
    Column("amber_count", Words("Amber", "黄色"), COUNT),
    Column("reasons", Words("Why: weight and warning", "主要预警及权重"), LONG_TEXT, reasons=True),
)
NO_LISTED = Words("Nobody is on the watch list or has left it.", "无列入或移出关注名单的企业。")


def figures(facts: GroupFacts) -> tuple[Figure, ...]:
    """The group's measures as headline figures, with what they were."""
    shown = []
    for measure, row in zip(MEASURES, facts.measure_rows, strict=True):
        texts = [
            MISSING if value is None else _short(value, measure.unit)
            for value in (row["now"], row["before"])
        ]
        remarks = [measure.unit] if measure.unit.startswith("CNY") else []
        remarks += [] if texts[1] == MISSING else [f"before 前次 {texts[1]}"]
        shown.append(Figure(measure.words, texts[0], ", ".join(remarks)))
    return tuple(shown)


def _short(value: float, unit: str) -> str:
    if unit == "%":
        return f"{PROBABILITY.text(value / 100)} %"
    if unit.startswith("CNY"):
        return in_short(value)
    return MEASURED.text(value)


def what_changed(
    facts: GroupFacts,
    further: Sequence[Notice] = (),
    tables: tuple[Table, ...] = (),
    sources: tuple[Answer, ...] = (),
) -> Section:
    """What changed since the date before in the group as a whole, its warnings and its firms.

    `further` are sentences of the one report; `tables` and `sources` are where they come from.
    """
    notices: tuple[Notice, ...] = ()
    read = (facts.firms, facts.level_pairs, *sources)
    if facts.previous is not None:
        read = (*read, facts.moved_states) if facts.firm_moves else read
        notices = worst_first(
            (
                *measure_sentences(facts.measure_rows, "marts.enterprise_profiles"),
                *count_sentences(facts.warning_counts),
                *further,
                *firm_sentences(facts.firm_moves, facts.moved_warnings),
            )
        )
    nothing, until = nothing_changed(facts.previous), facts.previous or MISSING
    return Section(
        key="changes",
        title=Words("What changed, and why", "变化及原因"),
        introduction=Words(
            f"Since {until}, the same firms on both dates. What got worse comes first.",
            f"与 {until} 相比（同一批企业）；变差者在前。",
        ),
        figures=figures(facts),
        notices=notices,
        nothing=nothing,
        tables=(
            notice_table(Words("What changed", "变化"), "Changes", notices, read, nothing),
            then_and_now(MEASURES, *facts.sums, (facts.firms,)),
            *tables,
        ),
        sources=read,
    )


def grades(facts: GroupFacts) -> Section:
    """How the firms spread over the grades, then and now."""
    rows = facts.grade_rows
    is_graded = any(row["now"] or row["before"] for row in rows)
    charts: tuple[Chart, ...] = ()
    if is_graded:
        labels = [str(row["grade"]) for row in rows]
        before, now = [row["before"] for row in rows], [row["now"] for row in rows]
        title = Words("Firms by grade", "各等级企业数")
        charts = (Chart(title, shift_chart("firms 企业数", labels, before, now)),)
    sources = (facts.firms, facts.grades)
    return Section(
        key="grades",
        title=Words("Grades", "等级分布"),
        introduction=Words(
            "A grade is a range of the probability of default, the best grade first.",
            "等级按违约概率区间划分，最优等级在前。",
        ),
        charts=charts,
        tables=(
            Table(
                Words("Firms by grade then and now", "各等级企业数前后对比"),
                *("Grades", GRADE_COLUMNS, merged(sources, rows if is_graded else ())),
                Words("No firm has a grade as of this date.", "该日无评级结果。"),
            ),
        ),
        sources=sources,
    )


def warnings(facts: GroupFacts) -> Section:
    """The warnings that came to most firms."""
    moved = [row for row in facts.warning_counts if row["on_change"]]
    shown = sorted(moved, key=lambda row: (-abs(row["on_change"]), row["indicator"]))
    shown = sorted(shown[:MOST_INDICATORS], key=lambda row: (-row["on_change"], row["indicator"]))
    charts: tuple[Chart, ...] = ()
    if shown:
        labels = [plain_text(row["says_en"], LABEL_LENGTH) for row in shown]
        before, now = ([row[name] for row in shown] for name in ("on_before_count", "on_count"))
        title = Words("Warnings that moved most, firms", "变动最大的预警（企业数）")
        charts = (Chart(title, shift_chart("firms warned 预警企业", labels, before, now)),)
    empty = NO_EARLIER if facts.previous is None else NO_WARNINGS
    return Section(
        key="warnings",
        title=Words("Warnings that rose most", "上升最多的预警"),
        introduction=Words(
            "Firms at amber or red then and now. “First said” had no data before, “silent” has "
            "none now.",
            "黄色或红色企业数的前后对比。“首次可判”为前次无数据，“无数据”为本次无数据。",
        ),
        charts=charts,
        tables=(
            Table(
                Words("Warnings by firms, the largest rise first", "预警企业数，升幅最大者在前"),
                "Warnings",
                WARNING_COUNT_COLUMNS,
                changed(facts.level_pairs, facts.warning_counts),
                empty,
                on_page=False,
            ),
            Table(
                Words("Warnings that moved most", "变动最大的预警"),
                "Moved warnings",
                WARNING_COUNT_COLUMNS,
                changed(facts.level_pairs, shown),
                Words("No warning came or went.", "无预警变动。")
                if facts.level_pairs.rows
                else empty,
            ),
        ),
        sources=(facts.level_pairs,),
    )


def firms(facts: GroupFacts) -> Section:
    """The firms that changed most, and the warnings behind."""
    moved = facts.firm_moves
    sources = (facts.firms, facts.grades)
    behind: list[dict[str, Any]] = [
        dict(row) for rows in facts.moved_warnings.values() for row in rows
    ]
    read = facts.moved_states if moved else facts.firms
    empty = Words("No firm changed.", "无企业变动。") if facts.previous else NO_EARLIER
    return Section(
        key="firms",
        title=Words("Firms that changed most", "变动最大的企业"),
        introduction=Words(
            "By status on the watch list, then grade, then the weight of warnings.",
            "依次按关注名单状态、等级、预警权重排序。",
        ),
        tables=(
            Table(
                Words("Firms that changed most", "变动最大的企业"),
                *("Firms moved most", FIRM_COLUMNS, merged(sources, moved[:MOST_FIRMS]), empty),
            ),
            Table(
                Words("All firms that changed", "全部变动企业"),
                *("Firms moved", FIRM_COLUMNS, merged(sources, moved), empty),
                on_page=False,
            ),
            Table(
                Words("Warnings behind the firms that changed most", "变动最大企业的预警变化"),
                "Warnings behind",
                (*ENTERPRISE_COLUMNS[:1], *CHANGED_WARNING_COLUMNS),
                changed(read, behind),
                empty,
                on_page=False,
            ),
        ),
        sources=sources,
    )


def watch_list(facts: GroupFacts) -> Section:
    """Who is on the watch list, since when and why."""
    has_states = any(row["status"] is not None for row in facts.now)
    return Section(
        key="watch-list",
        title=Words("Watch list", "关注名单"),
        introduction=Words(
            "Escalated firms first; those that have left since the date before are at the end.",
            "升级企业在前；自前次以来移出者在末。",
        ),
        tables=(
            Table(
                Words("On the watch list, and who has left it", "在列与移出企业"),
                "Watch list",
                WATCHED_COLUMNS,
                facts.watched,
                NO_LISTED if has_states else NO_WARNINGS,
            ),
        ),
    )
