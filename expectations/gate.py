"""The gates between the layers: check every table, write down what was found, stop what fails."""

from __future__ import annotations

from pyspark.sql import DataFrame

from expectations.suites import SuiteFile, check_columns, load_suites, with_dates
from expectations.validation import Finding, Validator
from loomline.errors import GateFailed
from loomline.job import JobContext, JobResult
from loomline.lake import create_tables, kept, quoted, replace_rows, sql_literal, tables_of
from loomline.side_by_side import side_by_side

RESULTS = "quality.validation_result"
# Great Expectations asks a table a dozen questions. The rows of one that takes up to so much on
# disk are kept by the engine meanwhile, instead of being found in the lake a dozen times. In memory
# they take some thirty times as much: of a larger table a question reads but the columns it needs.
KEPT_BYTES = 8 << 20


def run_silver(context: JobContext) -> JobResult:
    """Check the silver tables, and that every landed row and cent is accounted for."""
    return run_gate("silver", context)


def run_scores(context: JobContext) -> JobResult:
    """Check features, models and scores."""
    return run_gate("scores", context)


def run_rules(context: JobContext) -> JobResult:
    """Check the rules and what they found."""
    return run_gate("rules", context)


def run_evidence(context: JobContext) -> JobResult:
    """Check the evidence of rules."""
    return run_gate("evidence", context)


def run_marts(context: JobContext) -> JobResult:
    """Check the mart tables."""
    return run_gate("marts", context)


def run_gate(gate: str, context: JobContext) -> JobResult:
    """Run the suites of a gate over the rows that a run for the date may read.

    Results and Data Docs are written before anything is raised. `rows_in` is the number of rows
    checked, `rows_out` the number of expectations.

    Raises:
        GateFailed: a critical expectation did not hold.
        CatalogueError: a suite names what is not there.
    """
    spark, findings = context.spark, list[Finding]()
    folder = context.settings.home / "great_expectations"
    validator = Validator(folder, context.as_of_date, context.as_of_end)
    suite_files = load_suites(gate)
    schemas = {suite_file.suite.table.partition(".")[0] for suite_file in suite_files}
    there = {table for schema in schemas for table in tables_of(spark, schema)}
    present = [suite_file for suite_file in suite_files if suite_file.suite.table in there]
    # The engine looks for the rows of several tables at a time; Great Expectations can't.
    frames = side_by_side(lambda suite_file: _rows(suite_file, context), present)
    for suite_file, frame in zip(present, frames, strict=True):
        findings += validator.validate(suite_file, frame)
    findings += [
        _missing(suite_file)
        for suite_file in suite_files
        if not (suite_file.suite.table in there or suite_file.suite.may_be_missing)
    ]
    _write(gate, context, findings)
    validator.build_data_docs()
    broken = [finding for finding in findings if not finding.is_met]
    critical = [finding for finding in broken if finding.severity == "critical"]
    if critical:
        raise GateFailed(
            f"The {gate} gate for {context.as_of_date} stopped the run: "
            + "; ".join(_sentence(finding) for finding in critical)
            + ".",
            f"See {RESULTS} and {validator.data_docs}.",
        )
    return JobResult(
        rows_in=_checked_rows(findings),
        rows_out=len(findings),
        notes=tuple(f"warning: {_sentence(finding)}" for finding in broken),
    )


def _rows(suite_file: SuiteFile, context: JobContext) -> DataFrame:
    suite = suite_file.suite

    def dated(text: str) -> str:
        return with_dates(text, context.as_of_date, context.as_of_end)

    derived = [f"{dated(sql)} as {quoted(name)}" for name, sql in suite.derived.items()]
    known = context.spark.table(suite.table).where(dated(suite.rows))
    frame = known.selectExpr("*", *derived)
    check_columns(suite_file, frame.columns)
    (table,) = context.spark.sql(f"describe detail {suite.table}").collect()
    return kept(frame) if table["sizeInBytes"] <= KEPT_BYTES else frame


def _missing(suite_file: SuiteFile) -> Finding:
    return Finding(
        table=suite_file.suite.table,
        expectation="table to exist: The run can't go on without it.",
        severity="critical",
        is_met=False,
        checked_rows=None,
        unexpected_rows=None,
        observed_value="no such table",
    )


def _write(gate: str, context: JobContext, findings: list[Finding]) -> None:
    spark = context.spark
    create_tables(spark, context.catalog, (RESULTS,))
    rows = [
        (
            context.as_of_date,
            gate,
            finding.table,
            finding.expectation,
            finding.severity,
            finding.is_met,
            finding.checked_rows,
            finding.unexpected_rows,
            finding.observed_value,
        )
        for finding in findings
    ]
    frame = spark.createDataFrame(rows, spark.table(RESULTS).schema)
    date = sql_literal(context.as_of_date)
    replace_rows(frame, RESULTS, f"as_of_date = {date} and gate = {sql_literal(gate)}")


def _checked_rows(findings: list[Finding]) -> int:
    """Rows checked: of each table the most that any of its expectations looked at."""
    checked: dict[str, int] = {}
    for finding in findings:
        checked[finding.table] = max(checked.get(finding.table, 0), finding.checked_rows or 0)
    return sum(checked.values())


def _sentence(finding: Finding) -> str:
    """One broken expectation as a clause: table, expectation, how many rows and which."""
    found = []
    if finding.unexpected_rows:
        rows = "row" if finding.unexpected_rows == 1 else "rows"
        found.append(f"{finding.unexpected_rows:,} {rows}")
    if finding.observed_value:
        found.append(f"such as {finding.observed_value}" if found else finding.observed_value)
    return f"{finding.table}: {finding.expectation.rstrip('.')} (found {', '.join(found)})"
