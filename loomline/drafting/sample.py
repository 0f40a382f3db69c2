"""The bounded beginning of a file, and the encoding of its text."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import charset_normalizer

from loomline.errors import LoomlineError

ROW_LIMIT = 20_000
BYTE_LIMIT = 32 << 20
# As much text as the encoding of text that is not UTF-8 is guessed from.
GUESS_BYTES = 1 << 18
# Over all that Python knows a short GBK text is at times taken for Korean.
GUESSED_ENCODINGS = ["gb18030", "big5", "cp932", "cp1252", "cp1250", "cp1251", "cp1254"]
GZIP_MAGIC, ZIP_MAGIC, PARQUET_MAGIC = b"\x1f\x8b", b"PK\x03\x04", b"PAR1"
MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass(frozen=True)
class Sample:
    """The first bytes of a file as its readers would see them.

    `raw` is at most 32 MB once decompressed; `is_whole` says whether that is the whole file.
    """

    path: Path
    raw: bytes
    compression: str
    is_whole: bool


@dataclass(frozen=True)
class SampleText:
    """A sample as text, cut behind its last whole line where the file goes on."""

    text: str
    encoding: str
    is_sure: bool

    def lines(self) -> list[str]:
        """The lines without their ends, the blank ones included."""
        return re.split(r"\r\n|\n|\r", self.text.rstrip("\r\n"))


def read_sample(path: Path, limit: int = BYTE_LIMIT) -> Sample:
    """Read the beginning of a file, decompressed if it is gzip.

    Raises:
        LoomlineError: the file can't be opened, is empty, or is a broken gzip.
    """
    try:
        with path.open("rb") as file:
            is_gzip = file.read(2) == GZIP_MAGIC
            file.seek(0)
            source = gzip.GzipFile(fileobj=file) if is_gzip else file
            raw = source.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise LoomlineError(f"{path} can't be read: {error}.", "Check the file.") from error
    if not raw.strip():
        raise LoomlineError(f"{path} is empty.", "Take a file that has rows.")
    return Sample(path, raw[:limit], "gzip" if is_gzip else "none", len(raw) <= limit)


def guess_encoding(raw: bytes) -> tuple[str, bool]:
    """The encoding of text and whether it is sure: by its mark, as strict UTF-8, else guessed.

    GBK text comes out as gb18030, which reads all of GBK and what GBK lacks.
    """
    for mark, encoding in MARKS.items():
        if raw.startswith(mark):
            return encoding, True
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        # A sample may end within a character.
        if error.start >= len(raw) - 3 and error.reason == "unexpected end of data":
            return "utf-8", True
    else:
        return "utf-8", True
    best = charset_normalizer.from_bytes(raw[:GUESS_BYTES], cp_isolation=GUESSED_ENCODINGS).best()
    for encoding in [best.encoding] if best is not None else ["gb18030", "cp1252", "latin-1"]:
        try:
            raw.decode(encoding)
        except UnicodeDecodeError as error:
            if error.start < len(raw) - 4:
                continue
        return encoding, encoding == "gb18030"
    return "latin-1", False


def sample_text(sample: Sample) -> SampleText:
    """The text of a sample; undecodable bytes at its very end are left out with their line."""
    raw = sample.raw
    encoding, is_sure = guess_encoding(raw)
    if not sample.is_whole and encoding != "utf-16":
        raw = raw[: raw.rfind(b"\n") + 1] or raw
    name = "utf-8-sig" if encoding == "utf-8" else encoding
    errors = "strict" if sample.is_whole else "ignore"
    text = io.TextIOWrapper(io.BytesIO(raw), encoding=name, errors=errors, newline="").read()
    return SampleText(text, encoding, is_sure)
