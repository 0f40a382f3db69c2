"""What the enterprise report asks of the lake: the rows of one enterprise on both dates."""

from __future__ import annotations

from reports.answers import Question

PROFILE = Question(
    ("marts.enterprise_profiles", "scores.master_scale"),
    """
select
    profiles.*,
    scale.meaning_en,
    scale.meaning_zh
from marts.enterprise_profiles as profiles
left join scores.master_scale as scale
    on profiles.grade = scale.grade
where
    profiles.enterprise_id = :enterprise_id
    and profiles.as_of_date in (:as_of_date, :previous_date)
order by profiles.as_of_date
""",
)
CODES = Question(
    ("silver.enterprise_link",),
    """
select
    code_system,
    party_code,
    party_name,
    link_method,
    link_probability
from silver.enterprise_link
where
    enterprise_id = :enterprise_id
    and party_role = 'enterprise'
    and known_at <= :as_of_end
    and (superseded_at is null or superseded_at > :as_of_end)
order by code_system, party_code
""",
)
SCORES = Question(
    ("marts.portfolio_scores",),
    """
select
    as_of_date,
    enterprise_id,
    grade,
    pd_ratio,
    score,
    base_points,
    reasons,
    score_rank,
    model_name,
    model_version
from marts.portfolio_scores
where
    enterprise_id = :enterprise_id
    and as_of_date in (:as_of_date, :previous_date)
order by as_of_date
""",
)
WATCH = Question(
    ("scores.watch_list",),
    """
select
    as_of_date,
    enterprise_id,
    trade,
    status,
    status_since_date,
    weight_points,
    amber_count,
    red_count,
    said_count
from scores.watch_list
where
    enterprise_id = :enterprise_id
    and as_of_date in (:as_of_date, :previous_date)
order by as_of_date
""",
)
STATES = Question(
    ("scores.indicator_state", "scores.indicator"),
    """
select
    states.as_of_date,
    states.enterprise_id,
    states.indicator,
    indicators.domain,
    states.level,
    states.since_date,
    states.is_counted,
    states.cleared_date,
    states.watched_value,
    states.weight_points,
    indicators.says_en,
    indicators.says_zh,
    indicators.input,
    indicators.bad,
    indicators.scale,
    indicators.amber,
    indicators.red,
    indicators.owner,
    indicators.due_days,
    indicators.action_en,
    indicators.action_zh
from scores.indicator_state as states
inner join scores.indicator as indicators
    on
        states.indicators_version = indicators.indicators_version
        and states.indicator = indicators.indicator
where
    states.enterprise_id = :enterprise_id
    and states.as_of_date in (:as_of_date, :previous_date)
order by states.as_of_date, states.indicator
""",
)
DIMENSIONS = Question(
    ("scores.dimension_value", "scores.dimension"),
    """
select
    dimension_values.as_of_date,
    dimension_values.enterprise_id,
    dimension_values.dimension,
    dimensions.domain,
    dimensions.title_en,
    dimensions.title_zh,
    dimension_values.peer_group,
    dimension_values.dimension_value,
    dimension_values.overall_value,
    dimension_values.present_ratio,
    dimensions.says_en,
    dimensions.says_zh,
    dimensions.inputs
from scores.dimension_value as dimension_values
inner join scores.dimension as dimensions
    on
        dimension_values.dimensions_version = dimensions.dimensions_version
        and dimension_values.dimension = dimensions.dimension
where
    dimension_values.enterprise_id = :enterprise_id
    and dimension_values.as_of_date in (:as_of_date, :previous_date)
order by dimension_values.as_of_date, dimension_values.dimension
""",
)
FEATURES = Question(
    (
        *("features.window_value", "features.window_feature"),
        *("scores.indicator", "scores.dimension"),
    ),
    """
with

inputs as (
    select input as feature from scores.indicator
    union
    select explode(inputs.input) as feature from scores.dimension
)

select
    vectors.as_of_date,
    names.feature,
    names.domain,
    names.unit,
    names.description_en,
    names.description_zh,
    element_at(vectors.feature_values, names.position + 1) as feature_value
from features.window_value as vectors
inner join features.window_feature as names
    on vectors.families_version = names.families_version
inner join inputs
    on names.feature = inputs.feature
where
    vectors.enterprise_id = :enterprise_id
    and vectors.as_of_date in (:as_of_date, :previous_date)
order by vectors.as_of_date, names.position
""",
)
TRUST = Question(
    ("features.data_trust",),
    """
select
    as_of_date,
    month_start_date,
    data_trust_points,
    check_count,
    review_count,
    worst_check
from features.data_trust
where
    enterprise_id = :enterprise_id
    and as_of_date in (:as_of_date, :previous_date)
order by as_of_date, month_start_date
""",
)
CONTRADICTIONS = Question(
    ("features.consistency",),
    """
select
    month_start_date,
    check_name,
    verdict,
    measured,
    expected,
    score_ratio,
    is_for_review
from features.consistency
where
    enterprise_id = :enterprise_id
    and as_of_date = :as_of_date
    and verdict in ('excess', 'shortfall')
order by month_start_date desc, score_ratio, check_name
""",
)
