"""The jars of both brokers, each broker's in a folder of its own."""

from __future__ import annotations

from pathlib import Path

from loomline.ivy import Artifact, bring_with_dependencies

# Each with a logger that writes to standard error, of the logging version that it is built for.
KAFKA = (
    Artifact("org.apache.kafka", "kafka_2.13", "4.1.2"),
    Artifact("org.slf4j", "slf4j-simple", "1.7.36"),
)
ARTEMIS = (
    Artifact("org.apache.activemq", "artemis-mqtt-protocol", "2.42.0"),
    Artifact("org.slf4j", "slf4j-simple", "2.0.17"),
)


def _folder(artifacts: tuple[Artifact, ...]) -> str:
    return f"{artifacts[0].name}-{artifacts[0].version}"


def retrieve_jars(jars: Path) -> None:
    """Bring both brokers' jars unless they are in `jars`; then nothing is asked of the network.

    Raises:
        EngineError: a jar could not be fetched.
    """
    for artifacts in (KAFKA, ARTEMIS):
        bring_with_dependencies(artifacts, jars, _folder(artifacts))


def class_path(jars: Path, artifacts: tuple[Artifact, ...]) -> str:
    """The Java class path of one broker."""
    return str(jars / _folder(artifacts) / "*")
