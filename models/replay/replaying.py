"""Make past rows of a model again, and compare them with what is recorded, column by column."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
from mlflow.exceptions import MlflowException
from pyspark.errors import PySparkException

from loomline.errors import LoomlineError
from loomline.job import JobContext
from loomline.lake import in_condition, sql_literal
from models.governance.approvals import open_desk
from models.replay.then import Run, Then, as_found_by, last_run


@dataclass(frozen=True)
class Difference:
    """A column of a row that was rebuilt to another value than is recorded."""

    column: str
    recorded: object
    rebuilt: object


@dataclass(frozen=True)
class Rebuilt:
    """Rows as they are made again, and the version that makes them; None without a model."""

    rows: pa.Table
    model_version: str | None
    trained_as_of: date | None


@dataclass(frozen=True)
class Subject:
    """What can be replayed: the rows of a table that a job writes by a model, one for each entity.

    `rebuild` makes at least the rows of the named entities again; `entity` is the column with their
    names. `figures` are the columns that say the most.
    """

    job: str
    table: str
    entity: str
    model_name: str
    figures: tuple[str, ...]
    rebuild: Callable[[Then, Sequence[str]], Rebuilt]


@dataclass(frozen=True)
class Replayed:
    """A past row, what it was made from, and what differs when it is made again."""

    entity: str
    model_version: str | None
    trained_as_of: date | None
    run: Run
    recorded: Mapping[str, object]
    differences: tuple[Difference, ...]


def _recorded(
    context: JobContext, subject: Subject, entities: Sequence[str]
) -> dict[str, dict[str, object]]:
    """The rows as they are recorded, by entity."""
    of_date = context.spark.table(subject.table).where(
        f"as_of_date = {sql_literal(context.as_of_date)}"
    )
    rows = of_date.where(in_condition(subject.entity, entities)).toArrow().to_pylist()
    found = {row[subject.entity]: row for row in rows}
    missing = sorted(set(entities) - set(found))
    if missing:
        raise LoomlineError(
            f"{subject.table} has no row of {', '.join(missing)} as of {context.as_of_date}.",
            f"See `loomline sql 'select {subject.entity}, as_of_date from {subject.table}'`.",
        )
    if len(found) < len(rows):
        raise LoomlineError(
            f"{subject.table} has two rows of one {subject.entity} as of {context.as_of_date}.",
            f"The job {subject.job} writes one: look at the Delta history of {subject.table}.",
        )
    return found


def replay(context: JobContext, subject: Subject, entities: Sequence[str]) -> list[Replayed]:
    """Make the rows of entities as of the context's date again, each column compared.

    Read are the tables at the Delta versions that the run read, and the model that the rules give
    of the versions and approvals of that time; of the recorded rows, nothing. Declarations and the
    words of reasons are those of the code as it is now.

    Raises:
        LoomlineError: there is no such row or no record of its run, the record of approvals is
            broken or names no version, or the versions of the tables are no longer kept.
    """
    recorded = _recorded(context, subject, entities)
    run = last_run(context.spark, subject.job, subject.table, context.as_of_date)
    then = as_found_by(open_desk(context, subject.model_name), run)
    try:
        rebuilt = subject.rebuild(then, list(recorded))
    except (PySparkException, MlflowException) as error:
        raise LoomlineError(
            f"What run {run.run_id} read for {context.as_of_date} could not be read as it was "
            f"then: {_kind(error)}. It read {run.tables_in_words}.",
            "Delta keeps old versions for as long as the tables' retention says; replay it in a "
            "backup of the home from that time.",
        ) from error
    of_entities = pc.is_in(rebuilt.rows[subject.entity], pa.array(list(recorded), pa.string()))
    rows = rebuilt.rows.filter(of_entities).to_pylist()
    by_entity = {row[subject.entity]: row for row in rows}
    if len(by_entity) < len(rows):
        raise LoomlineError(
            f"Made again, {subject.table} has two rows of one {subject.entity} as of "
            f"{context.as_of_date}.",
            f"The job {subject.job} writes one: the code is not that of {run.code_commit[:12]}.",
        )
    return [
        Replayed(
            entity=one,
            model_version=rebuilt.model_version,
            trained_as_of=rebuilt.trained_as_of,
            run=run,
            recorded=recorded[one],
            # An entity of which no row is made differs in all.
            differences=differences(recorded[one], by_entity.get(one, {})),
        )
        for one in sorted(recorded)
    ]


def _kind(error: PySparkException | MlflowException) -> str:
    """What went wrong, in the words of Spark or MLflow."""
    if isinstance(error, PySparkException):
        return error.getCondition() or type(error).__name__
    return str(error.message)


def _text(value: object) -> str:
    """A value as text that tells any two values of a column apart: 0 from -0, too."""
    return json.dumps(value, sort_keys=True, default=str)


def differences(
    recorded: Mapping[str, object], rebuilt: Mapping[str, object]
) -> tuple[Difference, ...]:
    """The columns of the two rows that are not equal to the last bit, or that only one has."""
    names = [*recorded, *(name for name in rebuilt if name not in recorded)]
    return tuple(
        Difference(name, recorded.get(name), rebuilt.get(name))
        for name in names
        if name not in recorded
        or name not in rebuilt
        or _text(recorded[name]) != _text(rebuilt[name])
    )
