"""Section: what changed since the previous as-of date that the marts hold."""

from __future__ import annotations

from typing import Any

from reports.answers import Answer, Lake, Question
from reports.kinds import (
    CHANGE_COUNT,
    CHANGE_PROBABILITY,
    CNY,
    COUNT,
    DATE,
    EXPECTED,
    PROBABILITY,
    TEXT,
    signed,
)
from reports.parts import Column, Figure, Section, Table, Words

TWO_DATES = Question(
    ("marts.enterprise_profiles",),
    """
with

previous as (
    select max(as_of_date) as as_of_date from marts.enterprise_profiles
    where as_of_date < :as_of_date
)

select
    profiles.as_of_date,
    count(*) as enterprise_count,
    count(profiles.pd_ratio) as scored_count,
    round(avg(profiles.pd_ratio), 12) as mean_pd_ratio,
    round(sum(profiles.pd_ratio), 9) as expected_default_count,
    sum(profiles.last_12_months_sale_total_cny) as last_12_months_sale_total_cny
from marts.enterprise_profiles as profiles
where
    profiles.as_of_date = :as_of_date
    or profiles.as_of_date = (select previous.as_of_date from previous)
group by profiles.as_of_date
order by profiles.as_of_date
""",
)
MIGRATION = Question(
    ("marts.portfolio_scores", "scores.master_scale"),
    """
with

scores as (
    select * from marts.portfolio_scores
    where as_of_date = :as_of_date
),

previous_scores as (
    select * from marts.portfolio_scores
    where
        as_of_date = (
            select max(earlier.as_of_date) from marts.portfolio_scores as earlier
            where earlier.as_of_date < :as_of_date
        )
)

select
    previous_scores.as_of_date as previous_date,
    previous_scores.grade as previous_grade,
    previous_scale.position as previous_position,
    scores.grade,
    scale.position,
    count(*) as enterprise_count
from scores
inner join previous_scores
    on scores.enterprise_id = previous_scores.enterprise_id
inner join scores.master_scale as scale
    on scores.grade = scale.grade
inner join scores.master_scale as previous_scale
    on previous_scores.grade = previous_scale.grade
group by all
order by previous_scale.position, scale.position
""",
)
MOVES = Question(
    ("marts.portfolio_scores",),
    """
with

scores as (
    select * from marts.portfolio_scores
    where as_of_date = :as_of_date
),

previous_scores as (
    select * from marts.portfolio_scores
    where
        as_of_date = (
            select max(earlier.as_of_date) from marts.portfolio_scores as earlier
            where earlier.as_of_date < :as_of_date
        )
)

select
    scores.enterprise_id,
    scores.enterprise_name,
    previous_scores.grade as previous_grade,
    scores.grade,
    previous_scores.pd_ratio as previous_pd_ratio,
    scores.pd_ratio,
    scores.pd_ratio - previous_scores.pd_ratio as pd_change_ratio
from scores
inner join previous_scores
    on scores.enterprise_id = previous_scores.enterprise_id
where scores.pd_ratio <> previous_scores.pd_ratio
order by
    abs(scores.pd_ratio - previous_scores.pd_ratio) desc,
    scores.enterprise_id
limit 10
""",
)
DATE_COLUMNS = (
    Column("as_of_date", Words("As of", "截至"), DATE),
    Column("enterprise_count", Words("Enterprises", "企业数"), COUNT),
    Column("scored_count", Words("Scored", "已评分"), COUNT),
    Column("mean_pd_ratio", Words("Mean PD", "平均违约概率"), PROBABILITY),
    Column("expected_default_count", Words("Expected defaults", "预期违约户数"), EXPECTED),
    Column("last_12_months_sale_total_cny", Words("Sales, last 12 months", "近十二个月销售"), CNY),
)
MIGRATION_COLUMNS = (
    Column("previous_date", Words("Before, as of", "前次截至"), DATE),
    Column("previous_grade", Words("Grade before", "前次等级")),
    Column("grade", Words("Grade now", "本次等级")),
    Column("enterprise_count", Words("Enterprises", "企业数"), COUNT),
    Column("step", Words("Grades worse (+) or better (−)", "等级变动（+为变差）"), CHANGE_COUNT),
)
MOVE_COLUMNS = (
    Column("enterprise_id", Words("Enterprise", "企业")),
    Column("enterprise_name", Words("Name", "名称")),
    Column("previous_grade", Words("Grade before", "前次等级"), TEXT),
    Column("grade", Words("Grade now", "本次等级"), TEXT),
    Column("previous_pd_ratio", Words("PD before", "前次概率"), PROBABILITY),
    Column("pd_ratio", Words("PD now", "本次概率"), PROBABILITY),
    Column("pd_change_ratio", Words("Change", "变动"), CHANGE_PROBABILITY),
)
NO_EARLIER = Words(
    "The marts hold no earlier date to compare with.", "集市中没有可比较的更早日期。"
)
NO_MOVES = Words(
    "No enterprise was scored both now and on an earlier date with another result.",
    "没有企业在两个日期均有评分且结果不同。",
)


def build(lake: Lake) -> Section:
    """Both dates side by side, how grades moved, and the largest moves."""
    dates, migration = lake.ask(TWO_DATES), _with_steps(lake.ask(MIGRATION))
    return Section(
        key="change",
        title=Words("Change", "变动"),
        introduction=Words(
            "Against the previous as-of date in the marts. Scores of two model versions differ "
            "for the model's sake too.",
            "与集市中上一截至日比较。模型版本不同时，评分差异也可能来自模型。",
        ),
        figures=_figures(dates, migration),
        tables=(
            Table(
                Words("The two dates", "两个日期"),
                *("Change", DATE_COLUMNS, _both_or_none(dates), NO_EARLIER),
            ),
            Table(
                Words("Grades before and now", "等级迁移"),
                *("Grade migration", MIGRATION_COLUMNS, migration, NO_EARLIER),
                on_page=False,
            ),
            Table(
                Words("Largest moves of the probability of default", "违约概率变动最大企业"),
                *("Largest moves", MOVE_COLUMNS, lake.ask(MOVES), NO_MOVES),
            ),
        ),
    )


def _both_or_none(dates: Answer) -> Answer:
    rows = dates.rows if len(dates.rows) == 2 else ()
    return Answer(dates.sql, rows, dates.versions, dates.missing)


def _with_steps(answer: Answer) -> Answer:
    rows = tuple({**row, "step": row["position"] - row["previous_position"]} for row in answer.rows)
    return Answer(answer.sql, rows, answer.versions, answer.missing)


def _figures(dates: Answer, migration: Answer) -> tuple[Figure, ...]:
    if len(dates.rows) < 2:
        return ()
    before, now = dates.rows
    figures = [
        Figure(
            Words("Enterprises", "企业数"),
            signed(now["enterprise_count"] - before["enterprise_count"]),
            f"since {before['as_of_date']}",
        )
    ]
    if now["mean_pd_ratio"] is not None and before["mean_pd_ratio"] is not None:
        change = 100 * (now["mean_pd_ratio"] - before["mean_pd_ratio"])
        figures.append(
            Figure(Words("Mean PD", "平均违约概率"), signed(change, 2), "percentage points 百分点")
        )
    if migration.rows:
        worse, better = _moved(migration.rows, 1), _moved(migration.rows, -1)
        same = sum(row["enterprise_count"] for row in migration.rows) - worse - better
        figures += [
            Figure(Words("Moved to a worse grade", "等级下调"), f"{worse:,}"),
            Figure(Words("Moved to a better grade", "等级上调"), f"{better:,}"),
            Figure(Words("Kept their grade", "等级不变"), f"{same:,}"),
        ]
    return tuple(figures)


def _moved(rows: tuple[dict[str, Any], ...], sign: int) -> int:
    return sum(row["enterprise_count"] for row in rows if row["step"] * sign > 0)
