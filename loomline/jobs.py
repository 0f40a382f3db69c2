"""The job list: every step of the risk lake, what it reads and what it writes, in running order.

`DAILY_JOBS` are the steps of a daily run; `JOBS` has those, and the jobs that a person asks for.
"""

from __future__ import annotations

from loomline.errors import LoomlineError
from loomline.job import Job

# What `loomline stream` and `maintain` write and no daily job does.
OTHER_TABLES = ("quality.dead_letter", "ops.retired_file")

DAILY_JOBS = (
    Job(
        name="land",
        entry="spark_jobs.land:run",
        description="Copy new source files into bronze, every value as it stood.",
        reads=(),
        writes=("bronze.*", "quality.quarantine", "ops.unfinished_file"),
    ),
    Job(
        name="conform",
        entry="spark_jobs.conform:run",
        description="Turn bronze rows into canonical silver rows; set aside what does not hold.",
        reads=("bronze.*",),
        writes=("silver.*", "quality.quarantine", "ops.conformed_file", "ops.unfinished_file"),
    ),
    Job(
        name="rollup",
        entry="spark_jobs.rollups:run",
        description="Roll telemetry up by minute and day, where readings have come or gone.",
        reads=("silver.telemetry",),
        writes=("silver.telemetry_minute", "silver.telemetry_day", "ops.rollup_mark"),
    ),
    Job(
        name="enterprise",
        entry="spark_jobs.enterprise:run",
        description="List every enterprise that a canonical table names.",
        reads=("silver.invoice", "silver.credit_record"),
        writes=("silver.enterprise",),
    ),
    Job(
        name="reconcile",
        entry="spark_jobs.reconcile:run",
        description="Prove that landed = conformed + duplicate + quarantined, in rows and cents.",
        reads=("bronze.*", "silver.*", "quality.quarantine", *OTHER_TABLES),
        writes=("quality.reconciliation", "quality.key_check"),
    ),
    Job(
        name="gate_silver",
        entry="expectations.gate:run_silver",
        description="Check the silver tables; a critical failure stops the run.",
        reads=("silver.*", "quality.reconciliation", "quality.key_check"),
        writes=("quality.validation_result",),
    ),
    Job(
        name="features",
        entry="spark_jobs.features:run",
        description="Compute the features of every enterprise as of the date.",
        reads=("silver.enterprise", "silver.invoice"),
        writes=("features.enterprise_feature", "features.feature_name"),
    ),
    Job(
        name="train",
        entry="models.train.job:run",
        description="Train, validate and register a default model where none holds for the date.",
        reads=("features.enterprise_feature", "features.feature_name", "silver.credit_record"),
        writes=("scores.model_metric", "scores.model_calibration"),
    ),
    Job(
        name="score",
        entry="models.score.job:run",
        description="Score every enterprise with the champion, with reasons.",
        reads=("features.enterprise_feature", "features.feature_name"),
        writes=("scores.credit_score", "scores.master_scale"),
    ),
    Job(
        name="gate_scores",
        entry="expectations.gate:run_scores",
        description="Check features and scores; a critical failure stops the run.",
        reads=("features.*", "scores.*"),
        writes=("quality.validation_result",),
    ),
    Job(
        name="marts",
        entry="spark_jobs.marts:run",
        description="Build and test the dbt marts as of the date.",
        reads=("silver.*", "scores.*"),
        writes=("intermediate.*", "marts.*"),
    ),
    Job(
        name="gate_marts",
        entry="expectations.gate:run_marts",
        description="Check the mart tables; a critical failure stops the run.",
        reads=("marts.*",),
        writes=("quality.validation_result",),
    ),
    Job(
        name="report",
        entry="reports.job:run",
        description="Write the portfolio report of the date as HTML and XLSX.",
        reads=("marts.*", "quality.*", "scores.*"),
        writes=(),
    ),
)

JOBS = (
    *DAILY_JOBS,
    Job(
        name="marts_docs",
        entry="spark_jobs.marts:run_docs",
        description="Write dbt's documentation of the marts: models, columns, tests, lineage.",
        reads=("marts.*",),
        writes=(),
    ),
    Job(
        name="maintain",
        entry="spark_jobs.maintain:run",
        description="Let go of what is older than declared, compact, and delete old versions.",
        reads=("bronze.*", "silver.telemetry", "ops.unfinished_file", "ops.rollup_mark"),
        writes=(
            *("bronze.*", "silver.telemetry", "silver.telemetry_minute", "silver.telemetry_day"),
            *("quality.quarantine", "quality.dead_letter"),
            *("ops.retired_file", "ops.unfinished_file"),
        ),
    ),
    Job(
        name="maintain_plan",
        entry="spark_jobs.maintain:run_plan",
        description="Say what maintain would do, and do nothing.",
        reads=("bronze.*", "silver.*", "ops.unfinished_file", "ops.rollup_mark"),
        writes=(),
    ),
)


def find_job(name: str) -> Job:
    """The job of that name.

    Raises:
        LoomlineError: there is none; the remedy lists the names.
    """
    for job in JOBS:
        if job.name == name:
            return job
    raise LoomlineError(
        f"There is no job {name!r}.", f"Jobs are: {', '.join(job.name for job in JOBS)}."
    )
