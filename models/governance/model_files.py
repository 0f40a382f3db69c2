"""One hash over all files of a model as MLflow serves it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

# What MLflow and Python write into the folder of a model when they load it, and no part of it.
LEFT_BY_LOADING = ("registered_model_meta", "__pycache__")


def files_sha256(files: Mapping[str, str]) -> str:
    """The SHA-256 of files, given by path with the SHA-256 of each, in whatever order.

    It is that of the JSON list of path and hash, ordered by path: a file that is changed, added,
    removed or renamed changes it.
    """
    listed = [[path, files[path]] for path in sorted(files)]
    return hashlib.sha256(json.dumps(listed, ensure_ascii=False).encode()).hexdigest()


def read_files(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file in a model's folder, by its path there.

    Raises:
        FileNotFoundError: there is no file.
    """
    found = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not set(LEFT_BY_LOADING) & {*path.relative_to(folder).parts}
    }
    if not found:
        raise FileNotFoundError(f"There is no file in {folder}.")
    return found
