"""Sections of the enterprise report: where it stands, what changed and why, and who it is."""

from __future__ import annotations

from reports.change_charts import steps_chart
from reports.changes import compare
from reports.comparisons import (
    CHANGED_WARNING_COLUMNS,
    NO_EARLIER,
    STATUS,
    STEP_COLUMNS,
    changed,
    then_and_now,
)
from reports.enterprise.facts import MEASURES, Facts
from reports.kinds import (
    CNY,
    COUNT,
    DATE,
    MEASURED,
    MISSING,
    POINTS,
    PROBABILITY,
    SHARE,
    in_short,
    plain_text,
)
from reports.notices import notice_table
from reports.parts import Chart, Column, Figure, Section, Table, Words
from reports.sentences import (
    dimension_sentences,
    measure_sentences,
    nothing_changed,
    score_sentences,
    status_sentences,
    warning_sentences,
    worst_first,
)
from reports.trades import TradeNames, named

MOST_STEPS = 8
PROFILE_COLUMNS = (
    Column("as_of_date", Words("As of", "截至"), DATE),
    Column("enterprise_id", Words("Enterprise", "企业")),
    Column("enterprise_name", Words("Name", "名称")),
    Column("grade", Words("Grade", "等级")),
    Column("meaning_en", Words("Meaning", "英文含义")),
    Column("meaning_zh", Words("In Chinese", "中文含义")),
    Column("pd_ratio", Words("PD", "违约概率"), PROBABILITY),
    Column("score", Words("Score", "评分"), POINTS),
    Column("last_12_months_sale_total_cny", Words("Sales, last 12 months", "近十二个月销售"), CNY),
    Column(
        "last_12_months_purchase_total_cny",
        Words("Purchases, last 12 months", "近十二个月采购"),
        CNY,
    ),
    Column("customer_count", Words("Customers", "客户数"), COUNT),
    Column("supplier_count", Words("Suppliers", "供应商数"), COUNT),
    Column("top_customer_share_ratio", Words("Largest customer", "最大客户占比"), SHARE),
    Column("top_supplier_share_ratio", Words("Largest supplier", "最大供应商占比"), SHARE),
    Column("first_invoice_date", Words("First invoice", "首张发票"), DATE),
    Column("last_invoice_date", Words("Last invoice", "最近发票"), DATE),
)
WATCH_COLUMNS = (
    Column("as_of_date", Words("As of", "截至"), DATE),
    Column("trade", Words("Trade (GB/T 4754)", "行业大类")),
    Column("status", Words("Status", "状态"), STATUS),
    Column("status_since_date", Words("Since", "起始日"), DATE),
    Column("weight_points", Words("Weight of warnings", "预警权重"), MEASURED),
    Column("red_count", Words("Red", "红色"), COUNT),
    Column("amber_count", Words("Amber", "黄色"), COUNT),
    Column("said_count", Words("Indicators with data", "有数据的指标"), COUNT),
)
CODE_COLUMNS = (
    Column("code_system", Words("System", "系统")),
    Column("party_code", Words("Code", "代码")),
    Column("party_name", Words("Name there", "系统内名称")),
    Column("link_method", Words("Linked by", "关联方式")),
    Column("link_probability", Words("Probability", "概率"), SHARE),
)
NO_STATUS = Words(
    "It has no status as of this date: it has no features of the families.",
    "该日无关注名单状态：无可用特征。",
)


def who(facts: Facts) -> Section:
    """Profile, status on both dates, and its codes in every system."""
    return Section(
        key="who",
        title=Words("Who it is", "企业概况"),
        introduction=Words(
            "What the marts know of it by the end of the date; the workbook has its whole profile.",
            "集市截至日终所知信息；完整概况见工作簿。",
        ),
        tables=(
            Table(
                Words("Profile", "企业概况"),
                *("Profile", PROFILE_COLUMNS, facts.profile, NO_STATUS),
                on_page=False,
            ),
            Table(
                Words("Status on the watch list", "关注名单状态"),
                *("Status", WATCH_COLUMNS, facts.watch, NO_STATUS),
                on_page=False,
            ),
            Table(
                Words("Under which codes and names it is known", "在各系统中的代码与名称"),
                *("Codes", CODE_COLUMNS, facts.codes),
                Words("No system links a code to it.", "没有系统代码与其关联。"),
            ),
        ),
        sources=(facts.profile, facts.watch),
    )


def _figures(facts: Facts, names: TradeNames) -> tuple[Figure, ...]:
    now, before = facts.merged_now, facts.merged_before or {}

    def was(text: str) -> str:
        return f"before 前次 {text}" if text != MISSING else ""

    def percent(row: dict[str, object], name: str) -> str:
        text = PROBABILITY.text(row.get(name))  # type: ignore[arg-type]
        return text if text == MISSING else f"{text} %"

    meaning = f"{now.get('meaning_en') or ''} {now.get('meaning_zh') or ''}".strip()
    grade = plain_text(now.get("grade") or MISSING)
    trade = named(now.get("trade") or "unknown", names)
    since = f"since 自 {now['status_since_date']}" if now.get("status_since_date") else ""
    sales = now.get("last_12_months_sale_total_cny")
    sales_before = before.get("last_12_months_sale_total_cny")
    return (
        Figure(
            Words("Grade", "等级"),
            grade,
            " · ".join(part for part in (was(before.get("grade") or MISSING), meaning) if part),
        ),
        Figure(
            Words("Probability of default", "违约概率"),
            percent(dict(now), "pd_ratio"),
            was(percent(dict(before), "pd_ratio")),
        ),
        Figure(
            Words("Credit score", "信用评分"),
            POINTS.text(now.get("score")),
            was(POINTS.text(before.get("score"))),
        ),
        Figure(Words("Watch list", "关注名单"), STATUS.text(now.get("status")), since),
        Figure(
            Words("Red and amber warnings", "红色与黄色预警"),
            f"{COUNT.text(now.get('red_count'))} + {COUNT.text(now.get('amber_count'))}",
            was(f"{COUNT.text(before['red_count'])} + {COUNT.text(before['amber_count'])}")
            if "red_count" in before
            else "",
        ),
        Figure(Words("Trade (GB/T 4754)", "行业大类"), trade.english, trade.chinese),
        Figure(
            Words("Sales, last 12 months", "近十二个月销售"),
            MISSING if sales is None else in_short(sales),
            "CNY 元" + ("" if sales_before is None else f", {was(in_short(sales_before))}"),
        ),
        Figure(
            Words("Last invoice", "最近发票"),
            DATE.text(now.get("last_invoice_date")),
        ),
    )


def what_changed(facts: Facts, names: TradeNames) -> Section:
    """What changed since the date before, with the features behind each change."""
    if facts.previous is None:
        sentences = []
    else:
        sentences = [
            *status_sentences(*facts.pair(facts.watch)),
            *score_sentences(*facts.pair(facts.scores), facts.steps),
            *measure_sentences(_told_measures(facts), "marts.enterprise_profiles"),
            *warning_sentences(facts.warning_changes),
            *dimension_sentences(facts.dimension_moves, facts.inputs),
        ]
    notices, nothing = worst_first(sentences), nothing_changed(facts.previous)
    sources = (facts.scores, facts.watch, facts.states, facts.dimensions, facts.features)
    until = facts.previous or MISSING
    return Section(
        key="changes",
        title=Words("What changed, and why", "变化及原因"),
        introduction=Words(
            f"Since {until}. What got worse comes first, each with what is behind it.",
            f"与 {until} 相比；变差者在前，并附原因。",
        ),
        figures=_figures(facts, names),
        notices=notices,
        nothing=nothing,
        charts=_charts(facts),
        tables=(
            notice_table(Words("What changed", "变化"), "Changes", notices, sources, nothing),
            then_and_now(
                MEASURES, facts.merged_before, facts.merged_now, (facts.profile, facts.watch)
            ),
            Table(
                Words("What moved the score", "评分变动来源"),
                *("Score steps", STEP_COLUMNS, changed(facts.scores, facts.steps)),
                Words("No feature gave other points than before.", "各特征分值与前次相同。")
                if facts.previous
                else NO_EARLIER,
            ),
            Table(
                Words("Warnings that changed", "变动的预警"),
                "Changed warnings",
                CHANGED_WARNING_COLUMNS,
                changed(facts.states, facts.warning_changes),
                Words("No warning changed.", "预警无变动。") if facts.previous else NO_EARLIER,
            ),
        ),
        sources=sources,
    )


def _told_measures(facts: Facts) -> tuple[dict[str, object], ...]:
    """What no other sentence tells: sales, and of how many indicators anything is known."""
    told = [one for one in MEASURES if one.name in ("last_12_months_sale_total_cny", "said_count")]
    return compare(told, facts.merged_before or {}, facts.merged_now)


def _charts(facts: Facts) -> tuple[Chart, ...]:
    steps = facts.steps[:MOST_STEPS]
    if not steps:
        return ()
    labels = [f"{plain_text(step['feature'])}" for step in steps]
    return (
        Chart(
            Words("Points of score gained and lost, by feature", "各特征评分增减"),
            steps_chart("points 分", labels, [step["points_change"] for step in steps]),
        ),
    )
