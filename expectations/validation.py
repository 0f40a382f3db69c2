"""Run a suite over a DataFrame with Great Expectations, and keep the result for Data Docs."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import great_expectations as gx
from great_expectations.core import ExpectationValidationResult
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context import EphemeralDataContext
from great_expectations.data_context.types.base import (
    DataContextConfig,
    FilesystemStoreBackendDefaults,
    ProgressBarsConfig,
)
from pyspark.sql import DataFrame

from expectations.data_docs import INDEX, SECTIONS
from expectations.suites import SuiteFile, build_expectation, with_dates

# Counting needs one pass over the table for all expectations; examples need one more for each.
COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0}
WITH_EXAMPLES = {"result_format": "COMPLETE", "partial_unexpected_count": 20}
SHOWN_EXAMPLES = 3


@dataclass(frozen=True)
class Finding:
    """What came of one expectation.

    `checked_rows` and `unexpected_rows` are None for an expectation about the table as a whole.
    """

    table: str
    expectation: str
    severity: str
    is_met: bool
    checked_rows: int | None
    unexpected_rows: int | None
    observed_value: str | None


class Validator:
    """A Great Expectations context whose results and Data Docs stay in one folder."""

    def __init__(self, folder: Path, as_of_date: date, as_of_end: datetime) -> None:
        """Open the context; `as_of_end` stamps the results, so that a rerun replaces them.

        A Spark session must be open: Great Expectations would start a Spark of its own.
        """
        logging.getLogger("great_expectations").setLevel(logging.ERROR)
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._as_of_date = as_of_date
        self._as_of_end = as_of_end
        defaults = FilesystemStoreBackendDefaults(root_directory=str(folder))
        for site in defaults.data_docs_sites.values():
            site |= {"site_section_builders": SECTIONS, "site_index_builder": INDEX}
        config = DataContextConfig(
            store_backend_defaults=defaults,
            progress_bars=ProgressBarsConfig(globally=False),
        )
        context = gx.get_context(mode="ephemeral", project_config=config)
        assert isinstance(context, EphemeralDataContext)
        self._context = context
        # Each expectation reads few of the columns once: to cache a whole table costs more.
        self._source = context.data_sources.add_or_update_spark(name="loomline", persist=False)
        self._run_id = RunIdentifier(run_name=f"as of {as_of_date}", run_time=as_of_end)

    @property
    def data_docs(self) -> Path:
        """The first page of the Data Docs."""
        return self._folder / "uncommitted" / "data_docs" / "local_site" / "index.html"

    def validate(self, suite_file: SuiteFile, frame: DataFrame) -> list[Finding]:
        """Check the rows of `frame`; examples of failing rows are looked up only where any fail.

        Raises:
            CatalogueError: an expectation that could not be computed, such as a query in error.
        """
        definition = self._definition(suite_file)
        batch = {"dataframe": frame}
        result = definition.run(
            batch_parameters=batch, result_format=COUNTS_ONLY, run_id=self._run_id
        )
        if not result.success:
            result = definition.run(
                batch_parameters=batch, result_format=WITH_EXAMPLES, run_id=self._run_id
            )
        evaluated = {one.expectation_config.meta["position"]: one for one in result.results}
        return [
            _finding(suite_file, position, evaluated[position])
            for position in range(len(suite_file.suite.expectations))
        ]

    def build_data_docs(self) -> None:
        """Write the HTML pages of all results in the folder."""
        self._context.build_data_docs()

    def _definition(self, suite_file: SuiteFile) -> gx.ValidationDefinition:
        table = suite_file.suite.table
        suite = gx.ExpectationSuite(name=table)
        for position, declared in enumerate(suite_file.suite.expectations):
            arguments = {
                name: with_dates(value, self._as_of_date, self._as_of_end)
                if isinstance(value, str)
                else value
                for name, value in declared.arguments.items()
            }
            expectation = build_expectation(declared, arguments)
            expectation.meta = {"position": position}
            suite.add_expectation(expectation)
        batch = self._source.add_dataframe_asset(table).add_batch_definition_whole_dataframe(
            "known rows"
        )
        definition = gx.ValidationDefinition(
            name=table, data=batch, suite=self._context.suites.add_or_update(suite)
        )
        return self._context.validation_definitions.add_or_update(definition)


def _finding(
    suite_file: SuiteFile, position: int, evaluated: ExpectationValidationResult
) -> Finding:
    declared = suite_file.suite.expectations[position]
    problem = _raised(evaluated.exception_info or {})
    if problem:
        raise suite_file.error(position, "arguments", f"could not be checked: {problem}")
    result: dict[str, Any] = evaluated.result
    examples = result.get("partial_unexpected_list") or result.get("details", {}).get(
        "unexpected_rows", []
    )
    observed = ", ".join(_in_words(example) for example in examples[:SHOWN_EXAMPLES])
    if not declared.is_query and result.get("observed_value") is not None:
        observed = _in_words(result["observed_value"])
    return Finding(
        table=suite_file.suite.table,
        expectation=declared.in_words,
        severity=declared.severity,
        is_met=bool(evaluated.success),
        checked_rows=result.get("element_count"),
        unexpected_rows=result.get("observed_value" if declared.is_query else "unexpected_count"),
        observed_value=observed or None,
    )


def _in_words(example: Any) -> str:
    """A value as text, or the values of a failing row beside one another."""
    if isinstance(example, dict):
        return " ".join(map(_in_words, example.values()))
    return f"{example:.4g}" if isinstance(example, float) else str(example)


def _raised(exception_info: dict[str, Any]) -> str:
    """The message of the first exception that stopped an expectation; empty when none did."""
    for info in (exception_info, *exception_info.values()):
        if isinstance(info, dict) and info.get("raised_exception"):
            return " ".join(str(info.get("exception_message")).split())
    return ""
