"""Let time pass for a table, whose commits Delta dates by their files."""

from __future__ import annotations

import os
import time
from datetime import timedelta

from loomline.settings import Settings

AGE = timedelta(weeks=3)


def age_commits(settings: Settings, table: str) -> None:
    """Make all commits of a table but the last three weeks old."""
    schema, _, name = table.partition(".")
    log = settings.warehouse / f"{schema}.db" / name / "_delta_log"
    then = time.time() - AGE.total_seconds()
    *old, _ = sorted(log.glob("*.json"))
    assert old
    for commit in old:
        os.utime(commit, (then, then))
