"""The other registered models that were used for a date: whether their validation is due anew."""

from __future__ import annotations

from loomline.job import JobContext
from loomline.lake import sql_literal
from models.inventory import declared_model
from models.monitor.finding import Finding, Watched
from models.monitor.validation_age import validation_finding

# Each row names the version that it is by, and when that was trained; none where none is.
RESULTS = ("scores.early_warning", "scores.machine_health")


def other_validations(context: JobContext, there: set[str]) -> list[tuple[str, Finding]]:
    """By the name of a model, how long ago the version in use as of the date was validated.

    `there` names the tables of scores that the lake has.
    """
    found = []
    for table in RESULTS:
        if table not in there:
            continue
        rows = context.spark.sql(
            f"select distinct model_name, model_version, trained_as_of from {table} "
            f"where as_of_date = {sql_literal(context.as_of_date)} and model_version is not null"
        ).collect()
        for row in sorted(rows, key=tuple):
            of = Watched(row["model_version"], "champion")
            model = declared_model(context.catalog, row["model_name"])
            finding = validation_finding(of, row["trained_as_of"], context.as_of_date, model)
            found.append((row["model_name"], finding))
    return found
