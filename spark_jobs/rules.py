"""Job `rules`: the verdicts of the rules on every enterprise, as of the date.

Reads `features.window_value`, `features.window_feature`, `scores.credit_score`,
`silver.enterprise_link` and `silver.party`; writes `rules.rule`, `rules.firing` and
`rules.verdict_count`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from loomline.job import JobContext, JobResult
from loomline.known_inputs import known_inputs
from loomline.lake import column_list, create_tables, remove_rows, replace_rows, sql_literal
from loomline.rules.catalogue import RuleCatalogue, load_rules
from loomline.rules.firings import Explainer
from loomline.rules.model import Rule
from loomline.rules.stored import check_unchanged, rule_row
from loomline.rules.verdicts import CompiledRules, Verdicts
from spark_jobs.enterprise_inputs import read_inputs

RULE, FIRING, COUNT = "rules.rule", "rules.firing", "rules.verdict_count"
VALUES = "features.window_value"


def _write_rules(context: JobContext, catalogue: RuleCatalogue) -> None:
    """Put the versions of the catalogue into `rules.rule`; those that have left it stay there.

    Raises:
        LoomlineError: a version says something else than when it was run.
    """
    spark = context.spark
    stored = [row.asDict() for row in spark.table(RULE).collect()]
    check_unchanged(catalogue.rules, stored)
    rows = {(row["rule"], row["rule_version"]): row for row in stored}
    rows |= {(rule.name, rule.version): rule_row(rule) for rule in catalogue.rules}
    ordered = [rows[key] for key in sorted(rows)]
    if ordered != sorted(stored, key=lambda row: (row["rule"], row["rule_version"])):
        columns = column_list(context.catalog, RULE)
        replace_rows(spark.createDataFrame(ordered, columns), RULE, "true")


def _plain_keys(maps: pa.ChunkedArray) -> pa.ChunkedArray:
    """Maps whose keys are texts, as Spark reads them, in the place of dictionary-encoded ones."""
    chunks = [
        pa.MapArray.from_arrays(chunk.offsets, chunk.keys.dictionary_decode(), chunk.items)
        for chunk in maps.chunks
    ]
    return pa.chunked_array(chunks, pa.map_(pa.string(), pa.float64()))


def _firings(
    context: JobContext, rules: Sequence[Rule], explained: pa.Table, ids: pa.Array
) -> pa.Table:
    """The rows of `rules.firing`."""
    which, count = explained["rule"], len(explained)
    return pa.table(
        {
            "as_of_date": pa.array([context.as_of_date] * count, pa.date32()),
            "enterprise_id": ids.take(explained["enterprise"]),
            "rule": pa.array([rule.name for rule in rules]).take(which),
            "rule_version": pa.array([rule.version for rule in rules], pa.int32()).take(which),
            "severity": pa.array([rule.severity for rule in rules]).take(which),
            "action": pa.array([rule.action for rule in rules]).take(which),
            "input_values": _plain_keys(explained["input_values"]),
            "reason_en": explained["reason_en"],
            "reason_zh": explained["reason_zh"],
        }
    )


def _counts(context: JobContext, rules: Sequence[Rule], verdicts: Verdicts) -> pa.Table:
    """The rows of `rules.verdict_count`."""
    fired, cannot_say = verdicts.fired.sum(axis=1), verdicts.cannot_say.sum(axis=1)
    return pa.table(
        {
            "as_of_date": pa.array([context.as_of_date] * len(rules), pa.date32()),
            "rule": [rule.name for rule in rules],
            "rule_version": pa.array([rule.version for rule in rules], pa.int32()),
            "fired": fired,
            "not_fired": verdicts.fired.shape[1] - fired - cannot_say,
            "cannot_say": cannot_say,
        }
    )


def run(context: JobContext) -> JobResult:
    """Write the firings of the as-of date with their reasons, and the counts of each rule."""
    spark, catalogue = context.spark, load_rules(context.catalog)
    create_tables(spark, context.catalog, (RULE, FIRING, COUNT))
    _write_rules(context, catalogue)
    of_date = f"as_of_date = {sql_literal(context.as_of_date)}"
    if spark.table(VALUES).where(of_date).isEmpty():
        remove_rows(spark, FIRING, of_date)
        remove_rows(spark, COUNT, of_date)
        return JobResult(0, 0, ("no enterprise has features",))
    rules = catalogue.effective(context.as_of_date)
    compiled = CompiledRules(rules)
    inputs = read_inputs(context, compiled.names)
    verdicts = compiled.judge(inputs)
    words = Explainer(rules, known_inputs(context.catalog))
    ids = pa.array(inputs.enterprise_ids, pa.string())
    firings = _firings(context, rules, words.explain(verdicts, inputs), ids)
    for name, rows in ((FIRING, firings), (COUNT, _counts(context, rules, verdicts))):
        replace_rows(spark.createDataFrame(rows, column_list(context.catalog, name)), name, of_date)
    silent = int(np.all(verdicts.cannot_say, axis=1).sum())
    note = (
        f"{len(rules):,} rules on {len(ids):,} enterprises: {verdicts.fired.mean():.1%} fired, "
        f"{verdicts.cannot_say.mean():.1%} cannot say; {silent:,} rules cannot say of any"
    )
    return JobResult(len(ids), len(firings), (note,))
