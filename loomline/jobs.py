"""The job list: every step of the risk lake, what it reads and what it writes, in running order.

`DAILY_JOBS` are the steps of a daily run, `MONTHLY_JOBS` those of the run after a month's last
day; `JOBS` has both, and the jobs that a person asks for.
"""

from __future__ import annotations

from loomline.errors import LoomlineError
from loomline.job import Job

# What `maintain` writes and no daily job does.
OTHER_TABLES = ("ops.retired_file",)

# What people write, by `loomline model`, and no job does.
WRITTEN_BY_PEOPLE = ("governance.model_event",)

# What is counted to prove that nothing was lost, and where the proof is.
RECONCILED = (
    *("bronze.*", "silver.*", "quality.quarantine", "quality.dead_letter"),
    *OTHER_TABLES,
)
PROOFS = ("quality.counted_change", "quality.reconciliation", "quality.key_check")

DAILY_JOBS = (
    Job(
        name="land",
        entry="spark_jobs.land:run",
        description="Copy new source files into bronze, every value as it stood.",
        reads=(),
        writes=("bronze.*", "quality.quarantine", "ops.unfinished_file", "ops.seen_file"),
    ),
    Job(
        name="stream",
        entry="streaming.ingest:run",
        description="Carry what Kafka holds into bronze and silver; dead letters for the rest.",
        reads=(),
        writes=(
            *("bronze.*", "silver.*", "quality.quarantine", "quality.dead_letter"),
            "ops.conformed_file",
        ),
    ),
    Job(
        name="conform",
        entry="spark_jobs.conform:run",
        description="Turn bronze rows into canonical silver rows; set aside what does not hold.",
        reads=("bronze.*",),
        writes=(
            *("silver.*", "quality.quarantine", "quality.dead_letter"),
            *("ops.conformed_file", "ops.unfinished_file"),
        ),
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
        name="trade_relation",
        entry="spark_jobs.trade_relations:run",
        description="Say who trades with whom, by everything that shows it.",
        reads=("silver.*", "ops.conformed_file"),
        writes=("silver.trade_relation", "ops.derived_file"),
    ),
    Job(
        name="ledger_balance",
        entry="spark_jobs.ledger_balances:run",
        description="Add up the postings to the balances of accounts by month.",
        reads=("silver.ledger_entry", "silver.ledger_document", "ops.conformed_file"),
        writes=("silver.ledger_balance", "ops.derived_file"),
    ),
    Job(
        name="credit_outcome",
        entry="spark_jobs.credit_outcomes:run",
        description="Say which borrowers are in default by their banks' own loan events.",
        reads=("silver.facility", "silver.drawdown", "silver.repayment"),
        writes=("silver.credit_outcome",),
    ),
    Job(
        name="identity",
        entry="spark_jobs.identity:run",
        description="Link the codes and spellings of every system to the enterprises.",
        reads=("silver.*",),
        writes=("silver.enterprise_link", "quality.identity_question"),
    ),
    Job(
        name="reconcile",
        entry="spark_jobs.reconcile:run",
        description=(
            "Prove that landed = conformed + duplicate + quarantined + dead-lettered, "
            "in rows and cents."
        ),
        reads=RECONCILED,
        writes=PROOFS,
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
        name="daily_state",
        entry="spark_jobs.daily_states:run",
        description="Add to the daily measures of every firm what has become known.",
        reads=("silver.*",),
        writes=("features.daily_state",),
    ),
    Job(
        name="window_features",
        entry="spark_jobs.window_features:run",
        description="Compute the features of the families as of the date, from the daily state.",
        reads=(
            *("features.daily_state", "silver.enterprise_link"),
            *("silver.machine", "silver.party"),
        ),
        writes=("features.window_value", "features.window_feature"),
    ),
    Job(
        name="consistency",
        entry="spark_jobs.consistency:run",
        description="Set what the records of an enterprise say against one another, by month.",
        reads=("features.daily_state", "silver.*"),
        writes=("features.consistency", "features.data_trust"),
    ),
    Job(
        name="train",
        entry="models.train.job:run",
        description="Train, validate and register a default model where none holds for the date.",
        reads=(
            *("features.enterprise_feature", "features.feature_name", "silver.credit_record"),
            *("silver.credit_outcome", "silver.enterprise_link", "silver.party"),
            "governance.model_event",
        ),
        writes=("scores.model_metric", "scores.model_calibration"),
    ),
    Job(
        name="score",
        entry="models.score.job:run",
        description="Score every enterprise with the champion, with reasons, and in its shadow.",
        reads=("features.enterprise_feature", "features.feature_name", "governance.model_event"),
        writes=("scores.credit_score", "scores.shadow_score", "scores.master_scale"),
    ),
    Job(
        name="scenarios",
        entry="models.scenarios.job:run",
        description="Say what the probabilities of default would be in each state of the economy.",
        reads=("scores.credit_score",),
        writes=("scores.scenario_pd",),
    ),
    Job(
        name="loss_given_default",
        entry="models.loss_given_default.job:run",
        description="Say what would be lost of every loan, and what must be expected to be lost.",
        reads=(
            *("silver.facility", "silver.drawdown", "silver.repayment", "silver.credit_outcome"),
            *("silver.warehouse_receipt", "silver.collateral_reading", "silver.bureau_record"),
            *("silver.machine", "silver.enterprise_link", "scores.credit_score"),
        ),
        writes=(
            *("scores.loss_given_default", "scores.realised_loss"),
            "scores.machine_residual_value",
        ),
    ),
    Job(
        name="financial_distress",
        entry="models.financial_distress.job:run",
        description="Say how near to distress every enterprise is by its newest statement.",
        reads=("silver.financial_statement", "silver.enterprise_link"),
        writes=("scores.financial_distress",),
    ),
    Job(
        name="counterparties",
        entry="models.counterparties.job:run",
        description="Say how late open items will be paid, and how short suppliers deliver.",
        reads=(
            *("silver.receivable", "silver.invoice", "silver.purchase_order_line"),
            *("silver.purchase_order", "silver.receipt", "silver.stock_movement"),
            *("silver.stock_movement_document", "silver.party", "silver.enterprise_link"),
        ),
        writes=("scores.receivable_expectation", "scores.supplier_expectation"),
    ),
    Job(
        name="early_warning",
        entry="models.early_warning.job:run",
        description="Warn of borrowers that may get into distress within 90 days, with reasons.",
        reads=(
            *("features.window_value", "features.window_feature", "governance.model_event"),
            *("silver.credit_outcome", "silver.trade_relation", "silver.enterprise_link"),
        ),
        writes=("scores.early_warning",),
    ),
    Job(
        name="machine_health",
        entry="models.machine_health.job:run",
        description="Say how likely every machine fails, and whether its readings are odd.",
        reads=(
            *("silver.machine_event", "silver.maintenance", "silver.production_output"),
            *("silver.telemetry_day", "silver.machine", "silver.enterprise_link"),
            "governance.model_event",
        ),
        writes=("scores.machine_health",),
    ),
    Job(
        name="monitor",
        entry="models.monitor.job:run",
        description="Say whether models in use are still right; propose what a person decides.",
        reads=(
            *("features.enterprise_feature", "features.feature_name", "governance.model_event"),
            *("features.window_value", "features.window_feature"),
            *("scores.credit_score", "scores.shadow_score", "scores.model_metric"),
            *("scores.early_warning", "scores.machine_health"),
            *("silver.credit_outcome", "silver.credit_record", "silver.enterprise_link"),
            *("silver.machine_event", "silver.maintenance", "silver.production_output"),
            *("silver.telemetry_day", "silver.machine"),
        ),
        writes=("scores.model_monitoring",),
    ),
    Job(
        name="indicators",
        entry="spark_jobs.indicators:run",
        description="Say which warnings every enterprise gives, since when, and who is watched.",
        reads=(
            *("features.window_value", "features.window_feature", "scores.credit_score"),
            *("silver.enterprise_link", "silver.party"),
        ),
        writes=("scores.indicator", "scores.indicator_state", "scores.watch_list"),
    ),
    Job(
        name="dimensions",
        entry="spark_jobs.dimensions:run",
        description="Scale the value dimensions of every enterprise against its peers.",
        reads=(
            *("features.window_value", "features.window_feature", "scores.credit_score"),
            *("silver.enterprise_link", "silver.party"),
        ),
        writes=("scores.dimension", "scores.dimension_value"),
    ),
    Job(
        name="gate_scores",
        entry="expectations.gate:run_scores",
        description="Check features and scores; a critical failure stops the run.",
        reads=("features.*", "scores.*"),
        writes=("quality.validation_result",),
    ),
    Job(
        name="rules",
        entry="spark_jobs.rules:run",
        description="Apply the risk rules to every enterprise; what fires says why.",
        reads=(
            *("features.window_value", "features.window_feature", "scores.credit_score"),
            *("silver.enterprise_link", "silver.party"),
        ),
        writes=("rules.rule", "rules.firing", "rules.verdict_count"),
    ),
    Job(
        name="gate_rules",
        entry="expectations.gate:run_rules",
        description="Check what the rules found; a critical failure stops the run.",
        reads=("rules.*", "features.window_value"),
        writes=("quality.validation_result",),
    ),
    Job(
        name="marts",
        entry="spark_jobs.marts:run",
        description="Build and test the dbt marts as of the date.",
        reads=("silver.*", "scores.*", "features.data_trust"),
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
        description="Write the portfolio, ecosystem and trade reports as HTML and XLSX.",
        reads=("marts.*", "quality.*", "scores.*"),
        writes=(),
    ),
)

MONTHLY_JOBS = (
    Job(
        name="rule_evidence",
        entry="spark_jobs.rule_evidence:run",
        description="Say what history shows of each rule; propose which to retire and add.",
        reads=(
            *("rules.rule", "rules.firing", "rules.verdict_count"),
            *("features.window_value", "features.window_feature"),
            *("silver.credit_outcome", "silver.credit_record"),
            *("silver.enterprise_link", "silver.party"),
        ),
        writes=("rules.rule_evidence", "rules.rule_proposal"),
    ),
    Job(
        name="gate_evidence",
        entry="expectations.gate:run_evidence",
        description="Check the evidence of rules; a critical failure stops the run.",
        reads=("rules.rule_evidence", "rules.rule_proposal"),
        writes=("quality.validation_result",),
    ),
)

JOBS = (
    *DAILY_JOBS,
    *MONTHLY_JOBS,
    Job(
        name="audit",
        entry="spark_jobs.reconcile:run_audit",
        description="Reconcile with all rows counted anew, not only what has changed.",
        reads=RECONCILED,
        writes=PROOFS,
    ),
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
        reads=("bronze.*", "silver.*", "quality.*", "ops.*"),
        writes=("bronze.*", "silver.*", "quality.*", "ops.*"),
    ),
    Job(
        name="maintain_plan",
        entry="spark_jobs.maintain:run_plan",
        description="Say what maintain would do, and do nothing.",
        reads=("bronze.*", "silver.*", "quality.*", "ops.*"),
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
