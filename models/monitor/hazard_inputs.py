"""Reads the rows of hazards, of the as-of date and of earlier ones, and what a version keeps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from loomline.errors import LoomlineError
from loomline.job import JobContext
from loomline.lake import sql_literal
from models.hazard_report.reference import REFERENCE_FILE, Reference
from models.monitor.hazard import Hazard
from models.monitor.maturing import ScoredDate


@dataclass(frozen=True, eq=False)
class HazardRows:
    """The rows of the as-of date that have a probability, and the version that gave them.

    `rows` has the columns of the hazard, ordered by its entity.
    """

    model_version: str
    trained_as_of: date
    rows: pd.DataFrame


def _selected(context: JobContext, hazard: Hazard, dates: Iterable[date]) -> pd.DataFrame:
    listed = ", ".join(map(sql_literal, dates))
    columns = ("as_of_date", "model_version", "trained_as_of", *hazard.columns)
    # Sums of the same numbers in another order differ in their last digit.
    return (
        context.spark.table(hazard.table)
        .where(f"as_of_date in ({listed}) and model_version is not null")
        .select(*columns)
        .toPandas()
        .sort_values(["as_of_date", hazard.entity], ignore_index=True)
    )


def read_rows(context: JobContext, hazard: Hazard) -> HazardRows | None:
    """The rows of the as-of date; None where none has a probability."""
    rows = _selected(context, hazard, [context.as_of_date])
    if rows.empty:
        return None
    return HazardRows(rows.model_version.iloc[0], rows.trained_as_of.iloc[0], rows)


def read_hazard_dates(context: JobContext, hazard: Hazard, look_back_days: int) -> list[ScoredDate]:
    """The dates of so many days up to the as-of date with probabilities, and the versions."""
    first = context.as_of_date - timedelta(days=look_back_days)
    rows = context.spark.sql(
        f"select distinct as_of_date, model_version from {hazard.table} "
        f"where as_of_date between {sql_literal(first)} and {sql_literal(context.as_of_date)} "
        "and model_version is not null"
    ).collect()
    return [ScoredDate(row["as_of_date"], row["model_version"]) for row in rows]


def read_past(context: JobContext, hazard: Hazard, dates: Iterable[date]) -> pd.DataFrame:
    """The rows of earlier dates, ordered; columns as the hazard's, with date and version."""
    wanted = sorted(set(dates))
    rows = _selected(context, hazard, wanted or [context.as_of_date])
    return rows if wanted else rows.iloc[:0]


def _run_id(client: MlflowClient, hazard: Hazard, version: str) -> str:
    """The run of a version.

    Raises:
        LoomlineError: the registry doesn't know the version.
    """
    try:
        return str(client.get_model_version(hazard.model_name, version).run_id)
    except MlflowException as error:
        raise LoomlineError(
            f"Rows of {hazard.table} are by version {version} of {hazard.model_name}, which is not "
            "in the model registry.",
            f"Make the rows of {hazard.table} anew.",
        ) from error


def read_reference(client: MlflowClient, hazard: Hazard, version: str) -> Reference | None:
    """What the version keeps of its training rows; None of one that was registered without.

    Raises:
        LoomlineError: the registry doesn't know the version.
    """
    run_id = _run_id(client, hazard, version)
    if REFERENCE_FILE not in {one.path for one in client.list_artifacts(run_id)}:
        return None
    path = Path(client.download_artifacts(run_id, REFERENCE_FILE))
    return Reference.from_json(path.read_text(encoding="utf-8"))


def read_validated(
    client: MlflowClient, hazard: Hazard, versions: Iterable[str]
) -> dict[tuple[str, int], float]:
    """The area under the ROC curve out of fold, by version and horizon, where it is registered.

    Raises:
        LoomlineError: the registry doesn't know a version.
    """
    found = {}
    for version in sorted(set(versions)):
        figures = client.get_run(_run_id(client, hazard, version)).data.metrics
        for days in hazard.horizons:
            if (name := f"auc_{days}_out_of_fold") in figures:
                found[version, days] = figures[name]
    return found
