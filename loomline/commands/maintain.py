"""`loomline maintain`: look after the tables that grow."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from loomline.runner import run_job


def maintain(
    as_of: Annotated[
        datetime,
        typer.Option(
            "--date", formats=["%Y-%m-%d"], help="Day from which it is counted what is old."
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
) -> None:
    """Let go of what is older than catalog/tables says, compact, and delete old versions."""
    run_job("maintain_plan" if dry_run else "maintain", as_of.date())
