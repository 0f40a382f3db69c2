"""Section: where the portfolio leans on few parties."""

from __future__ import annotations

from reports.answers import Lake, Question
from reports.kinds import CNY, COUNT, IDENTITY, INDEX, PROBABILITY, SHARE, coded
from reports.parts import Column, Section, Table, Words

TOP_EXPOSURES = Question(
    ("marts.enterprise_profiles",),
    """
with

profiles as (
    select * from marts.enterprise_profiles
    where as_of_date = :as_of_date
),

ranked as (
    select
        enterprise_id,
        enterprise_name,
        grade,
        pd_ratio,
        last_12_months_sale_total_cny,
        row_number() over largest_first as sales_rank,
        sum(last_12_months_sale_total_cny) over () as portfolio_total_cny,
        sum(last_12_months_sale_total_cny) over largest_first as running_total_cny
    from profiles
    window largest_first as (
        order by last_12_months_sale_total_cny desc, enterprise_id
        rows between unbounded preceding and current row
    )
)

select
    sales_rank,
    enterprise_id,
    enterprise_name,
    grade,
    pd_ratio,
    last_12_months_sale_total_cny,
    cast(
        last_12_months_sale_total_cny / nullif(portfolio_total_cny, 0) as double
    ) as share_ratio,
    cast(running_total_cny / nullif(portfolio_total_cny, 0) as double)
        as running_share_ratio
from ranked
where sales_rank <= 10
order by sales_rank
""",
)
COUNTERPARTIES = Question(
    ("marts.portfolio_concentration",),
    """
select
    direction,
    concentration_rank,
    counterparty_id,
    enterprise_count,
    total_cny,
    share_ratio
from marts.portfolio_concentration
where
    as_of_date = :as_of_date
    and concentration_rank <= 10
order by direction desc, concentration_rank
""",
)
DEPENDENCE = Question(
    ("marts.chain_counterparty_concentration",),
    """
select
    direction,
    count(*) as enterprise_count,
    percentile(counterparty_count, 0.5) as median_counterparty_count,
    percentile(top_1_share_ratio, 0.5) as median_top_1_share_ratio,
    percentile(top_5_share_ratio, 0.5) as median_top_5_share_ratio,
    percentile(herfindahl_index, 0.5) as median_herfindahl_index,
    count_if(top_1_share_ratio > 0.5) as dependent_enterprise_count,
    count_if(top_1_share_ratio > 0.5) / count(*) as dependent_share_ratio
from marts.chain_counterparty_concentration
where as_of_date = :as_of_date
group by direction
order by direction desc
""",
)
LINKS = Question(
    ("marts.chain_shared_counterparties", "marts.enterprise_profiles"),
    """
with

profiles as (
    select * from marts.enterprise_profiles
    where as_of_date = :as_of_date
)

select
    links.enterprise_id,
    first_profiles.grade as grade,
    links.linked_enterprise_id,
    second_profiles.grade as linked_grade,
    links.direction,
    links.shared_counterparty_count,
    links.shared_total_cny
from marts.chain_shared_counterparties as links
left join profiles as first_profiles
    on links.enterprise_id = first_profiles.enterprise_id
left join profiles as second_profiles
    on links.linked_enterprise_id = second_profiles.enterprise_id
where links.as_of_date = :as_of_date
order by
    links.shared_total_cny desc,
    links.enterprise_id,
    links.linked_enterprise_id,
    links.direction
limit 15
""",
)
DIRECTION = coded({"sale": "sales to 销售", "purchase": "purchases from 采购"}, width=20)

EXPOSURE_COLUMNS = (
    Column("sales_rank", Words("Rank", "排名"), IDENTITY),
    Column("enterprise_id", Words("Enterprise", "企业")),
    Column("enterprise_name", Words("Name", "名称")),
    Column("grade", Words("Grade", "等级")),
    Column("pd_ratio", Words("PD", "违约概率"), PROBABILITY),
    Column("last_12_months_sale_total_cny", Words("Sales, last 12 months", "近十二个月销售"), CNY),
    Column("share_ratio", Words("Share of portfolio", "占组合比"), SHARE, bar=True),
    Column("running_share_ratio", Words("Running share", "累计占比"), SHARE),
)
COUNTERPARTY_COLUMNS = (
    Column("direction", Words("Direction", "方向"), DIRECTION),
    Column("concentration_rank", Words("Rank", "排名"), IDENTITY),
    Column("counterparty_id", Words("Counterparty", "交易对手")),
    Column("enterprise_count", Words("Enterprises that trade with it", "交易企业数"), COUNT),
    Column("total_cny", Words("Total", "金额"), CNY),
    Column("share_ratio", Words("Share of portfolio", "占组合比"), SHARE, bar=True),
)
DEPENDENCE_COLUMNS = (
    Column("direction", Words("Direction", "方向"), DIRECTION),
    Column("enterprise_count", Words("Enterprises", "企业数"), COUNT),
    Column("median_counterparty_count", Words("Counterparties, median", "对手数中位数"), COUNT),
    Column("median_top_1_share_ratio", Words("Largest one, median", "第一大占比中位数"), SHARE),
    Column("median_top_5_share_ratio", Words("Largest five, median", "前五大占比中位数"), SHARE),
    Column(
        "median_herfindahl_index", Words("Herfindahl index, median", "赫芬达尔指数中位数"), INDEX
    ),
    Column("dependent_enterprise_count", Words("Over half with one party", "过半依赖一家"), COUNT),
    Column("dependent_share_ratio", Words("Share of them", "其占比"), SHARE),
)
LINK_COLUMNS = (
    Column("enterprise_id", Words("Enterprise", "企业")),
    Column("grade", Words("Grade", "等级")),
    Column("linked_enterprise_id", Words("Linked enterprise", "关联企业")),
    Column("linked_grade", Words("Its grade", "其等级")),
    Column("direction", Words("Through", "经由"), DIRECTION),
    Column("shared_counterparty_count", Words("Shared counterparties", "共同对手数"), COUNT),
    Column("shared_total_cny", Words("Shared total", "共同金额"), CNY),
)
NO_ROWS = Words("The marts hold no such rows for this date.", "该日集市无此数据。")


def build(lake: Lake) -> Section:
    """Largest enterprises, counterparties of many, dependence on one, links between firms."""
    return Section(
        key="concentration",
        title=Words("Concentration", "集中度"),
        introduction=Words(
            "Who the portfolio leans on. Sales stand for exposure until limits are known. A shared "
            "total adds the smaller of two firms' totals over the counterparties that they share.",
            "组合依赖于谁。在有授信额度之前以销售额代表敞口。共同金额为各共同对手处两家较小金额之和。",
        ),
        tables=(
            Table(
                Words("Largest enterprises by sales", "销售额最大企业"),
                *("Largest enterprises", EXPOSURE_COLUMNS, lake.ask(TOP_EXPOSURES), NO_ROWS),
            ),
            counterparties(lake),
            dependence(lake),
            Table(
                Words("Strongest links through shared counterparties", "共同对手关联最强企业对"),
                *("Links", LINK_COLUMNS, lake.ask(LINKS), NO_ROWS),
            ),
        ),
    )


def counterparties(lake: Lake) -> Table:
    """The largest counterparties of all enterprises together."""
    return Table(
        Words("Largest counterparties of the portfolio", "组合最大交易对手"),
        *("Counterparties", COUNTERPARTY_COLUMNS, lake.ask(COUNTERPARTIES), NO_ROWS),
    )


def dependence(lake: Lake) -> Table:
    """How far enterprises depend on one counterparty."""
    return Table(
        Words("How far enterprises depend on one counterparty", "对单一对手的依赖"),
        *("Dependence", DEPENDENCE_COLUMNS, lake.ask(DEPENDENCE), NO_ROWS),
    )
