"""Section: which model, code and table versions the figures rest on."""

from __future__ import annotations

from reports.answers import Lake, Question
from reports.kinds import COUNT, DATE, LONG_TEXT, MOMENT, SECONDS, YES_NO, Kind, coded
from reports.parts import Column, Section, Table, Words
from reports.portfolio.calibration import NO_MODEL
from reports.sources import tables_read

MODEL = Question(
    ("marts.portfolio_scores", "scores.model_metric"),
    """
with

scores as (
    select
        model_name,
        model_version,
        feature_version,
        bool_and(is_approved) as is_approved,
        max(array_join(array_sort(transform(reasons, reason -> reason.feature)), ', '))
            as features,
        count(*) as scored_count
    from marts.portfolio_scores
    where as_of_date = :as_of_date
    group by model_name, model_version, feature_version
),

trainings as (
    select distinct
        model_name,
        model_version,
        trained_as_of,
        enterprise_count,
        default_count
    from scores.model_metric
)

select
    scores.model_name,
    scores.model_version,
    scores.feature_version,
    scores.is_approved,
    scores.features,
    trainings.trained_as_of,
    trainings.enterprise_count,
    trainings.default_count,
    scores.scored_count
from scores
left join trainings
    on
        scores.model_name = trainings.model_name
        and scores.model_version = trainings.model_version
order by scores.model_name, scores.model_version
""",
)
# The report's own runs are left out, so that writing the report again changes nothing in it.
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
        and job <> 'report'
)

select
    job,
    status,
    rows_in,
    rows_out,
    cast(ended_at as double) - cast(started_at as double) as duration_seconds,
    cast(ended_at as timestamp_ntz) as ended_at,
    array_join(
        array_sort(
            transform(
                map_entries(tables_read),
                entry -> concat(entry.key, ' v', entry.value)
            )
        ),
        ', '
    ) as tables_read,
    array_join(
        array_sort(
            transform(
                map_entries(tables_written),
                entry -> concat(entry.key, ' v', entry.value)
            )
        ),
        ', '
    ) as tables_written,
    code_commit,
    array_join(notes, '; ') as notes
from runs
where recency = 1
order by ended_at, job
""",
)
COMMIT = Kind(lambda value: short_commit(str(value)), width=50, is_number=False)
STATUS = coded({"succeeded": "succeeded 成功", "failed": "failed 失败"}, width=18)

MODEL_COLUMNS = (
    Column("model_name", Words("Model", "模型")),
    Column("model_version", Words("Version", "版本")),
    Column("is_approved", Words("Approved", "已批准"), YES_NO),
    Column("feature_version", Words("Feature version", "特征版本")),
    Column("features", Words("Features in the scorecard", "评分卡特征"), LONG_TEXT),
    Column("trained_as_of", Words("Trained as of", "训练截至"), DATE),
    Column("enterprise_count", Words("Training enterprises", "训练企业数"), COUNT),
    Column("default_count", Words("Defaults", "违约户数"), COUNT),
    Column("scored_count", Words("Scored here", "本次评分数"), COUNT),
)
RUN_COLUMNS = (
    Column("job", Words("Job", "作业")),
    Column("status", Words("Status", "状态"), STATUS),
    Column("rows_in", Words("Rows in", "读入行"), COUNT),
    Column("rows_out", Words("Rows out", "写出行"), COUNT),
    Column("duration_seconds", Words("Time", "用时"), SECONDS),
    Column("ended_at", Words("Ended", "结束时间"), MOMENT),
    Column("code_commit", Words("Code commit", "代码版本"), COMMIT),
    Column("notes", Words("Notes", "备注"), LONG_TEXT),
)
LINEAGE_COLUMNS = (
    Column("job", Words("Job", "作业")),
    Column("tables_read", Words("Table versions read", "读取的表版本"), LONG_TEXT),
    Column("tables_written", Words("Table versions written", "写出的表版本"), LONG_TEXT),
)
NO_RUN = Words("No run was recorded for this date.", "该日无运行记录。")


def short_commit(commit: str) -> str:
    """A commit as people write it; `+changes` after it stays."""
    name, _, changes = commit.partition("+")
    return f"{name[:10]}+{changes}" if changes else name[:10]


def build(lake: Lake) -> Section:
    """The model, the runs of the date, and the versions of the tables that this report read.

    To be built last: it lists the tables of every question that was asked before.
    """
    model, runs = lake.ask(MODEL), lake.ask(RUNS)
    return Section(
        key="versions",
        title=Words("Versions", "版本"),
        introduction=Words(
            "Any figure can be read again as it was: add “version as of N” to a table's name in "
            "its SQL.",
            "任何数字均可按当时版本重查：在 SQL 表名后加 “version as of N”。",
        ),
        tables=(
            Table(Words("Model", "模型"), *("Model", MODEL_COLUMNS, model, NO_MODEL)),
            Table(
                Words("Last run of each job for this date", "该日各作业最近一次运行"),
                *("Runs", RUN_COLUMNS, runs, NO_RUN),
            ),
            Table(
                Words("Table versions that these runs read and wrote", "上述运行读写的表版本"),
                *("Lineage", LINEAGE_COLUMNS, runs, NO_RUN),
            ),
            tables_read(lake),
        ),
    )
