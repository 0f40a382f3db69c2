"""A session of the engine, for any program: Spark Connect and nothing else."""

from __future__ import annotations

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
