"""A session of the engine, for any program: Spark Connect and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.connect.client.retries import DefaultPolicy

from loomline.engine.checks import port_answers
from loomline.errors import EngineError
from loomline.settings import Settings

# Spark's own client would ask a dead engine for ten minutes. Sessions die with their engine, so
# patience brings nothing: these waits add up to a second for each call that is under way.
RETRIES = 3
BACKOFF_MS = 1000

# Up to about so many rows, making and compiling a program for each step, and cutting the rows into
# parts, takes the engine longer than the rows themselves.
FEW_ROWS = 20_000
FOR_FEW_ROWS = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
}


@contextmanager
def few_rows(session: SparkSession) -> Iterator[None]:
    """Within it, a session's queries begin at once, and are slow for many rows."""
    before = {name: str(session.conf.get(name)) for name in FOR_FEW_ROWS}
    for name, value in FOR_FEW_ROWS.items():
        session.conf.set(name, value)
    try:
        yield
    finally:
        # Not unset: that would leave Spark's own values, not the engine's.
        for name, value in before.items():
            session.conf.set(name, value)


def _ask(session: SparkSession) -> None:
    session.client.set_retry_policies([DefaultPolicy(max_retries=RETRIES, max_backoff=BACKOFF_MS)])
    session.sql("select 1").collect()


def open_session(settings: Settings) -> SparkSession:
    """A Spark Connect session of the engine that the settings name.

    Raises:
        EngineError: no engine answers there.
    """
    if not settings.spark_remote and not port_answers(settings.bind_address, settings.connect_port):
        raise EngineError(
            f"No engine answers at {settings.remote}.", "Start it with `loomline engine start`."
        )
    builder = SparkSession.builder.remote(settings.remote)
    try:
        session = builder.getOrCreate()
        try:
            _ask(session)
        except PySparkException:
            # The engine was started anew since this process opened its session.
            session.stop()
            session = builder.create()
            _ask(session)
    except PySparkException as error:
        raise EngineError(
            f"The engine at {settings.remote} refused the session: {error}.",
            "Run `loomline engine stop` and `loomline engine start`.",
        ) from error
    return session
