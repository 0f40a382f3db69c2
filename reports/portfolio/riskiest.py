"""Section: the riskiest enterprises and why they are."""

from __future__ import annotations

from reports.answers import Lake, Question
from reports.kinds import CNY, IDENTITY, INDEX, LONG_TEXT, POINTS, PROBABILITY
from reports.parts import Column, Section, Table, Words
from reports.portfolio.calibration import NO_MODEL

RISKIEST = Question(
    ("marts.portfolio_scores",),
    """
select
    rank() over (order by pd_ratio desc) as risk_rank,
    enterprise_id,
    enterprise_name,
    grade,
    pd_ratio,
    score,
    last_12_months_sale_total_cny,
    slice(filter(reasons, reason -> reason.points < 0), 1, 3) as top_reasons
from marts.portfolio_scores
where as_of_date = :as_of_date
order by
    pd_ratio desc,
    last_12_months_sale_total_cny desc,
    enterprise_id
limit 20
""",
)
REASONS = Question(
    ("marts.portfolio_scores",),
    """
with

riskiest as (
    select
        portfolio_scores.*,
        row_number() over (
            order by
                pd_ratio desc,
                last_12_months_sale_total_cny desc,
                enterprise_id
        ) as place
    from marts.portfolio_scores
    where as_of_date = :as_of_date
),

reasons as (
    select
        place,
        enterprise_id,
        score,
        base_points,
        posexplode(reasons) as (position, reason)
    from riskiest
    where place <= 20
)

select
    place,
    enterprise_id,
    position + 1 as reason_rank,
    reason.feature,
    reason.value,
    reason.bin,
    reason.points,
    base_points,
    score,
    reason.reason_en,
    reason.reason_zh
from reasons
order by place, position
""",
)
COLUMNS = (
    Column("risk_rank", Words("Rank", "排名"), IDENTITY),
    Column("enterprise_id", Words("Enterprise", "企业")),
    Column("enterprise_name", Words("Name", "名称")),
    Column("grade", Words("Grade", "等级")),
    Column("pd_ratio", Words("PD", "违约概率"), PROBABILITY),
    Column("score", Words("Score", "评分"), POINTS),
    Column("last_12_months_sale_total_cny", Words("Sales, last 12 months", "近十二个月销售"), CNY),
    Column(
        "top_reasons", Words("Why: points and reason", "主要原因及分值"), LONG_TEXT, reasons=True
    ),
)
REASON_COLUMNS = (
    Column("place", Words("Place", "序号"), IDENTITY),
    Column("enterprise_id", Words("Enterprise", "企业")),
    Column("reason_rank", Words("Reason", "原因序号"), IDENTITY),
    Column("feature", Words("Feature", "特征")),
    Column("value", Words("Value", "取值"), INDEX),
    Column("bin", Words("Bin", "分箱")),
    Column("points", Words("Points", "分值"), POINTS),
    Column("base_points", Words("Base points", "基础分"), POINTS),
    Column("score", Words("Score", "评分"), POINTS),
    Column("reason_en", Words("Reason", "英文原因"), LONG_TEXT),
    Column("reason_zh", Words("In Chinese", "中文原因"), LONG_TEXT),
)


def build(lake: Lake) -> Section:
    """The twenty highest probabilities of default, each with the reasons that weigh most."""
    return Section(
        key="riskiest",
        title=Words("The riskiest enterprises", "风险最高企业"),
        introduction=Words(
            "Equal probabilities share a rank; the larger seller comes first. Points are against "
            "the portfolio's neutral point: base points plus the points of all features give the "
            "score. The workbook lists every feature of these enterprises.",
            "概率相同者排名相同，销售额大者在前。分值相对组合中性点：基础分加全部特征分值等于评分。"
            "全部特征见工作簿。",
        ),
        tables=(
            Table(
                Words("Twenty highest probabilities of default", "违约概率最高的二十家"),
                *("Riskiest", COLUMNS, lake.ask(RISKIEST), NO_MODEL),
            ),
            Table(
                Words("All reasons of these enterprises", "上述企业全部原因"),
                *("Reasons", REASON_COLUMNS, lake.ask(REASONS), NO_MODEL),
                on_page=False,
            ),
        ),
    )
