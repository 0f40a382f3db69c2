"""Warn of distress within 30, 60 and 90 days, where history shows enough of it to learn from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

import pandas as pd
import pyarrow as pa
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
from models.governance.use import VersionInUse, version_in_use, why_none
from models.holdout import TooFewError
from models.inventory import declared_model
from models.registered import Origin, newest_known, table_versions

WARNINGS = "scores.early_warning"
# To be used, a model needs as many as the default model; fewer are enough to measure one.
SPECIFICATION = Specification(least_distressed=10)


@dataclass(frozen=True, eq=False)
class Borrowers:
    """The borrowers of a date that are not in distress.

    `values` is (enterprises, covariates), indexed by enterprise and as `declared`; they are of the
    features of `families_version`.
    """

    declared: EarlyWarning
    families_version: str
    values: pd.DataFrame

    @property
    def tags(self) -> dict[str, str]:
        """Of what a model must have been trained to warn of them."""
        content = json.dumps(self.declared.model_dump(mode="json"), sort_keys=True)
        return {DECLARED: digest(content), FAMILIES: self.families_version}


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


def _train(context: JobContext, client: MlflowClient, borrowers: Borrowers) -> None:
    """Train as of the date, of which the borrowers are, and register what comes of it.

    Raises:
        TooFewError: too few enterprises fell into distress in closed intervals.
    """
    declared = borrowers.declared
    rows, _ = read_firm_dates(context, declared.feature_names)
    dates = firm_dates(rows, declared.feature_names)
    part = training_part(dates, dates.observed_until, SPECIFICATION)
    signs = declared.signs(declared.sources_of(EVERYTHING))
    # On one thread sums add up in one order: the same rows give the same model anywhere.
    with threadpool_limits(limits=1):
        trained = train_hazard(part, signs, SPECIFICATION)
    versions = table_versions(context.spark, (VALUES, OUTCOME, LINK, RELATION))
    log_and_register(
        client,
        warning_model(part, trained, SPECIFICATION),
        part,
        warning_evidence(part, trained, signs, borrowers.values, SPECIFICATION),
        SPECIFICATION,
        Origin(context.as_of_date, borrowers.tags, versions, code_commit()),
        declared_model(context.catalog, MODEL_NAME),
    )


def read_borrowers(context: JobContext) -> Borrowers | None:
    """The borrowers of the as-of date that are not in distress; None where it has no vectors.

    Raises:
        LoomlineError: the vectors lack a covariate.
        CatalogueError: a declaration does not hold.
    """
    of_date = context.rows(VALUES).where(f"as_of_date = {sql_literal(context.as_of_date)}")
    versions = of_date.select("families_version").limit(1).collect()
    if not versions:
        return None
    declared, families_version = load_early_warning(context.catalog), versions[0][0]
    names, dates_of = declared.feature_names, {families_version: [context.as_of_date]}
    values = read_covariates(context, names, dates_of)
    outcomes = read_outcomes(context)
    healthy = outcomes.enterprise_id[outcomes.distress_date.isna()]
    ours = values[values.enterprise_id.isin(set(healthy))]
    ordered = ours.set_index("enterprise_id").sort_index()[list(names)].astype(float)
    return Borrowers(declared, families_version, ordered)


def warnings_by(context: JobContext, used: VersionInUse, borrowers: Borrowers) -> pa.Table:
    """The rows of `scores.early_warning` that a version makes of the borrowers of the date."""
    version = borrowers.families_version
    names = context.rows(NAMES).where(
        f"families_version = {sql_literal(version)} "
        f"and {in_condition('feature', borrowers.declared.feature_names)}"
    )
    described = {row["feature"]: row.asDict() for row in names.collect()}
    of_date = {"as_of_date": context.as_of_date, "families_version": version}
    model = read_warning_model(used.desk.client, used.model)
    # On one thread sums add up in one order: the same rows give the same warnings anywhere.
    with threadpool_limits(limits=1):
        return warning_rows(model, borrowers.values, described, {**of_date, **used.columns})


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
    borrowers = read_borrowers(context)
    if borrowers is None:
        return _nothing(context, condition, "the date has no vectors")
    if borrowers.values.empty:
        return _nothing(context, condition, "no borrower out of distress has a vector of the date")
    desk = Desk(context, open_warnings(context.settings), MODEL_NAME)
    today, tags, approvals = context.as_of_date, borrowers.tags, desk.standing()
    # One that was refused or withdrawn saves no training: another one is wanted.
    newest = newest_known(desk.client, MODEL_NAME, today, tags, approvals.may_be_followed)
    notes = list[str]()
    patience = timedelta(days=declared_model(context.catalog, MODEL_NAME).retrain_after_days)
    if newest is None or today >= newest.trained_as_of + patience:
        try:
            _train(context, desk.client, borrowers)
        except TooFewError as error:
            if newest is None:
                return _nothing(context, condition, str(error))
            notes.append(f"not trained anew: {error}")
    used = version_in_use(desk, approvals, today, tags)
    if used is None:
        return _nothing(context, condition, why_none(MODEL_NAME))
    rows = warnings_by(context, used, borrowers)
    columns = spark.table(WARNINGS).columns
    replace_rows(spark.createDataFrame(rows).select(*columns), WARNINGS, condition)
    notes.insert(
        0, f"{MODEL_NAME} version {used.model.version}, trained as of {used.model.trained_as_of}"
    )
    return JobResult(rows.num_rows, rows.num_rows, tuple(notes))
