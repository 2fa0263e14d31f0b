"""Archives of each kind, and those that are refused."""

from __future__ import annotations

import gzip
import io
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from phytotron.data import archives
from phytotron.errors import UserError

FILES = {"package/a.txt": b"first", "package/deep/b.csv": b"second"}


def tar(members: dict[str, bytes] | list[tarfile.TarInfo], mode: str = "w") -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=mode) as opened:
        if isinstance(members, dict):
            for name, content in members.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                opened.addfile(member, io.BytesIO(content))
        else:
            for member in members:
                opened.addfile(member)
    return target.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return target.getvalue()


def deb(content: bytes, compression: str) -> bytes:
    """An `ar` archive as `dpkg-deb` makes it (see `man 5 deb`)."""
    parts = [b"!<arch>\n"]
    for name, file in {"debian-binary": b"2.0\n", f"data.tar{compression}": content}.items():
        parts.append(f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(file):<10}`\n".encode())
        parts.append(file + b"\n" * (len(file) % 2))
    return b"".join(parts)


def zstd(content: bytes) -> bytes:
    return pa.compress(content, codec="zstd", asbytes=True)


HONEST = {
    "tar": lambda files: tar(files),
    "tar.gz": lambda files: tar(files, "w:gz"),
    "tar.xz": lambda files: tar(files, "w:xz"),
    "tar.bz2": lambda files: tar(files, "w:bz2"),
    "zip": zipped,
    "deb with xz": lambda files: deb(tar(files, "w:xz"), ".xz"),
    "deb with zstd": lambda files: deb(zstd(tar(files)), ".zst"),
}


@pytest.fixture(params=HONEST)
def kept(request, tmp_path):
    """`kept(files)`: an archive of each kind with these files."""

    def keep(files: dict[str, bytes]) -> Path:
        path = tmp_path / "archive"
        path.write_bytes(HONEST[request.param](files))
        return path

    return keep


def test_members_are_chosen_by_a_pattern(kept):
    path = kept(FILES)
    assert dict(archives.members(path, "*")) == FILES
    assert dict(archives.members(path, "*.csv")) == {"package/deep/b.csv": b"second"}
    assert archives.member(path, "package/a.txt") == b"first"


def test_a_missing_member_is_reported(kept):
    with pytest.raises(UserError, match=r"there is no 'b\.txt' in the archive"):
        archives.member(kept(FILES), "b.txt")


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/etc/evil", "C:/evil", "..\\evil"])
def test_a_path_that_leads_out_is_refused(kept, name):
    with pytest.raises(UserError, match="leads out of the archive"):
        list(archives.members(kept(FILES | {name: b""}), "package/*"))


def test_half_an_archive_is_reported(kept):
    path = kept({"package/noise": bytes(range(256)) * 64})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UserError, match="the archive is damaged"):
        archives.member(path, "package/noise")


def test_an_archive_with_too_many_members_is_refused(kept, monkeypatch):
    monkeypatch.setattr(archives, "MAX_MEMBERS", 3)
    assert len(list(archives.members(kept({str(i): b"" for i in range(3)}), "*"))) == 3
    with pytest.raises(UserError, match="expands too far"):
        list(archives.members(kept({str(i): b"" for i in range(4)}), "*"))


MEGABYTES = 24
BOMBS = {
    "tar.gz": lambda: tar({"a": bytes(MEGABYTES << 20)}, "w:gz"),
    "tar.xz": lambda: tar({"a": bytes(MEGABYTES << 20)}, "w:xz"),
    "zip": lambda: zipped({"a": bytes(MEGABYTES << 20)}),
    "deb": lambda: deb(tar({"a": bytes(MEGABYTES << 20)}, "w:xz"), ".xz"),
}


@pytest.mark.parametrize("kind", BOMBS)
@pytest.mark.parametrize("wanted", ["a", "b"])
def test_an_absurd_expansion_is_refused_before_it_fills_the_memory(tmp_path, kind, wanted):
    path = tmp_path / "bomb"
    path.write_bytes(BOMBS[kind]())
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match="expands too far"):
            list(archives.members(path, wanted))
        assert tracemalloc.get_traced_memory()[1] < (MEGABYTES << 20) / 2
    finally:
        tracemalloc.stop()


def test_a_bomb_in_an_archive_is_refused():
    with pytest.raises(UserError, match=r"x\.gz: the archive expands too far"):
        archives.gunzipped(gzip.compress(bytes(MEGABYTES << 20)), "x.gz")


def test_half_a_file_in_an_archive_is_reported():
    whole = gzip.compress(bytes(range(256)) * 64)
    assert archives.gunzipped(whole, "x.gz") == bytes(range(256)) * 64
    with pytest.raises(UserError, match=r"x\.gz: the file is damaged"):
        archives.gunzipped(whole[: len(whole) // 2], "x.gz")


def link(name: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, "/etc/passwd"
    return member


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_a_link_is_no_file(tmp_path, kind):
    path = tmp_path / "archive"
    path.write_bytes(tar([link("package/a", kind), tarfile.TarInfo("package/b")]))
    assert archives.member(path, "package/b") == b""
    with pytest.raises(UserError, match="'package/a' is a link"):
        archives.member(path, "package/a")


def test_a_link_in_a_zip_is_no_file(tmp_path):
    entry = zipfile.ZipInfo("package/a")
    entry.external_attr = 0o120777 << 16  # what `zip --symlinks` writes
    with zipfile.ZipFile(tmp_path / "archive", "w") as opened:
        opened.writestr(entry, "/etc/passwd")
    with pytest.raises(UserError, match="'package/a' is a link"):
        archives.member(tmp_path / "archive", "package/a")


@pytest.mark.parametrize("content", [b"", b"<html>Not found</html>", b"PK\x03\x04", b"!<arch>\n"])
def test_a_file_that_is_no_archive_is_reported(tmp_path, content):
    (tmp_path / "archive").write_bytes(content)
    with pytest.raises(UserError, match="archive"):
        archives.member(tmp_path / "archive", "a")
