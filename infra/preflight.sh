#!/bin/sh
# Check the machine before any work: Python, Java, disk and, with the argument `ports`, the engine's
# ports. A check that fails is one plain sentence with the remedy.
set -eu

fail() {
    echo "Error: $1" >&2
    exit 1
}

PYTHON=${PYTHON:-python3}

command -v "$PYTHON" >/dev/null 2>&1 ||
    fail "Python was not found. Install Python 3.11, 3.12 or 3.13, or say PYTHON=<path of one>."
"$PYTHON" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' ||
    fail "$("$PYTHON" --version 2>&1) does not fit. Install Python 3.11, 3.12 or 3.13, or say PYTHON=<path of one>."
"$PYTHON" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "Python lacks its venv module. Install it (on Debian and Ubuntu the package python3-venv)."

command -v java >/dev/null 2>&1 ||
    fail "Java was not found. Install a Java 17 runtime or newer and put java on the PATH."
version=$(java -version 2>&1 | sed -n 's/.*version "\([^"]*\)".*/\1/p' | head -n 1)
major=${version%%[.+-]*}
[ "$major" = 1 ] && major=$(echo "$version" | cut -d. -f2)
[ "${major:-0}" -ge 17 ] ||
    fail "Java ${version:-of an unknown version} is too old for Spark. Install a Java 17 runtime or newer."

# Once set up, the engine's own check of the disk is enough.
if [ ! -e .venv/.ready ]; then
    free_kb=$(df -Pk . | awk 'NR == 2 {print $4}')
    [ "$free_kb" -ge 5000000 ] ||
        fail "Only $((free_kb / 1000000)) GB are free here; setting up takes 5 GB. Free some space."
fi

# A home with a process file has, or had, an engine of its own: whether the port is that engine's is
# for the engine's own check.
home=${LOOMLINE_HOME:-.loomline}
if [ "${1:-}" = ports ] && [ ! -e "$home/engine/engine.pid" ]; then
    for name in CONNECT:15002 THRIFT:10000; do
        variable=LOOMLINE_${name%:*}_PORT
        eval "port=\${$variable:-${name#*:}}"
        "$PYTHON" - "${LOOMLINE_BIND_ADDRESS:-127.0.0.1}" "$port" <<'PROBE' ||
import socket, sys
probe = socket.socket()
probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    probe.bind((sys.argv[1], int(sys.argv[2])))
except OSError:
    sys.exit(1)
PROBE
            fail "Port $port is in use by another program. Stop that program, or set $variable to a free port."
    done
fi
