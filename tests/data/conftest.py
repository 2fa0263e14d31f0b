"""Archives as their publishers made them, in a cache of their own."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from phytotron.data.sources import file_name
from phytotron.files import sha256


def packed_tar(members: dict[str, bytes], mode: str = "w:gz") -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=mode) as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return target.getvalue()


def packed_zip(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return target.getvalue()


def packed_deb(members: dict[str, bytes]) -> bytes:
    """An `ar` archive of three files, the last one a tar archive (see `man 5 deb`)."""
    files = {
        "debian-binary": b"2.0\n",
        "control.tar.xz": packed_tar({"./control": b"odd"}, "w:xz"),
        "data.tar.xz": packed_tar(
            {f"./{name}": content for name, content in members.items()}, "w:xz"
        ),
    }
    parts = [b"!<arch>\n"]
    for name, content in files.items():
        parts.append(f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode())
        parts.append(content + b"\n" * (len(content) % 2))
    return b"".join(parts)


PACKERS = {"npm": packed_tar, "pypi": packed_zip, "debian": packed_deb}


@pytest.fixture
def cached(tmp_path):
    """`cached(provider, members)`: the sources of an archive with these files, in a cache.

    The cache is `cached.folder`.
    """

    def keep(provider: str, members: dict[str, bytes]) -> list[dict[str, str]]:
        number = len(list(cache.iterdir()))
        path = cache / f"package-{number}"
        path.write_bytes(PACKERS[provider](members))
        source = {
            "provider": provider,
            "package": "package",
            "version": str(number),
            "sha256": sha256(path),
        }
        assert file_name(source) == path.name
        return [source]

    cache: Path = tmp_path / "cache"
    cache.mkdir()
    keep.folder = cache
    return keep
