"""The report of the whole ecosystem as of a date: chains, trades, concentration, what changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from reports.answers import Answer, Lake, Question
from reports.change_charts import shift_chart
from reports.changes import Measure, compare, difference, direction, moves, of_date
from reports.comparisons import MEASURE_COLUMNS, NO_EARLIER, NO_WARNINGS, STATUS, changed
from reports.group import sections
from reports.group.facts import GroupFacts
from reports.group.questions import OF_ALL
from reports.kinds import CHANGE_COUNT, CNY, COUNT, LONG_TEXT, MEASURED, SHARE, plain_text
from reports.notices import merged
from reports.parts import Chart, Column, Notice, Section, Table, Words
from reports.portfolio.concentration import counterparties, dependence
from reports.report import Report
from reports.sentences import measure_sentences
from reports.sources import sources_section
from reports.trades import TradeNames, named

TITLE = Words("Ecosystem report", "生态报告")
NAME = "ecosystem-report"
MOST_CHAINS = 20
CHAINS = Question(
    ("marts.chain_watch", "marts.enterprise_profiles"),
    """
select
    chains.*,
    profiles.enterprise_name as core_name,
    profiles.grade as core_grade,
    chains.watched_supplier_count + chains.escalated_supplier_count
        as listed_supplier_count
from marts.chain_watch as chains
left join marts.enterprise_profiles as profiles
    on
        chains.core_enterprise_id = profiles.enterprise_id
        and chains.as_of_date = profiles.as_of_date
where chains.as_of_date in (:as_of_date, :previous_date)
order by chains.as_of_date, chains.core_enterprise_id
""",
)
MEMBERS = Question(
    ("marts.chain_suppliers", "marts.portfolio_watch_list"),
    """
select
    suppliers.core_enterprise_id,
    suppliers.supplier_enterprise_id,
    listed.enterprise_name,
    listed.trade,
    listed.grade,
    suppliers.previous_status,
    suppliers.status,
    suppliers.weight_points,
    suppliers.total_cny,
    transform(
        slice(listed.reasons, 1, 2),
        reason -> struct(
            reason.weight_points as points,
            reason.says_en as reason_en,
            reason.says_zh as reason_zh
        )
    ) as reasons
from marts.chain_suppliers as suppliers
inner join marts.portfolio_watch_list as listed
    on
        suppliers.supplier_enterprise_id = listed.enterprise_id
        and suppliers.as_of_date = listed.as_of_date
where suppliers.as_of_date = :as_of_date
order by
    suppliers.core_enterprise_id,
    array_position(array('escalated', 'watch', 'none'), suppliers.status),
    suppliers.total_cny desc,
    suppliers.supplier_enterprise_id
""",
)
TRADES = Question(
    ("marts.trade_watch",),
    """
select
    *,
    watched_count + escalated_count as listed_count
from marts.trade_watch
where as_of_date in (:as_of_date, :previous_date)
order by as_of_date, trade
""",
)
DEPENDENCE = Question(
    ("marts.chain_counterparty_concentration",),
    """
select
    as_of_date,
    percentile(top_1_share_ratio, 0.5) filter (where direction = 'sale')
        as top_customer_share_ratio,
    percentile(top_1_share_ratio, 0.5) filter (where direction = 'purchase')
        as top_supplier_share_ratio,
    count_if(direction = 'sale' and top_1_share_ratio > 0.5)
        as one_customer_count,
    count_if(direction = 'purchase' and top_1_share_ratio > 0.5)
        as one_supplier_count
from marts.chain_counterparty_concentration
where as_of_date in (:as_of_date, :previous_date)
group by as_of_date
order by as_of_date
""",
)
MEASURES = (
    Measure(
        "top_customer_share_ratio",
        Words("Largest customer's share, median", "最大客户占比中位数"),
        "%",
        "low",
        100,
    ),
    Measure(
        "top_supplier_share_ratio",
        Words("Largest supplier's share, median", "最大供应商占比中位数"),
        "%",
        "low",
        100,
    ),
    Measure(
        "one_customer_count",
        Words("Firms with over half of sales to one customer", "过半销售依赖单一客户的企业"),
        "",
        "low",
    ),
    Measure(
        "one_supplier_count",
        Words(
            "Firms with over half of purchases from one supplier", "过半采购依赖单一供应商的企业"
        ),
        "",
        "low",
    ),
)
CHAIN_COLUMNS = (
    Column("core_enterprise_id", Words("Core enterprise", "核心企业")),
    Column("core_name", Words("Name", "名称")),
    Column("core_grade", Words("Grade", "等级")),
    Column("core_status", Words("Its own status", "自身状态"), STATUS),
    Column("supplier_count", Words("Suppliers", "供应商"), COUNT),
    Column("before", Words("On the list before", "前次在列"), COUNT),
    Column("now", Words("On the list now", "本次在列"), COUNT, bar=True),
    Column("change", Words("Change", "变动"), CHANGE_COUNT),
    Column("escalated_supplier_count", Words("Escalated", "升级"), COUNT),
    Column("supplied_total_cny", Words("Supplied", "供货额"), CNY),
    Column("listed_share_ratio", Words("By those on the list", "在列占比"), SHARE),
    Column(
        "mean_supplier_weight_points", Words("Mean weight of warnings", "平均预警权重"), MEASURED
    ),
)
MEMBER_COLUMNS = (
    Column("core_enterprise_id", Words("Core enterprise", "核心企业")),
    Column("supplier_enterprise_id", Words("Supplier", "供应商")),
    Column("enterprise_name", Words("Name", "名称")),
    Column("trade", Words("Trade", "行业")),
    Column("grade", Words("Grade", "等级")),
    Column("previous_status", Words("Status before", "前次状态"), STATUS),
    Column("status", Words("Status now", "本次状态"), STATUS),
    Column("weight_points", Words("Weight of warnings", "预警权重"), MEASURED),
    Column("total_cny", Words("Supplied", "供货额"), CNY),
    Column("reasons", Words("Why: weight and warning", "主要预警及权重"), LONG_TEXT, reasons=True),
)
TRADE_COLUMNS = (
    Column("name_en", Words("Trade (GB/T 4754)", "行业大类（英文）")),
    Column("name_zh", Words("In Chinese", "中文")),
    Column("enterprise_count", Words("Firms", "企业数"), COUNT),
    Column("before", Words("On the list before", "前次在列"), COUNT),
    Column("now", Words("On the list now", "本次在列"), COUNT, bar=True),
    Column("change", Words("Change", "变动"), CHANGE_COUNT),
    Column("escalated_count", Words("Escalated", "升级"), COUNT),
    Column("mean_weight_points", Words("Mean weight of warnings", "平均预警权重"), MEASURED),
)
NO_CHAINS = Words(
    "No enterprise of the lake is supplied by at least five others of it.",
    "湖内没有由至少五家湖内企业供货的核心企业。",
)


def build_report(lake: Lake, generated_at: datetime, names: TradeNames) -> Report:
    """Read the lake and put the report of the whole ecosystem together."""
    facts = GroupFacts(lake, OF_ALL)
    chains, trades, shares = lake.ask(CHAINS), lake.ask(TRADES), lake.ask(DEPENDENCE)
    chain_rows = _then_and_now(facts, chains, "core_enterprise_id", "listed_supplier_count")
    before, now = of_date(shares.rows, facts.previous), of_date(shares.rows, lake.as_of_date)
    share_rows = compare(MEASURES, before[0] if before else {}, now[0] if now else {})
    further = [
        *chain_sentences(chain_rows),
        *measure_sentences(share_rows, "marts.chain_counterparty_concentration"),
    ]
    parts = (
        sections.what_changed(facts, further, sources=(chains, shares)),
        _chains(lake, chains, chain_rows),
        _trades(facts, trades, names),
        sections.warnings(facts),
        sections.firms(facts),
        sections.watch_list(facts),
        sections.grades(facts),
        _concentration(lake, shares, share_rows),
        sources_section(lake),
    )
    return Report(TITLE, "", NAME, lake.as_of_date, generated_at, parts)


def _then_and_now(
    facts: GroupFacts, answer: Answer, key: str, value: str
) -> tuple[dict[str, Any], ...]:
    before = of_date(answer.rows, facts.previous)
    return moves(before, of_date(answer.rows, facts.lake.as_of_date), key, value)


def chain_sentences(rows: Sequence[dict[str, Any]], most: int = 3) -> list[Notice]:
    """The chains in which more or fewer suppliers are on the watch list."""
    notices = []
    for row in islice((row for row in rows if row["change"]), most):
        core = plain_text(f"{row['core_enterprise_id']} {row['core_name'] or ''}".strip())
        counts = f"{COUNT.text(row['before'])} → {COUNT.text(row['now'])}"
        share = f"{SHARE.text(row['listed_share_ratio'])} %"
        notices.append(
            Notice(
                direction(difference(row["before"], row["now"]), "low"),
                Words(
                    f"Chain of {core}: suppliers on the watch list {counts}; they supply {share}.",
                    f"{core} 链：在列供应商 {counts}，供货占比 {share}。",
                ),
                "marts.chain_watch",
            )
        )
    return notices


def _chains(lake: Lake, chains: Answer, rows: tuple[dict[str, Any], ...]) -> Section:
    charts: tuple[Chart, ...] = ()
    heavy = sorted(rows, key=lambda row: (-row["now"], row["core_enterprise_id"]))[:MOST_CHAINS]
    if heavy:
        labels = [plain_text(row["core_enterprise_id"], 24) for row in heavy]
        before, now = ([row[name] for row in heavy] for name in ("before", "now"))
        title = Words("Suppliers on the watch list, by chain", "各链在列供应商数")
        charts = (Chart(title, shift_chart("suppliers 供应商", labels, before, now)),)
    return Section(
        key="chains",
        title=Words("Core enterprises and their chains", "核心企业及其供应链"),
        introduction=Words(
            "A core enterprise is one that at least five firms of the lake supply, by valid "
            "invoices of either side.",
            "核心企业指由至少五家湖内企业供货者（以任一方有效发票为准）。",
        ),
        charts=charts,
        tables=(
            Table(
                Words("Chains, the largest change first", "供应链，变动最大者在前"),
                *("Chains", CHAIN_COLUMNS, changed(chains, rows), NO_CHAINS),
            ),
            Table(
                Words("Suppliers on the watch list, by chain", "各链在列供应商"),
                *("Chain members", MEMBER_COLUMNS, lake.ask(MEMBERS)),
                Words("No supplier of a chain is on the watch list.", "链内无在列供应商。")
                if rows
                else NO_CHAINS,
            ),
        ),
        sources=(chains,),
    )


def _trades(facts: GroupFacts, trades: Answer, names: TradeNames) -> Section:
    rows = tuple(
        {**row, "name_en": words.english, "name_zh": words.chinese}
        for row in _then_and_now(facts, trades, "trade", "listed_count")
        for words in (named(str(row["trade"]), names),)
    )
    charts: tuple[Chart, ...] = ()
    if rows:
        by_name = sorted(rows, key=lambda row: str(row["trade"]))
        labels = [f"{row['name_en']} {row['name_zh']}" for row in by_name]
        before, now = ([row[name] for row in by_name] for name in ("before", "now"))
        title = Words("Firms on the watch list, by trade", "各行业在列企业数")
        charts = (Chart(title, shift_chart("firms 企业", labels, before, now)),)
    return Section(
        key="trades",
        title=Words("Trades", "行业"),
        introduction=Words(
            "Divisions of GB/T 4754. Each has a report of its own in the folder trades.",
            "按 GB/T 4754 大类。各行业报告见 trades 文件夹。",
        ),
        charts=charts,
        tables=(
            Table(
                Words("Watch list by trade, the largest change first", "各行业关注名单"),
                *("Trades", TRADE_COLUMNS, changed(trades, rows), NO_WARNINGS),
            ),
        ),
        sources=(trades,),
    )


def _concentration(lake: Lake, shares: Answer, rows: tuple[dict[str, Any], ...]) -> Section:
    return Section(
        key="concentration",
        title=Words("Concentration", "集中度"),
        introduction=Words(
            "How far firms depend on one customer or supplier, and on whom most of them do.",
            "企业对单一客户或供应商的依赖，以及共同依赖的对手。",
        ),
        tables=(
            Table(
                Words("Dependence then and now", "依赖程度前后对比"),
                *("Dependence then", MEASURE_COLUMNS, merged((shares,), rows), NO_EARLIER),
            ),
            counterparties(lake),
            dependence(lake),
        ),
        sources=(shares,),
    )
