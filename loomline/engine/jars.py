"""The jars that the engine needs beside Spark's own."""

from __future__ import annotations

from pathlib import Path

from loomline.ivy import Artifact, bring_alone

# Only these: adding every transitive jar of the Kafka connector breaks Spark's own Jackson.
ENGINE_JARS = (
    Artifact("io.delta", "delta-spark_2.13", "4.4.0"),
    Artifact("io.delta", "delta-storage", "4.4.0"),
    Artifact("org.apache.spark", "spark-sql-kafka-0-10_2.13", "4.2.0"),
    Artifact("org.apache.spark", "spark-token-provider-kafka-0-10_2.13", "4.2.0"),
    Artifact("org.apache.kafka", "kafka-clients", "3.9.2"),
    Artifact("org.apache.commons", "commons-pool2", "2.13.1"),
)


def jar_paths(jars: Path) -> list[Path]:
    """The jar files that the engine puts on its class path."""
    return [jars / f"{artifact.name}-{artifact.version}.jar" for artifact in ENGINE_JARS]


def retrieve_jars(jars: Path) -> None:
    """Bring the jars that are missing from `jars`; nothing is asked of the network if none is."""
    for artifact in ENGINE_JARS:
        bring_alone(artifact, jars)
