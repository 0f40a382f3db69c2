"""Job `rule_evidence`: what history says of each rule, and what a person might do about it.

Reads `rules.rule`, `rules.firing`, `rules.verdict_count`, the features, and the outcomes as they
were known by the end of the as-of date; writes `rules.rule_evidence` and `rules.rule_proposal`.
Month ends stand for history: on the days between, rules mostly fire for the same firms again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from loomline.evidence.figures import Evidence, evidence
from loomline.evidence.history import Booleans, Dates, Firings, Floats, History
from loomline.evidence.overlap import NO_RULE
from loomline.evidence.vocabulary import VERDICTS
from loomline.job import JobContext, JobResult
from loomline.lake import column_list, create_tables, replace_rows, rows_frame, sql_literal
from loomline.tables import table_declaration
from spark_jobs.evidence_inputs import RuleVersion, read_firings, read_history, read_rules
from spark_jobs.rule_proposals import PROPOSAL, add_rows, retire_rows

EVIDENCE = "rules.rule_evidence"
ARROW_TYPES = {
    "bigint": pa.int64(),
    "date": pa.date32(),
    "double": pa.float64(),
    "int": pa.int32(),
    "string": pa.string(),
}


def _named(names: Sequence[str], places: NDArray[np.int64]) -> list[str | None]:
    return [None if place == NO_RULE else names[place] for place in places]


def _pairs(matrix: Floats, places: NDArray[np.int64]) -> Floats:
    """The value of each row at its place, (rows,), NaN where there is none."""
    found = np.take_along_axis(matrix, np.maximum(places, 0)[:, None], axis=1)[:, 0]
    return np.where(places == NO_RULE, np.nan, found)


def _ends(in_force: Booleans, dates: Dates) -> tuple[Dates, Dates]:
    """The first and last date on which each rule was in force, not-a-time for none."""
    none, is_any = np.datetime64("NaT", "D"), in_force.any(axis=1)
    first = np.where(is_any, dates[in_force.argmax(axis=1)], none)
    last = np.where(is_any, dates[::-1][in_force[:, ::-1].argmax(axis=1)], none)
    return first, last


def evidence_table(
    context: JobContext,
    versions: Sequence[RuleVersion],
    history: History,
    firings: Firings,
    found: Evidence,
) -> pa.Table:
    """The rows of `rules.rule_evidence`."""
    names = [one.rule for one in versions]
    first, last = _ends(firings.scope.in_force, history.as_of_dates)
    alike = found.overlap.closest()
    columns: dict[str, object] = {
        "as_of_date": [context.as_of_date] * len(names),
        "rule": names,
        "rule_version": [one.version for one in versions],
        "verdict": found.verdict,
        "cannot_say_count": np.array([one.cannot_say_count for one in versions]),
        "first_date": first,
        "last_date": last,
        "expected_enterprise_count": found.expected_enterprise_count,
        "q_value": found.q_value,
        "alike_rule": _named(names, alike),
        "alike_jaccard_ratio": _pairs(found.overlap.jaccard, alike),
        "alike_share_ratio": _pairs(found.overlap.shares, alike),
    }
    for part in (found.hits, found.lifts, found.early_warnings, found.stability):
        columns |= {field.name: getattr(part, field.name) for field in fields(part)}
    declared = table_declaration(context.catalog, EVIDENCE).columns
    return pa.table(
        {
            name: pa.array(
                _whole(columns[name], column.type), ARROW_TYPES[column.type], from_pandas=True
            )
            for name, column in declared.items()
        }
    )


def _whole(values: object, kind: str) -> object:
    """Counts as whole numbers."""
    is_count = kind == "bigint" and isinstance(values, np.ndarray)
    return np.asarray(values).astype(np.int64) if is_count else values


def run(context: JobContext) -> JobResult:
    """Write the evidence and the proposals of the as-of date."""
    spark = context.spark
    history = read_history(context)
    create_tables(spark, context.catalog, (EVIDENCE, PROPOSAL))
    versions = read_rules(context, history)
    firings = read_firings(context, history, versions)
    found = evidence(history, firings)
    of_date = f"as_of_date = {sql_literal(context.as_of_date)}"
    table = evidence_table(context, versions, history, firings, found)
    columns = column_list(context.catalog, EVIDENCE)
    replace_rows(spark.createDataFrame(table, columns), EVIDENCE, of_date)
    proposals = [
        *retire_rows(context, versions, found),
        *add_rows(context, history, firings),
    ]
    replace_rows(rows_frame(spark, context.catalog, PROPOSAL, proposals), PROPOSAL, of_date)
    counts = ", ".join(f"{int((found.verdict == one).sum()):,} {one}" for one in VERDICTS)
    defaults = int(history.defaults.any(axis=1).sum())
    notes = (
        f"{len(history.as_of_dates)} month ends, {int(history.at_risk.sum()):,} enterprise-dates "
        f"with a known year after, {defaults:,} enterprises that defaulted in it",
        f"rules: {counts}; {len(proposals):,} proposals",
    )
    return JobResult(len(firings.rule), len(versions), notes)
