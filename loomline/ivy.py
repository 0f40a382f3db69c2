"""Bring jars by the Ivy that ships inside pyspark; no Maven, and no address in the project."""

from __future__ import annotations

import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from loomline.errors import EngineError
from loomline.locks import held

# Ivy's cache holds one program at a time: two that fetch at once find each other's halves.
LOCK = "fetch.lock"


class Artifact(NamedTuple):
    """A published jar: group, name and version."""

    group: str
    name: str
    version: str


def spark_home() -> Path:
    """The folder of the Spark distribution inside the installed pyspark."""
    spec = find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise EngineError("pyspark is not installed.", "Run `make setup`.")
    return Path(spec.origin).parent


def bring_alone(artifact: Artifact, jars: Path) -> None:
    """Bring one jar into `jars`, without what it depends on, unless it is there.

    Raises:
        EngineError: the jar could not be fetched.
    """
    with held(jars / LOCK):
        if not (jars / f"{artifact.name}-{artifact.version}.jar").exists():
            _retrieve(artifact, jars / "ivy-cache", jars, "-notransitive")


def bring_with_dependencies(artifacts: tuple[Artifact, ...], jars: Path, name: str) -> None:
    """Bring jars and all that they depend on into the folder `name` of `jars`, unless it is there.

    The folder appears whole or not at all.

    Raises:
        EngineError: a jar could not be fetched.
    """
    folder, unfinished = jars / name, jars / f".{name}.part"
    with held(jars / LOCK):
        if folder.exists():
            return
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        for artifact in artifacts:
            _retrieve(artifact, jars / "ivy-cache", unfinished)
        unfinished.replace(folder)


def _retrieve(artifact: Artifact, cache: Path, folder: Path, *options: str) -> None:
    ivy = next((spark_home() / "jars").glob("ivy-*.jar"))
    command = ["java", "-jar", str(ivy), "-dependency", *artifact]
    command += ["-confs", "default", "-cache", str(cache), "-types", "jar", "bundle", *options]
    command += ["-retrieve", str(folder / "[artifact]-[revision].[ext]")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not (folder / f"{artifact.name}-{artifact.version}.jar").exists():
        last_lines = "\n".join((done.stdout + done.stderr).splitlines()[-8:])
        raise EngineError(
            f"The jar {artifact.name} {artifact.version} could not be fetched.",
            f"Check the connection to the registry and run again. Ivy said:\n{last_lines}",
        )
