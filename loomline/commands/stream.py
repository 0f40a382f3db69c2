"""`loomline stream`: carry Kafka's records into the lake."""

from __future__ import annotations

from importlib import import_module

from loomline.settings import load_settings

# Reached by its path, as jobs are: the core knows no stream.
INGEST = "streaming.ingest"


def stream() -> None:
    """Carry the records of all topics that contracts name into bronze and silver until Ctrl-C.

    What can't be read goes to quality.dead_letter. Whatever is killed, a restart goes on from what
    is committed, and no record is lost or doubled. The job `stream` takes what is there and ends.
    """
    import_module(INGEST).run_streams(load_settings())
