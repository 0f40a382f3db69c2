"""`loomline explain`: how an enterprise's score came about, down to files and lines."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer
from pyspark.sql import Row, SparkSession

from loomline.commands.shown import print_table
from loomline.engine.server import ensure_engine
from loomline.engine.session import open_session
from loomline.errors import LoomlineError
from loomline.lake import known_condition, sql_literal, table_exists
from loomline.runner import JOB_RUNS
from loomline.settings import Settings, load_settings

CREDIT_SCORE = "scores.credit_score"


def _score(spark: SparkSession, enterprise: str, as_of: date) -> Row:
    if not table_exists(spark, CREDIT_SCORE):
        raise LoomlineError("No score has been computed in this home yet.", "Run `make demo`.")
    scores = spark.table(CREDIT_SCORE)
    row = scores.where(
        f"enterprise_id = {sql_literal(enterprise)} and as_of_date = {sql_literal(as_of)}"
    ).first()
    if row is not None:
        return row
    dates = scores.where(f"enterprise_id = {sql_literal(enterprise)}").select("as_of_date")
    known = [f"{found['as_of_date']}" for found in dates.orderBy("as_of_date").collect()]
    raise LoomlineError(
        f"{enterprise} has no score as of {as_of}.",
        f"It has scores as of {', '.join(known)}."
        if known
        else "No date has a score of it: check the identity, or run the scores of that date.",
    )


def _print_features(spark: SparkSession, score: Row) -> None:
    features = spark.sql(
        f"""
        select names.feature, element_at(vectors.feature_values, names.position + 1) as value,
            names.unit, names.description_en, names.description_zh
        from features.enterprise_feature as vectors
        inner join features.feature_name as names on vectors.feature_version = names.feature_version
        where vectors.enterprise_id = {sql_literal(score["enterprise_id"])}
            and vectors.as_of_date = {sql_literal(score["as_of_date"])}
        order by names.position
        """
    ).collect()
    rows = [
        (row["feature"], "" if row["value"] is None else f"{row['value']:.6g}", *row[2:])
        for row in features
    ]
    title = f"features (version {score['feature_version']})"
    print_table(("feature", "value", "unit", "meaning", "含义"), rows, title)


def _print_evidence(spark: SparkSession, enterprise: str, end: datetime) -> None:
    where = f"enterprise_id = {sql_literal(enterprise)} and {known_condition(end)}"
    files = spark.sql(
        f"""
        select source_file, direction, status, count(*), sum(total_cny), min(issue_date),
            max(issue_date), min(line_number), max(line_number), max(file_sha256)
        from silver.invoice where {where}
        group by source_file, direction, status order by source_file, direction, status
        """
    ).collect()
    head = (
        *("file", "direction", "status", "invoices", "total CNY", "from", "to"),
        *("first line", "last line", "sha256 of the file"),
    )
    print_table(head, files, "invoices behind the features, as known on the date")
    print("Every one of these rows, with its file and line:")
    print(f'  loomline sql "select * from silver.invoice where {where}"')


def _print_versions(spark: SparkSession, score: Row) -> None:
    runs = spark.sql(
        f"""
        select job, tables_read, code_commit, ended_at from {JOB_RUNS}
        where status = 'succeeded' and job in ('features', 'score')
            and as_of_date = {sql_literal(score["as_of_date"])}
        order by ended_at desc
        """
    ).collect()
    rows = [
        (
            run["job"],
            ", ".join(f"{name} v{version}" for name, version in sorted(run["tables_read"].items())),
            run["code_commit"][:20],
            run["ended_at"],
        )
        for run in {run["job"]: run for run in reversed(runs)}.values()
    ]
    print_table(("job", "read these table versions", "code", "ended (UTC)"), rows, "runs")


def show_explanation(settings: Settings, enterprise: str, as_of: date) -> None:
    """Print score, reasons, features, evidence and versions of an enterprise as of a date."""
    ensure_engine(settings)
    spark = open_session(settings)
    score = _score(spark, enterprise, as_of)
    print(
        f"{enterprise} as of {as_of}: score {score['score']}, grade {score['grade']}, "
        f"probability of default {score['pd_ratio']:.2%}; "
        f"model {score['model_name']} version {score['model_version']}"
    )
    rows = [("base points", "", "", score["base_points"], "", "")]
    rows += [
        (
            *(r["feature"], "" if r["value"] is None else f"{r['value']:.6g}", r["bin"]),
            *(r["points"], r["reason_en"], r["reason_zh"]),
        )
        for r in score["reasons"]
    ]
    rows.append(("score", "", "", score["score"], "sum of the points above", "以上分值之和"))
    print_table(
        ("feature", "value", "bin", "points", "reason", "原因"), rows, "reasons, worst first"
    )
    _print_features(spark, score)
    _print_evidence(spark, enterprise, settings.as_of_end(as_of))
    _print_versions(spark, score)


def explain(
    enterprise: Annotated[str, typer.Argument(help="Identity of the enterprise, such as E1.")],
    as_of: Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="As-of date.")],
) -> None:
    """Explain a score: points, reasons, features, the invoices behind them, table versions."""
    show_explanation(load_settings(), enterprise, as_of.date())
