"""Archives: what is wanted of them comes out whole, and nothing of them gets anywhere else."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from loomline import archives
from loomline.archives import is_archive, open_archive
from loomline.errors import FileRefused

Pack = Callable[[Path, dict[str, bytes]], None]

CONTENT = {
    "2010-12-01.csv": b"a,b\n1,2\n",
    "deeper/2010-12-02.csv": b"a,b\n3,4\n",
    "note.txt": b"?",
}


def _pack_tar(path: Path, content: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as archive:
        for name, data in content.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))


def _pack_zip(path: Path, content: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)


KINDS = [("days.tar.gz", _pack_tar), ("days.tgz", _pack_tar), ("days.tar", _pack_tar)]
KINDS += [("days.zip", _pack_zip)]


def _is_csv(path: Path) -> bool:
    return path.match("days/*.csv") or path.match("days/deeper/*.csv")


@pytest.mark.parametrize(("name", "pack"), KINDS)
def test_wanted_members_are_kept_under_their_hash_and_called_by_both_paths(
    tmp_path: Path, name: str, pack: Pack
) -> None:
    path = tmp_path / name
    pack(path, CONTENT)
    members = open_archive(path, _is_csv, tmp_path / "landing")
    assert {member.name: member.copy.path.read_bytes() for member in members} == {
        name: data for name, data in CONTENT.items() if name.endswith(".csv")
    }
    for member in members:
        assert member.path == tmp_path / "days" / member.name
        assert member.copy.path.name == hashlib.sha256(CONTENT[member.name]).hexdigest()
        assert member.copy.size_bytes == len(CONTENT[member.name])
    assert len(list((tmp_path / "landing").iterdir())) == len(members)


@pytest.mark.parametrize(("name", "pack"), KINDS)
@pytest.mark.parametrize("inner", ["../out.csv", "/out.csv", "a/../../out.csv", "..\\out.csv"])
def test_a_path_that_leads_out_of_the_archive_refuses_it_and_writes_nothing(
    tmp_path: Path, name: str, pack: Pack, inner: str
) -> None:
    path = tmp_path / "in" / name
    path.parent.mkdir()
    pack(path, {inner: b"a\n"})
    with pytest.raises(FileRefused, match="leads out of it"):
        open_archive(path, lambda _: True, tmp_path / "landing")
    assert [found for found in tmp_path.rglob("*") if found.is_file()] == [path]


def test_a_link_in_an_archive_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("secret")
    with tarfile.open(tmp_path / "days.tar", "w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
            entry = tarfile.TarInfo("link.csv")
            entry.type, entry.linkname = kind, str(tmp_path / "secret.csv")
            archive.addfile(entry)
    assert open_archive(tmp_path / "days.tar", lambda _: True, tmp_path / "landing") == []


@pytest.mark.parametrize(("name", "pack"), KINDS)
def test_a_member_that_is_too_large_refuses_the_archive_and_leaves_no_part_of_it(
    tmp_path: Path, name: str, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_MEMBER_BYTES", 1000)
    pack(tmp_path / name, {"huge.csv": bytes(2000)})
    with pytest.raises(FileRefused, match="more than 1,000 bytes"):
        open_archive(tmp_path / name, lambda _: True, tmp_path / "landing")
    assert not (tmp_path / "landing").exists()


def test_a_member_that_says_it_is_small_and_is_not_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pack_zip(tmp_path / "days.zip", {"huge.csv": bytes(2 << 20)})

    def small_entries(file: io.BytesIO) -> archives.Entries:
        archive = zipfile.ZipFile(file)
        for entry in archive.infolist():
            yield entry.filename, 1, partial(archive.open, entry)

    monkeypatch.setattr(archives, "_zip_entries", small_entries)
    monkeypatch.setattr(archives, "MOST_MEMBER_BYTES", 1000)
    with pytest.raises(FileRefused, match="more than 1,000 bytes"):
        open_archive(tmp_path / "days.zip", lambda _: True, tmp_path / "landing")
    assert list((tmp_path / "landing").iterdir()) == []


def test_too_many_members_refuse_the_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_MEMBERS", 2)
    _pack_tar(tmp_path / "days.tar", CONTENT)
    with pytest.raises(FileRefused, match="more than 2 members"):
        open_archive(tmp_path / "days.tar", lambda _: False, tmp_path / "landing")


@pytest.mark.parametrize(("name", "pack"), KINDS)
def test_an_archive_that_ends_in_the_middle_is_refused(
    tmp_path: Path, name: str, pack: Pack
) -> None:
    path = tmp_path / name
    pack(path, {f"{number}.csv": bytes(range(256)) * 40 for number in range(9)})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(FileRefused, match="can't be read as an archive"):
        open_archive(path, lambda _: True, tmp_path / "landing")


def test_an_encrypted_member_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "days.zip"
    _pack_zip(path, {"a.csv": b"a\n"})
    packed = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.index(signature) + flags] |= 1
    path.write_bytes(packed)
    with pytest.raises(FileRefused, match="can't be read"):
        open_archive(path, lambda _: True, tmp_path / "landing")


def test_only_what_ends_like_an_archive_is_looked_into() -> None:
    names = ["a.tar.gz", "A.TGZ", "b.tar", "c.zip", "d.csv.gz", "e.xlsx", "tar"]
    assert [name for name in names if is_archive(Path(name))] == names[:4]
