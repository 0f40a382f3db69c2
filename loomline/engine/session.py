"""A session of the engine, for any program: Spark Connect and nothing else."""

from __future__ import annotations

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from loomline.engine.checks import port_answers
from loomline.errors import EngineError
from loomline.settings import Settings


def open_session(settings: Settings) -> SparkSession:
    """A Spark Connect session of the engine that the settings name.

    Raises:
        EngineError: no engine answers there.
    """
    if not settings.spark_remote and not port_answers(settings.bind_address, settings.connect_port):
        raise EngineError(
            f"No engine answers at {settings.remote}.", "Start it with `loomline engine start`."
        )
    try:
        session = SparkSession.builder.remote(settings.remote).getOrCreate()
        session.sql("select 1").collect()
    except PySparkException as error:
        raise EngineError(
            f"The engine at {settings.remote} refused the session: {error}.",
            "Run `loomline engine stop` and `loomline engine start`.",
        ) from error
    return session
