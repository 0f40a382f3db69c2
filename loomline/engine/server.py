"""Start, stop and look at the engine: one JVM that serves Spark Connect and Thrift."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from loomline.engine.checks import check_disk, check_java, check_port, port_answers
from loomline.engine.jars import jar_paths, retrieve_jars
from loomline.errors import EngineError
from loomline.ivy import spark_home
from loomline.processes import ServerProcess, Starting
from loomline.settings import Settings

START_SECONDS = 120
JAVA_OPTIONS = (
    # One machine with few processors: throughput counts, and pauses do not.
    "-XX:+UseParallelGC",
    # Most of the engine's code runs a few times for each small table. Java's best compiler takes a
    # third of the processors' time for it, ten times its own thresholds leave it what is hot.
    "-XX:Tier4InvocationThreshold=50000",
    "-XX:Tier4MinInvocationThreshold=6000",
    "-XX:Tier4CompileThreshold=150000",
    "-XX:Tier4BackEdgeThreshold=400000",
    # A day's queries fill Java's own 240 MB; from then on it throws out what it compiles again.
    "-XX:ReservedCodeCacheSize=640m",
)
THRIFT_SERVER = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"


@dataclass(frozen=True)
class EngineStatus:
    """What is known of this home's engine: its process, and which ports answer."""

    process_id: int | None
    connect_answers: bool
    thrift_answers: bool

    @property
    def is_up(self) -> bool:
        """Whether the engine serves both its ports."""
        return self.process_id is not None and self.connect_answers and self.thrift_answers


def engine_folder(settings: Settings) -> Path:
    """Folder of the engine's log, process id and scratch files."""
    return settings.home / "engine"


def log_path(settings: Settings) -> Path:
    """The engine's log."""
    return engine_folder(settings) / "engine.log"


def _server(settings: Settings) -> ServerProcess:
    return ServerProcess(engine_folder(settings) / "engine.pid", str(settings.warehouse))


def engine_status(settings: Settings) -> EngineStatus:
    """Look at this home's engine."""
    process = _server(settings).running()
    return EngineStatus(
        process_id=process.pid if process else None,
        connect_answers=port_answers(settings.bind_address, settings.connect_port),
        thrift_answers=port_answers(settings.bind_address, settings.thrift_port),
    )


def own_engine_is_down(settings: Settings) -> bool:
    """Whether the home has an engine of its own, and that one does not serve both its ports."""
    return not settings.spark_remote and not engine_status(settings).is_up


def engine_command(settings: Settings) -> list[str]:
    """The command that runs the engine in the foreground."""
    folder = engine_folder(settings)
    class_path = ":".join(str(path) for path in jar_paths(settings.jars))
    metastore = settings.home / "lake" / "metastore"
    conf = {
        "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
        # Without an address Spark Connect listens on every interface.
        "spark.connect.grpc.binding.address": settings.bind_address,
        "spark.connect.grpc.binding.port": settings.connect_port,
        "spark.driver.bindAddress": settings.bind_address,
        "spark.driver.host": settings.bind_address,
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.warehouse.dir": settings.warehouse,
        "spark.hadoop.javax.jdo.option.ConnectionURL": (
            f"jdbc:derby:;databaseName={metastore};create=true"
        ),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.sources.default": "delta",
        # Few, small tasks: one machine. A 16 s small Delta write takes 2 s with these.
        "spark.sql.shuffle.partitions": "4",
        "spark.databricks.delta.snapshotPartitions": "2",
        # What a table's retention keeps can be read: by itself Delta refuses what is a week old.
        "spark.databricks.delta.vacuum.enforceTimeTravelWithinDeletedFileRetentionDuration": (
            "false"
        ),
        # Java leaves methods of more bytes than that to its interpreter.
        "spark.sql.codegen.hugeMethodLimit": "8000",
        # Of as many tasks a vacuum lists folders, 10,000 if it is not told.
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "8",
        "spark.local.dir": folder / "scratch",
        # Spark writes down what its page would show even where there is none.
        "spark.ui.enabled": "false",
        "spark.ui.retainedJobs": "10",
        "spark.ui.retainedStages": "10",
        "spark.ui.retainedTasks": "100",
        "spark.sql.ui.retainedExecutions": "10",
        # Else the log of one day has every step of every query: 80 megabytes.
        "spark.log.level": "WARN",
    }
    command = [str(spark_home() / "bin" / "spark-submit"), "--class", THRIFT_SERVER]
    command += ["--master", "local[*]", "--driver-memory", settings.engine_memory]
    command += ["--driver-class-path", class_path]
    java_options = [*JAVA_OPTIONS, f"-Dderby.stream.error.file={folder / 'derby.log'}"]
    command += ["--driver-java-options", " ".join(java_options)]
    for key, value in conf.items():
        command += ["--conf", f"{key}={value}"]
    command += ["spark-internal"]
    command += ["--hiveconf", f"hive.server2.thrift.bind.host={settings.bind_address}"]
    command += ["--hiveconf", f"hive.server2.thrift.port={settings.thrift_port}"]
    return command


def _engine_environment(settings: Settings) -> dict[str, str]:
    environment = {key: value for key, value in os.environ.items() if key != "SPARK_REMOTE"}
    environment["SPARK_HOME"] = str(spark_home())
    environment["SPARK_LOCAL_IP"] = settings.bind_address
    environment["PYSPARK_PYTHON"] = sys.executable
    return environment


def start_engine(settings: Settings) -> EngineStatus:
    """Start this home's engine unless it is up, and wait until both ports answer.

    Raises:
        EngineError: Java is missing or too old, a port is taken, the disk is full, or the engine
            ended or did not answer in time; the message says where its log is.
    """
    if settings.spark_remote:
        raise EngineError(
            f"LOOMLINE_SPARK_REMOTE names an engine that is not this home's: {settings.remote}.",
            "Unset it to run an engine of this home.",
        )
    started = None
    if _server(settings).running() is None:
        check_java()
        check_disk(settings.home)
        check_port(settings.bind_address, settings.connect_port, "LOOMLINE_CONNECT_PORT")
        check_port(settings.bind_address, settings.thrift_port, "LOOMLINE_THRIFT_PORT")
        retrieve_jars(settings.jars)
        (engine_folder(settings) / "scratch").mkdir(parents=True, exist_ok=True)
        settings.warehouse.mkdir(parents=True, exist_ok=True)
        command, environment = engine_command(settings), _engine_environment(settings)
        started = _server(settings).start(command, log_path(settings), environment)
    return _wait_until_up(settings, started)


def ensure_engine(settings: Settings) -> None:
    """Start this home's engine unless it is up or the settings name another.

    Raises:
        EngineError: as `start_engine` does.
    """
    if not settings.spark_remote:
        start_engine(settings)


def _wait_until_up(settings: Settings, started: subprocess.Popen[bytes] | None) -> EngineStatus:
    def has_ended() -> bool:
        # A process that was just started has no command line to tell it by for a moment.
        return started.poll() is not None if started else _server(settings).running() is None

    starting = Starting("The engine", log_path(settings), "loomline engine stop", START_SECONDS)
    starting.wait(lambda: engine_status(settings).is_up, has_ended, EngineError)
    return engine_status(settings)


def stop_engine(settings: Settings) -> bool:
    """Stop this home's engine; tables stay as they are. Returns whether one was running."""
    return _server(settings).stop()
