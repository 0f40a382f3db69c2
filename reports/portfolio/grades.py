"""Section: how the enterprises spread over the grades."""

from __future__ import annotations

from reports.answers import Answer, Lake, Question
from reports.charts import grade_chart
from reports.kinds import CNY, COUNT, PROBABILITY, SHARE
from reports.parts import Chart, Column, Section, Table, Words

GRADES = Question(
    ("marts.portfolio_grade_distribution", "scores.master_scale"),
    """
select
    grades.grade,
    scale.meaning_en,
    scale.meaning_zh,
    scale.pd_up_to_ratio,
    grades.enterprise_count,
    grades.enterprise_share_ratio,
    grades.mean_pd_ratio,
    grades.last_12_months_sale_total_cny,
    grades.outcome_known_count,
    grades.default_count,
    grades.default_count / nullif(grades.outcome_known_count, 0)
        as observed_default_ratio
from marts.portfolio_grade_distribution as grades
left join scores.master_scale as scale
    on grades.grade = scale.grade
where grades.as_of_date = :as_of_date
order by grades.grade_position
""",
)
COLUMNS = (
    Column("grade", Words("Grade", "等级")),
    Column("pd_up_to_ratio", Words("PD up to", "概率至"), PROBABILITY),
    Column("enterprise_count", Words("Enterprises", "企业数"), COUNT),
    Column("enterprise_share_ratio", Words("Share", "占比"), SHARE, bar=True),
    Column("mean_pd_ratio", Words("Mean PD", "平均违约概率"), PROBABILITY),
    Column("last_12_months_sale_total_cny", Words("Sales, last 12 months", "近十二个月销售"), CNY),
    Column("outcome_known_count", Words("Outcomes known", "已知结果户数"), COUNT),
    Column("default_count", Words("Defaults", "违约户数"), COUNT),
    Column("observed_default_ratio", Words("Default rate", "违约率"), SHARE),
    Column("meaning_en", Words("Meaning", "英文含义")),
    Column("meaning_zh", Words("In Chinese", "中文含义")),
)


def build(lake: Lake) -> Section:
    """Chart and table of the grades of the master scale, grades without enterprises included."""
    answer = lake.ask(GRADES)
    return Section(
        key="grades",
        title=Words("Grades", "等级分布"),
        introduction=Words(
            "A grade is a range of the probability of default (PD). Outcomes are those known by "
            "the date; the model was trained on them, so they do not test it.",
            "等级按违约概率（PD）区间划分。已知结果曾用于训练，不能视为检验。",
        ),
        charts=_charts(answer),
        tables=(
            Table(
                title=Words("Grade distribution", "等级分布表"),
                sheet="Grades",
                columns=COLUMNS,
                answer=answer,
                empty=Words("No enterprise was graded on this date.", "该日无评级结果。"),
            ),
        ),
    )


def _charts(answer: Answer) -> tuple[Chart, ...]:
    if not any(row["enterprise_count"] for row in answer.rows):
        return ()
    grades = [str(row["grade"]) for row in answer.rows]
    worst = frozenset(grades[-2:])
    counts = [float(row["enterprise_count"]) for row in answer.rows]
    sales = [float(row["last_12_months_sale_total_cny"]) / 1e6 for row in answer.rows]
    return (
        Chart(
            Words("Enterprises by grade", "各等级企业数"),
            grade_chart("enterprises 企业数", grades, counts, worst),
        ),
        Chart(
            Words("Sales of the last 12 months by grade", "各等级近十二个月销售"),
            grade_chart("CNY million 百万元", grades, sales, worst),
        ),
    )
