"""A full disk is known by the system's number or words, however deep in an error they are."""

from __future__ import annotations

import errno
import os

import pytest

from loomline.disk import is_disk_full


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_the_number_or_the_words_of_a_full_disk_tell_it(number: int) -> None:
    assert is_disk_full(OSError(number, "no words"))
    assert is_disk_full(RuntimeError(f"Job aborted: java.io.IOException: {os.strerror(number)}"))


def test_the_cause_of_an_error_tells_it() -> None:
    def fail() -> None:
        try:
            raise OSError(errno.ENOSPC, "no words")
        except OSError as error:
            raise ValueError("a file can't be written") from error

    with pytest.raises(ValueError) as caught:
        fail()
    assert is_disk_full(caught.value)


def test_other_errors_are_no_full_disk() -> None:
    assert not is_disk_full(OSError(errno.EACCES, os.strerror(errno.EACCES)))
    assert not is_disk_full(None)
