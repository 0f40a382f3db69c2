"""The jars that the engine needs beside Spark's own, brought by the Ivy that ships with pyspark."""

from __future__ import annotations

import subprocess
from importlib.util import find_spec
from pathlib import Path

from loomline.errors import EngineError

# Only these: adding every transitive jar of the Kafka connector breaks Spark's own Jackson.
ENGINE_JARS = (
    ("io.delta", "delta-spark_2.13", "4.4.0"),
    ("io.delta", "delta-storage", "4.4.0"),
)


def spark_home() -> Path:
    """The folder of the Spark distribution inside the installed pyspark."""
    spec = find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise EngineError("pyspark is not installed.", "Run `make setup`.")
    return Path(spec.origin).parent


def jar_paths(jars: Path) -> list[Path]:
    """The jar files that the engine puts on its class path."""
    return [jars / f"{artifact}-{version}.jar" for _, artifact, version in ENGINE_JARS]


def retrieve_jars(jars: Path) -> None:
    """Bring the jars that are missing from `jars`; nothing is asked of the network if none is."""
    jars.mkdir(parents=True, exist_ok=True)
    ivy = next((spark_home() / "jars").glob("ivy-*.jar"))
    for (group, artifact, version), path in zip(ENGINE_JARS, jar_paths(jars), strict=True):
        if path.exists():
            continue
        command = ["java", "-jar", str(ivy), "-dependency", group, artifact, version]
        command += ["-confs", "default", "-notransitive", "-cache", str(jars / "ivy-cache")]
        command += ["-types", "jar"]
        command += ["-retrieve", str(jars / "[artifact]-[revision].[ext]")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not path.exists():
            last_lines = "\n".join((done.stdout + done.stderr).splitlines()[-8:])
            raise EngineError(
                f"The jar {artifact} {version} could not be fetched.",
                f"Check the connection to the registry and run again. Ivy said:\n{last_lines}",
            )
