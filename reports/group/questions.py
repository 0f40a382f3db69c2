"""What the trade and the ecosystem report ask of the lake, for the firms of a scope.

The scope is a SQL condition on the firm's `trade` as of the date: `true` for all firms.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from loomline.lake import in_condition
from reports.answers import Question

# The trade of a firm is that of the report's date, so that both dates have the same firms.
MEMBERS = """
members as (
    select
        profiles.enterprise_id,
        coalesce(watch_list.trade, 'unknown') as trade
    from marts.enterprise_profiles as profiles
    left join scores.watch_list as watch_list
        on
            profiles.enterprise_id = watch_list.enterprise_id
            and profiles.as_of_date = watch_list.as_of_date
    where
        profiles.as_of_date = :as_of_date
        and {scope}
)"""
OF_ALL = "true"
OF_TRADE = "coalesce(watch_list.trade, 'unknown') = :trade"
MEMBER_TABLES = ("marts.enterprise_profiles", "scores.watch_list")


@dataclass(frozen=True)
class GroupQuestions:
    """The questions about the firms of a scope."""

    scope: str

    @property
    def members(self) -> str:
        """The firms of the scope, as a part of a query."""
        return MEMBERS.format(scope=self.scope)

    @cached_property
    def firms(self) -> Question:
        """Every firm on both dates: score, status on the watch list, sales."""
        return Question(
            (*MEMBER_TABLES, "scores.master_scale"),
            f"""
with
{self.members}

select
    profiles.as_of_date,
    profiles.enterprise_id,
    profiles.enterprise_name,
    members.trade,
    profiles.grade,
    scale.position as grade_position,
    profiles.pd_ratio,
    profiles.score,
    watch_list.status,
    watch_list.status_since_date,
    watch_list.weight_points,
    watch_list.red_count,
    watch_list.amber_count,
    profiles.last_12_months_sale_total_cny
from marts.enterprise_profiles as profiles
inner join members
    on profiles.enterprise_id = members.enterprise_id
left join scores.watch_list as watch_list
    on
        profiles.enterprise_id = watch_list.enterprise_id
        and profiles.as_of_date = watch_list.as_of_date
left join scores.master_scale as scale
    on profiles.grade = scale.grade
where profiles.as_of_date in (:as_of_date, :previous_date)
order by profiles.as_of_date, profiles.enterprise_id
""",
        )

    @cached_property
    def level_pairs(self) -> Question:
        """How many firms went from which level to which, by indicator; firms of both dates."""
        return Question(
            (*MEMBER_TABLES, "scores.indicator_state", "scores.indicator"),
            f"""
with
{self.members},

states as (
    select
        indicator_state.as_of_date,
        indicator_state.enterprise_id,
        indicator_state.indicator,
        indicator_state.indicators_version,
        indicator_state.level
    from scores.indicator_state as indicator_state
    inner join members
        on indicator_state.enterprise_id = members.enterprise_id
    where indicator_state.as_of_date in (:as_of_date, :previous_date)
)

select
    later.indicator,
    indicators.domain,
    indicators.says_en,
    indicators.says_zh,
    earlier.level as level_before,
    later.level,
    count(*) as enterprise_count
from states as later
inner join states as earlier
    on
        later.enterprise_id = earlier.enterprise_id
        and later.indicator = earlier.indicator
        and earlier.as_of_date = :previous_date
inner join scores.indicator as indicators
    on
        later.indicators_version = indicators.indicators_version
        and later.indicator = indicators.indicator
where
    later.as_of_date = :as_of_date
    and (
        later.level in ('amber', 'red')
        or earlier.level in ('amber', 'red')
    )
group by all
order by later.indicator, level_before, level
""",
        )

    @cached_property
    def watched(self) -> Question:
        """Who is on the watch list, or has left it, with the warnings that weigh most."""
        return Question(
            (*MEMBER_TABLES, "marts.portfolio_watch_list"),
            f"""
with
{self.members}

select
    listed.enterprise_id,
    listed.enterprise_name,
    members.trade,
    listed.grade,
    listed.previous_status,
    listed.status,
    listed.status_since_date,
    listed.weight_points,
    listed.red_count,
    listed.amber_count,
    transform(
        slice(listed.reasons, 1, 3),
        reason -> struct(
            reason.weight_points as points,
            reason.says_en as reason_en,
            reason.says_zh as reason_zh
        )
    ) as reasons
from marts.portfolio_watch_list as listed
inner join members
    on listed.enterprise_id = members.enterprise_id
where listed.as_of_date = :as_of_date
order by
    array_position(array('escalated', 'watch', 'none'), listed.status),
    listed.weight_points desc,
    listed.enterprise_id
""",
        )


def states_of(enterprises: Iterable[str]) -> Question:
    """The warnings of some firms that are on at either date, on both dates."""
    wanted = in_condition("states.enterprise_id", enterprises)
    return Question(
        ("scores.indicator_state", "scores.indicator"),
        f"""
with

states as (
    select
        *,
        max(level in ('amber', 'red')) over (
            partition by enterprise_id, indicator
        ) as is_on
    from scores.indicator_state as states
    where
        as_of_date in (:as_of_date, :previous_date)
        and {wanted}
)

select
    states.as_of_date,
    states.enterprise_id,
    states.indicator,
    states.level,
    states.since_date,
    states.watched_value,
    states.weight_points,
    indicators.says_en,
    indicators.says_zh
from states
inner join scores.indicator as indicators
    on
        states.indicators_version = indicators.indicators_version
        and states.indicator = indicators.indicator
where states.is_on
order by states.as_of_date, states.enterprise_id, states.indicator
""",
    )


GRADES = Question(
    ("scores.master_scale",),
    "select grade, position from scores.master_scale order by position",
)
TRADES = Question(
    MEMBER_TABLES,
    f"""
with
{MEMBERS.format(scope=OF_ALL)}

select
    trade,
    count(*) as enterprise_count
from members
group by trade
order by trade
""",
)
