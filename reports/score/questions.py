"""What the page of a score asks the lake."""

from __future__ import annotations

from reports.answers import Question

SCORE = Question(
    ("scores.credit_score",),
    """
select
    pd_ratio,
    score,
    grade,
    base_points,
    reasons,
    model_name,
    model_version,
    feature_version,
    is_approved
from scores.credit_score
where
    as_of_date = :as_of_date
    and enterprise_id = :enterprise_id
""",
)
FEATURES = Question(
    ("features.enterprise_feature", "features.feature_name", "scores.credit_score"),
    """
with

vectors as (
    select
        feature_version,
        feature_values
    from features.enterprise_feature version as of :vectors_version
    where
        as_of_date = :as_of_date
        and enterprise_id = :enterprise_id
),

names as (
    select * from features.feature_name version as of :names_version
),

used as (
    select explode(transform(reasons, reason -> reason.feature)) as feature
    from scores.credit_score
    where
        as_of_date = :as_of_date
        and enterprise_id = :enterprise_id
)

select
    names.feature,
    names.description_en,
    names.description_zh,
    names.unit,
    element_at(vectors.feature_values, names.position + 1) as value,
    names.feature in (select feature from used) as is_used
from vectors
inner join names
    on vectors.feature_version = names.feature_version
order by names.position
""",
)
ROWS = Question(
    ("silver.invoice",),
    """
select
    source_file,
    direction,
    status,
    count(*) as invoice_count,
    sum(total_cny) as total_cny,
    min(issue_date) as first_date,
    max(issue_date) as last_date,
    min(line_number) as first_line,
    max(line_number) as last_line,
    max(file_sha256) as file_sha256
from silver.invoice
where
    enterprise_id = :enterprise_id
    and known_at <= :as_of_end
    and (superseded_at is null or superseded_at > :as_of_end)
group by source_file, direction, status
order by source_file, direction, status
""",
)
RULES = Question(
    ("rules.firing",),
    """
select
    action,
    severity,
    reason_en,
    reason_zh,
    rule,
    rule_version
from rules.firing
where
    as_of_date = :as_of_date
    and enterprise_id = :enterprise_id
order by
    array_position(array('decline', 'limit_freeze', 'review', 'watch', 'info'), action),
    array_position(array('critical', 'high', 'medium', 'low'), severity),
    rule
""",
)
EVENTS = Question(
    ("governance.model_event", "scores.credit_score"),
    """
select
    events.event_number,
    events.event,
    events.identity,
    events.reason,
    cast(events.recorded_at as timestamp_ntz) as recorded_at,
    events.validation_report_sha256,
    events.row_hash
from governance.model_event as events
inner join scores.credit_score as scores
    on
        events.model_name = scores.model_name
        and events.model_version = scores.model_version
where
    scores.as_of_date = :as_of_date
    and scores.enterprise_id = :enterprise_id
order by events.event_number
""",
)
TRAINING = Question(
    ("scores.model_metric", "scores.credit_score"),
    """
select distinct
    metrics.trained_as_of,
    metrics.enterprise_count,
    metrics.default_count
from scores.model_metric as metrics
inner join scores.credit_score as scores
    on
        metrics.model_name = scores.model_name
        and metrics.model_version = scores.model_version
where
    scores.as_of_date = :as_of_date
    and scores.enterprise_id = :enterprise_id
""",
)
RUNS = Question(
    ("ops.job_runs",),
    """
with

runs as (
    select
        job_runs.*,
        row_number() over (partition by job order by ended_at desc) as recency
    from ops.job_runs as job_runs
    where
        as_of_date = :as_of_date
        and status = 'succeeded'
        and job in ('features', 'score', 'rules')
)

select
    job,
    run_id,
    array_join(
        array_sort(
            transform(map_entries(tables_read), entry -> concat(entry.key, ' v', entry.value))
        ),
        ', '
    ) as tables_read,
    code_commit,
    cast(ended_at as timestamp_ntz) as ended_at
from runs
where recency = 1
order by ended_at
""",
)
