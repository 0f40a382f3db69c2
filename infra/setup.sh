#!/bin/sh
# Check the machine, then install the locked environment into .venv. Run by `make setup`.
set -eu

fail() {
    echo "Error: $1" >&2
    exit 1
}

PYTHON=${PYTHON:-python3}

command -v "$PYTHON" >/dev/null 2>&1 ||
    fail "Python was not found. Install Python 3.11 or 3.12, or say PYTHON=<path of one>."
"$PYTHON" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' ||
    fail "$("$PYTHON" --version) does not fit. Install Python 3.11 or 3.12, or say PYTHON=<path of one>."
"$PYTHON" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "Python lacks its venv module. Install it (on Debian and Ubuntu the package python3-venv)."

command -v java >/dev/null 2>&1 ||
    fail "Java was not found. Install a Java 17 runtime or newer and put java on the PATH."
version=$(java -version 2>&1 | sed -n 's/.*version "\([^"]*\)".*/\1/p' | head -n 1)
major=${version%%[.+-]*}
[ "$major" = 1 ] && major=$(echo "$version" | cut -d. -f2)
[ "${major:-0}" -ge 17 ] ||
    fail "Java ${version:-of an unknown version} is too old for Spark. Install a Java 17 runtime or newer."

free_kb=$(df -Pk . | awk 'NR == 2 {print $4}')
[ "$free_kb" -ge 5000000 ] ||
    fail "Only $((free_kb / 1000000)) GB are free here; setting up takes 5 GB. Free some space."

echo "setup        installing the locked packages (once, a few minutes)"
if [ ! -x .tools/uv/bin/uv ] || [ "$(.tools/uv/bin/uv --version | cut -d' ' -f2)" != "$UV_VERSION" ]; then
    rm -rf .tools/uv
    "$PYTHON" -m venv .tools/uv
    .tools/uv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION" ||
        fail "uv $UV_VERSION could not be installed. Check the connection to the package registry."
fi
UV_PROJECT_ENVIRONMENT=.venv .tools/uv/bin/uv sync --quiet --frozen --python "$PYTHON" ||
    fail "The packages could not be installed. Check the connection to the package registry."
.venv/bin/python -c 'from loomline.engine.jars import retrieve_jars
from loomline.settings import load_settings
retrieve_jars(load_settings().jars)' ||
    fail "The engine's jars could not be fetched. Check the connection to the Maven registry."
touch .venv/.ready
