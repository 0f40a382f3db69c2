#!/bin/sh
# Delete what runs left: the home's tables, models and reports. Run by `make clean`.
set -eu

home=${LOOMLINE_HOME:-.loomline}
if [ ! -d "$home" ]; then
    echo "Nothing to clean: $home does not exist."
    exit 0
fi
echo "This stops the engine, gateway and brokers and deletes $home ($(du -sh "$home" | cut -f1)): every table, model and report in it."
if [ "${1:-}" != 1 ]; then
    printf 'Type yes to go on: '
    read -r answer || answer=no
    [ "$answer" = yes ] || { echo "Nothing was deleted."; exit 1; }
fi
if [ -x .venv/bin/loomline ]; then
    .venv/bin/loomline gateway stop
    .venv/bin/loomline broker stop
    .venv/bin/loomline engine stop
fi
# Landed copies are read-only on purpose.
chmod -R u+w "$home"
rm -rf "$home"
echo "Deleted $home."
