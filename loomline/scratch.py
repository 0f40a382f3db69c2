"""A folder for what a job brings to the engine by way of files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loomline.settings import Settings


@contextmanager
def staging_folder(settings: Settings) -> Iterator[Path]:
    """The home's staging folder, empty; nothing of it is left afterwards.

    One job runs at a time in a home, so that what is in it is of a run that was killed.
    """
    shutil.rmtree(settings.staging, ignore_errors=True)
    settings.staging.mkdir(parents=True)
    try:
        yield settings.staging
    finally:
        shutil.rmtree(settings.staging, ignore_errors=True)
