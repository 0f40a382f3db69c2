"""Which code is running: its commit, for the record of every run and every model."""

from __future__ import annotations

import subprocess

from loomline.settings import PROJECT_ROOT


def code_commit() -> str:
    """The commit of the code, with `+changes` where files differ; `unknown` without git."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(PROJECT_ROOT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        commit = git("rev-parse", "HEAD")
        return f"{commit}+changes" if git("status", "--porcelain") else commit
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
