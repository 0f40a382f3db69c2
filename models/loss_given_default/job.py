"""Say what would be lost of every loan if its borrower defaulted, and what must be expected."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from loomline.job import JobContext, JobResult
from loomline.lake import create_tables, sql_literal, tables_of
from models.loss_given_default.declared import LossParameters, load_loss_parameters
from models.loss_given_default.inputs import (
    DRAWDOWN,
    FACILITY,
    LENDING,
    LENDING_QUERIES,
    MACHINE,
    MACHINES,
    queries,
)
from models.loss_given_default.loss_rows import (
    expert_loss_ratio,
    exposures_with_collateral,
    loss_rows,
    machine_rows,
    realised_rows,
)
from models.loss_given_default.realised import realised_loss
from models.made_tables import answers, write_made

SCORES = "scores.credit_score"
LOSSES, REALISED = "scores.loss_given_default", "scores.realised_loss"
RESIDUAL_VALUES = "scores.machine_residual_value"
NO_LOANS = "no bank has told of a loan by then: there is nothing to lose"


def loss_note(rows: pa.Table) -> str:
    """What the rows of `scores.loss_given_default`, at least one, add up to, for the screen."""
    owed, expected = (
        pc.sum(rows[name]).as_py() or 0 for name in ("exposure_at_default_cny", "expected_loss_cny")
    )
    unsaid = rows["pd_ratio"].null_count
    return (
        f"expert model: {rows.num_rows} loans, {owed:,.0f} CNY at default, expected loss "
        f"{expected:,.0f} CNY; {unsaid} loans have no probability of default"
    )


def _pd_ratios(context: JobContext, condition: str) -> pd.Series[float]:
    """The probabilities of default of the date by enterprise; none where it has no scores."""
    if SCORES not in tables_of(context.spark, "scores"):
        return pd.Series(dtype=float)
    scores = context.spark.table(SCORES).where(condition).select("enterprise_id", "pd_ratio")
    return scores.toArrow().to_pandas().set_index("enterprise_id").pd_ratio


def _lending_tables(
    context: JobContext,
    found: dict[str, pd.DataFrame],
    parameters: LossParameters,
    condition: str,
) -> dict[str, pa.Table]:
    """The rows of the tables about loans; none where there is no loan."""
    exposures = exposures_with_collateral(
        found["loans"], found["bureau"], found["pledges"], found["receipts"], parameters
    )
    if exposures.empty:
        return {}
    defaults, day = found["defaults"], context.as_of_date
    pd_ratios = _pd_ratios(context, condition)
    made = {LOSSES: loss_rows(exposures, defaults, pd_ratios, parameters, day)}
    realised = realised_loss(
        defaults.owed_cny.to_numpy(dtype=float), defaults.repaid_cny.to_numpy(dtype=float)
    )
    if realised is not None:
        expert = expert_loss_ratio(made[LOSSES], defaults)
        made[REALISED] = realised_rows(realised, expert, parameters, day)
    return made


def run(context: JobContext) -> JobResult:
    """Write the losses of every loan, what was lost so far, and the residual values of machines.

    A table of which the date has no rows is not made.

    Raises:
        CatalogueError: the parameters do not hold.
    """
    spark, parameters = context.spark, load_loss_parameters(context.catalog)
    condition = f"as_of_date = {sql_literal(context.as_of_date)}"
    there = tables_of(spark, "silver")
    templates = {"machines": MACHINES} if MACHINE in there else {}
    has_lending = FACILITY in there or DRAWDOWN in there
    if has_lending:
        create_tables(spark, context.catalog, LENDING)
        templates |= LENDING_QUERIES
    days = parameters.warehouse_receipts.count_valid_days
    found = answers(spark, queries(templates, context.as_of_end, days))
    made = _lending_tables(context, found, parameters, condition) if has_lending else {}
    machines = found.get("machines")
    if machines is not None and not machines.empty:
        made[RESIDUAL_VALUES] = machine_rows(
            machines, parameters, context.as_of_date, context.as_of_end
        )
    write_made(context, made, (LOSSES, REALISED, RESIDUAL_VALUES))
    notes = (loss_note(made[LOSSES]) if LOSSES in made else NO_LOANS,)
    rows_in = sum(len(rows) for rows in found.values())
    return JobResult(rows_in, sum(rows.num_rows for rows in made.values()), notes)
