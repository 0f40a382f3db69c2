"""A disk without room, as the systems below say it."""

from __future__ import annotations

import errno
import os

# A quota that is used up is a full disk to whoever has it.
NUMBERS = (errno.ENOSPC, errno.EDQUOT)
# Spark, Delta, Derby and Arrow put the system's own words into theirs.
WORDS = tuple(os.strerror(number) for number in NUMBERS)


def is_disk_full(error: BaseException | None) -> bool:
    """Whether an error, or any that led to it, is that of a disk without room."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in NUMBERS:
            return True
        if any(words in str(error) for words in WORDS):
            return True
        error = error.__cause__ or error.__context__
    return False
