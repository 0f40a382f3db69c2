"""Section: the portfolio in figures."""

from __future__ import annotations

from reports.answers import Answer, Lake, Question
from reports.charts import month_chart
from reports.kinds import (
    CENTS,
    CNY,
    COUNT,
    DATE,
    EXPECTED,
    MISSING,
    PROBABILITY,
    SHARE,
    in_short,
    number,
)
from reports.parts import Chart, Column, Figure, Section, Table, Words

PROFILES = Question(
    ("marts.enterprise_profiles",),
    """
select
    count(*) as enterprise_count,
    count(pd_ratio) as scored_count,
    round(avg(pd_ratio), 12) as mean_pd_ratio,
    round(sum(pd_ratio), 9) as expected_default_count,
    sum(last_12_months_sale_total_cny) as last_12_months_sale_total_cny,
    sum(last_12_months_purchase_total_cny)
        as last_12_months_purchase_total_cny,
    max(last_invoice_date) as last_invoice_date
from marts.enterprise_profiles
where as_of_date = :as_of_date
""",
)
WORST_GRADES = Question(
    ("marts.portfolio_grade_distribution",),
    """
with

grades as (
    select * from marts.portfolio_grade_distribution
    where as_of_date = :as_of_date
),

ranked as (
    select
        grades.*,
        max(grade_position) over () as last_position
    from grades
)

select
    array_join(array_sort(array_agg(grade)), ', ') as worst_grades,
    sum(enterprise_count) as enterprise_count,
    round(sum(enterprise_share_ratio), 12) as enterprise_share_ratio
from ranked
where grade_position >= last_position - 1
""",
)
MONTHLY_TRADE = Question(
    ("marts.enterprise_monthly_trade",),
    """
select
    month_start_date,
    sum(case when direction = 'sale' then total_cny else 0 end)
        as sale_total_cny,
    sum(case when direction = 'purchase' then total_cny else 0 end)
        as purchase_total_cny,
    count_if(direction = 'sale' and valid_invoice_count > 0)
        as selling_enterprise_count,
    count_if(direction = 'purchase' and valid_invoice_count > 0)
        as purchasing_enterprise_count
from marts.enterprise_monthly_trade
where as_of_date = :as_of_date
group by month_start_date
order by month_start_date
""",
)

PROFILE_COLUMNS = (
    Column("enterprise_count", Words("Enterprises", "企业数"), COUNT),
    Column("scored_count", Words("Scored", "已评分"), COUNT),
    Column("mean_pd_ratio", Words("Mean PD", "平均违约概率"), PROBABILITY),
    Column("expected_default_count", Words("Expected defaults", "预期违约户数"), EXPECTED),
    Column("last_12_months_sale_total_cny", Words("Sales, last 12 months", "近十二个月销售"), CNY),
    Column(
        "last_12_months_purchase_total_cny",
        Words("Purchases, last 12 months", "近十二个月采购"),
        CNY,
    ),
    Column("last_invoice_date", Words("Last invoice", "最近开票日"), DATE),
)
TRADE_COLUMNS = (
    Column("month_start_date", Words("Month from", "月初"), DATE),
    Column("sale_total_cny", Words("Sales", "销售"), CENTS),
    Column("purchase_total_cny", Words("Purchases", "采购"), CENTS),
    Column("selling_enterprise_count", Words("Enterprises that sold", "有销售企业数"), COUNT),
    Column("purchasing_enterprise_count", Words("that purchased", "有采购企业数"), COUNT),
)
NO_ROWS = Words("The marts hold no enterprise for this date.", "该日集市无企业。")


def build(lake: Lake) -> Section:
    """The figures that a reader looks for first, and the course of trade."""
    profiles, worst = lake.ask(PROFILES), lake.ask(WORST_GRADES)
    trade = lake.ask(MONTHLY_TRADE)
    return Section(
        key="headline",
        title=Words("The portfolio", "组合概览"),
        introduction=Words(
            "Only what was known by the end of the date counts. Totals are of valid invoices, "
            "tax included; red-letter invoices reduce them.",
            "仅计入截至该日已知的信息。金额为有效发票价税合计，负数发票已冲减。",
        ),
        figures=_figures(profiles, worst),
        charts=_charts(trade),
        tables=(
            Table(
                Words("The portfolio in figures", "组合概览"),
                *("Portfolio", PROFILE_COLUMNS, profiles, NO_ROWS),
                on_page=False,
            ),
            Table(
                Words("Invoiced totals by month", "按月开票金额"),
                *("Monthly trade", TRADE_COLUMNS, trade, NO_ROWS),
                on_page=False,
            ),
        ),
        sources=(profiles, worst, trade),
    )


def _figures(profiles: Answer, worst: Answer) -> tuple[Figure, ...]:
    found = profiles.first
    expected = found.get("expected_default_count")
    share = worst.first.get("enterprise_share_ratio")
    remark = ""
    if share is not None:
        count = number(worst.first["enterprise_count"])
        remark = f"{count} enterprises in {worst.first['worst_grades']}"
    return (
        Figure(Words("Enterprises", "企业数"), number(found.get("enterprise_count") or 0)),
        Figure(Words("Scored", "已评分"), number(found.get("scored_count") or 0)),
        Figure(
            Words("Mean probability of default", "平均违约概率"),
            _percent(PROBABILITY.text(found.get("mean_pd_ratio"))),
        ),
        Figure(
            Words("Expected defaults", "预期违约户数"),
            EXPECTED.text(expected),
            "sum of the probabilities 概率之和" if expected is not None else "",
        ),
        Figure(
            Words("In the two worst grades", "最差两级占比"), _percent(SHARE.text(share)), remark
        ),
        Figure(
            Words("Sales, last 12 months", "近十二个月销售"),
            in_short(found.get("last_12_months_sale_total_cny") or 0),
            "CNY 元",
        ),
        Figure(
            Words("Purchases, last 12 months", "近十二个月采购"),
            in_short(found.get("last_12_months_purchase_total_cny") or 0),
            "CNY 元",
        ),
        Figure(Words("Last invoice", "最近开票日"), DATE.text(found.get("last_invoice_date"))),
    )


def _percent(text: str) -> str:
    return text if text == MISSING else f"{text} %"


def _charts(trade: Answer) -> tuple[Chart, ...]:
    if not trade.rows:
        return ()
    months = [row["month_start_date"] for row in trade.rows]

    def lines(sales: str, purchases: str, scale: float) -> dict[str, list[float]]:
        return {
            "sales 销售": [float(row[sales]) / scale for row in trade.rows],
            "purchases 采购": [float(row[purchases]) / scale for row in trade.rows],
        }

    totals = lines("sale_total_cny", "purchase_total_cny", 1e6)
    counts = lines("selling_enterprise_count", "purchasing_enterprise_count", 1)
    return (
        Chart(
            Words("Invoiced totals by month", "按月开票金额"),
            month_chart("CNY million a month 百万元/月", months, totals),
        ),
        Chart(
            Words("Enterprises with valid invoices by month", "每月有有效发票的企业数"),
            month_chart("enterprises 企业数", months, counts),
        ),
    )
