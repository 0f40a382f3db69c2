"""Warn of distress within 30, 60 and 90 days, where history shows enough of it to learn from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta

import pandas as pd
from mlflow.tracking import MlflowClient
from threadpoolctl import threadpool_limits

from loomline.code import code_commit
from loomline.declarations import digest
from loomline.job import JobContext, JobResult
from loomline.lake import (
    clear_rows,
    create_tables,
    in_condition,
    known_condition,
    replace_rows,
    sql_literal,
    table_exists,
)
from models.borrower_outcomes import LINK, OUTCOME
from models.early_warning.declared import EVERYTHING, EarlyWarning, load_early_warning
from models.early_warning.evidence import warning_evidence
from models.early_warning.firm_dates import firm_dates
from models.early_warning.inputs import (
    NAMES,
    RELATION,
    VALUES,
    read_covariates,
    read_firm_dates,
    read_outcomes,
)
from models.early_warning.registering import (
    DECLARED,
    FAMILIES,
    log_and_register,
    open_warnings,
    read_warning_model,
)
from models.early_warning.specification import MODEL_NAME, Specification
from models.early_warning.training import train_hazard, training_part
from models.early_warning.warning_model import warning_model
from models.early_warning.warning_rows import warning_rows
from models.governance.approvals import Desk
from models.governance.use import version_in_use, why_none
from models.holdout import TooFewError
from models.inventory import declared_model
from models.registered import Origin, RegisteredModel, newest_known, table_versions

WARNINGS = "scores.early_warning"
# To be used, a model needs as many as the default model; fewer are enough to measure one.
SPECIFICATION = Specification(least_distressed=10)


def _distressed_borrowers(context: JobContext) -> int:
    """How many borrowers were in distress by what was known: at least as many as enterprises."""
    if not table_exists(context.spark, OUTCOME):
        return 0
    known = context.spark.table(OUTCOME).where(
        f"is_default and {known_condition(context.as_of_end)}"
    )
    return known.select("code_system", "enterprise_code").distinct().count()


def _nothing(context: JobContext, condition: str, why: str) -> JobResult:
    clear_rows(context.spark, WARNINGS, condition)
    return JobResult(0, 0, (f"no early warnings: {why}",))


def _declared_version(declared: EarlyWarning) -> str:
    return digest(json.dumps(declared.model_dump(mode="json"), sort_keys=True))


def _train(
    context: JobContext,
    client: MlflowClient,
    declared: EarlyWarning,
    scored: pd.DataFrame,
    tags: dict[str, str],
) -> RegisteredModel:
    """Train as of the date; `scored` is (enterprises, covariates) of it.

    Raises:
        TooFewError: too few enterprises fell into distress in closed intervals.
    """
    rows, _ = read_firm_dates(context, declared.feature_names)
    dates = firm_dates(rows, declared.feature_names)
    part = training_part(dates, dates.observed_until, SPECIFICATION)
    signs = declared.signs(declared.sources_of(EVERYTHING))
    # On one thread sums add up in one order: the same rows give the same model anywhere.
    with threadpool_limits(limits=1):
        trained = train_hazard(part, signs, SPECIFICATION)
    versions = table_versions(context.spark, (VALUES, OUTCOME, LINK, RELATION))
    return log_and_register(
        client,
        warning_model(part, trained, SPECIFICATION),
        part,
        warning_evidence(part, trained, signs, scored, SPECIFICATION),
        SPECIFICATION,
        Origin(context.as_of_date, tags, versions, code_commit()),
        declared_model(context.catalog, MODEL_NAME),
    )


def _scored_values(
    context: JobContext, declared: EarlyWarning, families_version: str
) -> pd.DataFrame:
    """The covariates of the borrowers that are not in distress, by enterprise."""
    of_date = {families_version: [context.as_of_date]}
    values = read_covariates(context, declared.feature_names, of_date)
    outcomes = read_outcomes(context)
    healthy = outcomes.enterprise_id[outcomes.distress_date.isna()]
    ours = values[values.enterprise_id.isin(set(healthy))]
    return ours.set_index("enterprise_id").sort_index()[list(declared.feature_names)].astype(float)


def _write(
    context: JobContext,
    client: MlflowClient,
    declared: EarlyWarning,
    values: pd.DataFrame,
    same_for_all: Mapping[str, object],
    found: RegisteredModel,
) -> int:
    """Write the warnings of the date; returns how many."""
    spark, families_version = context.spark, str(same_for_all["families_version"])
    names = spark.table(NAMES).where(
        f"families_version = {sql_literal(families_version)} "
        f"and {in_condition('feature', declared.feature_names)}"
    )
    described = {row["feature"]: row.asDict() for row in names.collect()}
    rows = warning_rows(read_warning_model(client, found), values, described, same_for_all)
    columns = spark.table(WARNINGS).columns
    condition = f"as_of_date = {sql_literal(context.as_of_date)}"
    replace_rows(spark.createDataFrame(rows).select(*columns), WARNINGS, condition)
    return int(rows.num_rows)


def run(context: JobContext) -> JobResult:
    """Warn of borrowers that have vectors as of the date and are not in distress.

    The model is the newest approved one that knew of nothing later, of the covariates and features
    as they are declared now; before a first approval the newest one. After the inventory's patience
    it is followed by a new candidate. Where too few enterprises were in distress to learn from, or
    no version may be used, nothing is written and a note says so.

    Raises:
        LoomlineError: past vectors lack a covariate, a table is missing, the record of approvals is
            broken, or the approved version is no longer what was approved.
        CatalogueError: a declaration does not hold.
    """
    spark = context.spark
    create_tables(spark, context.catalog, (WARNINGS,))
    condition = f"as_of_date = {sql_literal(context.as_of_date)}"
    distressed = _distressed_borrowers(context)
    if distressed < SPECIFICATION.least_distressed:
        why = (
            f"{distressed} borrowers in distress were known by then, "
            f"{SPECIFICATION.least_distressed} are needed"
        )
        return _nothing(context, condition, why)
    versions = spark.table(VALUES).where(condition).select("families_version").limit(1).collect()
    if not versions:
        return _nothing(context, condition, "the date has no vectors")
    declared, families_version = load_early_warning(context.catalog), versions[0][0]
    tags = {DECLARED: _declared_version(declared), FAMILIES: families_version}
    desk = Desk(context, open_warnings(context.settings), MODEL_NAME)
    approvals, values = desk.standing(), _scored_values(context, declared, families_version)
    if values.empty:
        return _nothing(context, condition, "no borrower out of distress has a vector of the date")
    # One that was refused or withdrawn saves no training: another one is wanted.
    newest = newest_known(
        desk.client, MODEL_NAME, context.as_of_date, tags, approvals.may_be_followed
    )
    notes = list[str]()
    patience = timedelta(days=declared_model(context.catalog, MODEL_NAME).retrain_after_days)
    if newest is None or context.as_of_date >= newest.trained_as_of + patience:
        try:
            _train(context, desk.client, declared, values, tags)
        except TooFewError as error:
            if newest is None:
                return _nothing(context, condition, str(error))
            notes.append(f"not trained anew: {error}")
    found = version_in_use(desk, approvals, context.as_of_date, tags)
    if found is None:
        return _nothing(context, condition, why_none(MODEL_NAME))
    same_for_all = {
        "as_of_date": context.as_of_date,
        "model_name": MODEL_NAME,
        "model_version": found.version,
        "trained_as_of": found.trained_as_of,
        "families_version": families_version,
        "is_approved": found.version in approvals.approved,
    }
    written = _write(context, desk.client, declared, values, same_for_all, found)
    notes.insert(0, f"{MODEL_NAME} version {found.version}, trained as of {found.trained_as_of}")
    return JobResult(written, written, tuple(notes))
