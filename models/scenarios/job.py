"""Say what the date's probabilities of default would be in every declared state of the economy."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from loomline.job import JobContext, JobResult
from loomline.lake import clear_rows, create_tables, replace_rows, sql_literal, tables_of
from models.master_scale import load_master_scale
from models.scenarios.declared import load_scenarios
from models.scenarios.scenario_rows import scenario_rows

SCORES, SCENARIO_PD = "scores.credit_score", "scores.scenario_pd"


def mean_note(rows: pa.Table) -> str:
    """The mean probability of default of the firms by scenario, for the person at the screen.

    `rows` are those of `scores.scenario_pd`, at least one.
    """
    # In one thread the groups come in the order of the rows.
    groups = rows.group_by("scenario", use_threads=False)
    means = groups.aggregate([("scenario_pd_ratio", "mean")]).to_pylist()
    listed = (f"{one['scenario']} {one['scenario_pd_ratio_mean']:.1%}" for one in means)
    return f"mean PD {pc.mean(rows['pd_ratio']).as_py():.1%}; {', '.join(listed)}"


def run(context: JobContext) -> JobResult:
    """Write a row for every scored enterprise and scenario.

    A date without scores is left without scenarios, and a note says so.

    Raises:
        CatalogueError: the scenarios or the master scale do not hold.
    """
    spark = context.spark
    declared, scale = load_scenarios(context.catalog), load_master_scale(context.catalog)
    create_tables(spark, context.catalog, (SCENARIO_PD,))
    condition = f"as_of_date = {sql_literal(context.as_of_date)}"
    columns = ("enterprise_id", "pd_ratio")
    is_scored = SCORES in tables_of(spark, "scores")
    scores = spark.table(SCORES).where(condition).select(*columns).toArrow() if is_scored else None
    if scores is None or scores.num_rows == 0:
        clear_rows(spark, SCENARIO_PD, condition)
        return JobResult(0, 0, ("the date has no scores to set into scenarios",))
    rows = scenario_rows(scores, declared, scale, context.as_of_date)
    replace_rows(spark.createDataFrame(rows), SCENARIO_PD, condition)
    return JobResult(scores.num_rows, rows.num_rows, (mean_note(rows),))
