#!/bin/sh
# Install the locked environment into .venv, and the jars of the engine and of the brokers. Run by `make setup`.
set -eu

fail() {
    echo "Error: $1" >&2
    exit 1
}

PYTHON=${PYTHON:-python3}
uv=.tools/uv/bin/uv

sh infra/preflight.sh
echo "setup        installing the locked packages (once, a few minutes)"
if [ ! -x "$uv" ] || [ "$("$uv" --version | cut -d' ' -f2)" != "$UV_VERSION" ]; then
    rm -rf .tools/uv
    "$PYTHON" -m venv .tools/uv
    .tools/uv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION" ||
        fail "uv $UV_VERSION could not be installed. Check the connection to the package registry."
fi
# Compiled once here: every job is a process that imports much, and some machines forbid Python to
# keep what it compiles.
UV_PROJECT_ENVIRONMENT=.venv "$uv" sync --quiet --frozen --compile-bytecode --no-python-downloads --python "$PYTHON" ||
    fail "The packages could not be installed. Check the connection to the package registry."
.venv/bin/python -c 'from loomline.broker import jars as broker
from loomline.engine import jars as engine
from loomline.settings import load_settings
engine.retrieve_jars(load_settings().jars)
broker.retrieve_jars(load_settings().jars)' ||
    fail "The jars of the engine and the brokers could not be fetched. Check the connection to the package registry."
touch .venv/.ready
