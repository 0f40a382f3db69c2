"""Unit tests never start Spark: whatever would start or reach an engine fails at once."""

from __future__ import annotations

import subprocess
from typing import Any, NoReturn

import pytest
from pyspark.sql import SparkSession
from pyspark.sql.connect.session import SparkSession as ConnectSession


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse a Spark session and a start of the engine's program."""

    def refuse(*_arguments: Any, **_options: Any) -> NoReturn:
        pytest.fail("a unit test must not start or reach Spark")

    class PopenWithoutSpark(subprocess.Popen[Any]):
        def __init__(self, args: Any, **options: Any) -> None:
            if "spark-submit" in str(args):
                refuse()
            super().__init__(args, **options)

    monkeypatch.setattr(subprocess, "Popen", PopenWithoutSpark)
    for builder in (SparkSession.Builder, ConnectSession.Builder):
        monkeypatch.setattr(builder, "getOrCreate", refuse)
