"""Look into archives: the members that a contract wants, each copied like a file of its own.

A member is called by the path of its archive without the ending, and its own path below that:
`retail/by-day.tar.gz` has `retail/by-day/2010-12-01.csv`. The path serves to find a contract and
never to write a file: a copy is named by the sha256 of its bytes.
"""

from __future__ import annotations

import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from loomline.errors import FileRefused
from loomline.staging import LandedCopy, copy_bytes

ENDINGS = (".tar.gz", ".tgz", ".tar", ".zip")

# What an archive may unpack to: one of a few kilobytes can hold a disk full of nothing.
MOST_MEMBERS = 100_000
MOST_MEMBER_BYTES = 4 << 30

DAMAGED = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError)
# A member that is encrypted, or packed in a way that Python can't read.
UNREADABLE = (RuntimeError, NotImplementedError)


@dataclass(frozen=True)
class Member:
    """A file in an archive: its path there, and the path under which it finds a contract."""

    name: str
    path: Path
    copy: LandedCopy


def is_archive(path: Path) -> bool:
    """Whether the name is that of an archive that can be looked into."""
    return path.name.lower().endswith(ENDINGS)


def _folder_of(path: Path) -> Path:
    ending = next(ending for ending in ENDINGS if path.name.lower().endswith(ending))
    return path.with_name(path.name[: -len(ending)])


def _safe_path(archive: Path, name: str) -> Path:
    """The path of a member below its archive's; a name that leads elsewhere is refused."""
    inner = PurePosixPath(name)
    if inner.is_absolute() or ".." in inner.parts or "\\" in name or "\0" in name:
        raise FileRefused(
            f"{archive} has a member whose path leads out of it: {name!r}.",
            "Ask the sender for an archive with plain paths.",
        )
    return _folder_of(archive) / inner


# The name of each file in the archive, its declared size, and how to open it.
Entries = Iterator[tuple[str, int, Callable[[], IO[bytes] | None]]]


def _tar_entries(file: IO[bytes]) -> Entries:
    with tarfile.open(fileobj=file, mode="r|*") as archive:
        for entry in archive:
            # Links and devices have no bytes of their own, and are not followed.
            if entry.isfile():
                yield entry.name, entry.size, partial(archive.extractfile, entry)


def _zip_entries(file: IO[bytes]) -> Entries:
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            if not entry.is_dir():
                yield entry.filename, entry.file_size, partial(archive.open, entry)


def _limited(archive: Path, name: str, file: IO[bytes]) -> Iterator[bytes]:
    size = 0
    while chunk := file.read(1 << 20):
        size += len(chunk)
        # What is read counts, not the size that the archive declares.
        if size > MOST_MEMBER_BYTES:
            raise _too_large(archive, name)
        yield chunk


def _too_large(archive: Path, name: str) -> FileRefused:
    return FileRefused(
        f"{archive} has a member of more than {MOST_MEMBER_BYTES:,} bytes: {name!r}.",
        "Unpack it yourself, and land the folder.",
    )


def _wanted_members(
    archive: Path, entries: Entries, is_wanted: Callable[[Path], bool], folder: Path
) -> list[Member]:
    members: list[Member] = []
    count = 0
    for name, size, open_entry in entries:
        count += 1
        if count > MOST_MEMBERS:
            raise FileRefused(
                f"{archive} has more than {MOST_MEMBERS:,} members.",
                "Unpack it yourself, and land the folder.",
            )
        path = _safe_path(archive, name)
        if size > MOST_MEMBER_BYTES:
            raise _too_large(archive, name)
        if not is_wanted(path):
            continue
        file = open_entry()
        if file is not None:
            with file:
                copy = copy_bytes(_limited(archive, name, file), folder)
            members.append(Member(name, path, copy))
    return members


def open_archive(path: Path, is_wanted: Callable[[Path], bool], folder: Path) -> list[Member]:
    """Copy the wanted members of an archive into `folder`, each under its sha256; all or none.

    Raises:
        FileRefused: it can't be read to its end, changed meanwhile, has too much in it, or a
            member's path leads out of it.
    """
    try:
        with path.open("rb") as file:
            before = os.fstat(file.fileno())
            is_zip = path.name.lower().endswith(".zip")
            entries = _zip_entries(file) if is_zip else _tar_entries(file)
            members = _wanted_members(path, entries, is_wanted, folder)
            after = path.stat()
    except DAMAGED as error:
        raise FileRefused(
            f"{path} can't be read as an archive: {error or type(error).__name__}.",
            "Ask the sender for the file again.",
        ) from error
    except UNREADABLE as error:
        raise FileRefused(
            f"{path} has a member that can't be read: {error}.", "Unpack it yourself."
        ) from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise FileRefused(
            f"{path} changed while it was read; nothing of it was landed.",
            "Wait until its writer is done and land it again.",
        )
    return members
