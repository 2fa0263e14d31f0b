"""Reading published archives: tar, zip (a wheel too) and Debian packages, straight into memory.

Nothing is unpacked to the disk, so no member can overwrite a file. Archives that no honest data set
needs are refused all the same: with a member whose path leads out of the archive, with a link in
the place of a file, with more than `MAX_MEMBERS` members, or with an expansion to more than
`MAX_EXPANSION` times the size.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Protocol

from phytotron.errors import UserError

MAX_EXPANSION = 200  # bytes read for each byte of the archive; text expands about 20 times
MAX_MEMBERS = 200_000
_ALWAYS_ALLOWED = 1 << 20  # bytes that even the smallest archive may expand to

_DAMAGED = (
    EOFError,
    ValueError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    gzip.BadGzipFile,
)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def members(archive: Path, pattern: str) -> Iterator[tuple[str, bytes]]:
    """The names and contents of the files whose name matches a pattern such as `*/train-*`.

    Raises:
        UserError: the archive is damaged or refused; see the module.
    """
    try:
        with archive.open("rb") as file:
            magic = file.read(8)
            file.seek(0)
            if magic.startswith(b"PK"):
                yield from _of_zip(archive, file, pattern)
            elif magic == b"!<arch>\n":
                yield from _of_debian_package(archive, file, pattern)
            else:
                yield from _of_tar(archive, file, pattern)
    except UserError:
        raise
    except _DAMAGED as error:
        raise UserError(f"the archive is damaged: {error}", where=str(archive)) from error


def member(archive: Path, name: str) -> bytes:
    """The content of the file of this name.

    Raises:
        UserError: there is no such file, or the archive is damaged or refused.
    """
    for _, content in members(archive, name):
        return content
    raise UserError(f"there is no '{name}' in the archive", where=str(archive))


def gunzipped(content: bytes, where: str) -> bytes:
    """The content of a gzip file that is a member of an archive.

    Raises:
        UserError: the file is damaged, or expands too far.
    """
    stream = _Limited(gzip.GzipFile(fileobj=io.BytesIO(content)), len(content), where)
    try:
        return stream.read()
    except (EOFError, OSError, zlib.error) as error:
        raise UserError(f"the file is damaged: {error}", where=where) from error


def _of_zip(archive: Path, file: IO[bytes], pattern: str) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(file) as opened:
        entries = opened.infolist()
        limit = _limit(archive.stat().st_size)
        if len(entries) > MAX_MEMBERS or sum(entry.file_size for entry in entries) > limit:
            raise _too_large_error(str(archive))
        for entry in entries:
            _check_path(entry.filename, archive)
            if fnmatchcase(entry.filename, pattern) and not entry.is_dir():
                if entry.external_attr >> 28 == 0o12:  # a symbolic link, as Unix marks it
                    raise UserError(f"'{entry.filename}' is a link", where=str(archive))
                yield entry.filename, opened.read(entry)


def _of_debian_package(archive: Path, file: IO[bytes], pattern: str) -> Iterator[tuple[str, bytes]]:
    """An `ar` archive whose `data.tar`, in some compression, holds the files (see `man 5 deb`)."""
    file.seek(8)
    while header := file.read(60):
        name, size = header[:16].decode("ascii").strip().rstrip("/"), int(header[48:58])
        if name.startswith("data.tar"):
            content = file.read(size)
            if len(content) < size:
                raise EOFError("it is truncated")
            yield from _of_tar(archive, io.BytesIO(content), pattern)
            return
        file.seek(size + size % 2, io.SEEK_CUR)
    raise EOFError("there is no data.tar in it")


def _of_tar(archive: Path, file: IO[bytes], pattern: str) -> Iterator[tuple[str, bytes]]:
    with _decompressed(file) as plain:
        stream = _Limited(plain, archive.stat().st_size, str(archive))
        with tarfile.open(fileobj=stream, mode="r|") as opened:
            for count, entry in enumerate(opened):
                if count >= MAX_MEMBERS:
                    raise _too_large_error(str(archive))
                _check_path(entry.name, archive)
                name = entry.name.removeprefix("./")
                if not fnmatchcase(name, pattern) or entry.isdir():
                    continue
                if not entry.isreg():
                    raise UserError(f"'{entry.name}' is a link or a device", where=str(archive))
                content = opened.extractfile(entry)
                assert content is not None, "regular members have contents"
                yield name, content.read()


@contextmanager
def _decompressed(file: IO[bytes]) -> Iterator[_Readable]:
    magic = file.read(6)
    file.seek(0)
    if magic.startswith(b"\x1f\x8b"):
        with gzip.GzipFile(fileobj=file) as plain:
            yield plain
    elif magic.startswith(b"\xfd7zXZ\x00"):
        with lzma.LZMAFile(file) as plain:
            yield plain
    elif magic.startswith(b"BZh"):
        with bz2.BZ2File(file) as plain:
            yield plain
    elif magic.startswith(b"\x28\xb5\x2f\xfd"):
        import pyarrow as pa  # here: only this format needs more than the standard library

        with pa.input_stream(file, compression="zstd") as plain:
            yield plain
    else:
        yield file


class _Limited(io.RawIOBase):
    """A stream that raises an error once more is read than the archive may expand to."""

    def __init__(self, stream: _Readable, archive_size: int, where: str) -> None:
        self.stream = stream
        self.left = _limit(archive_size)
        self.where = where

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        content = self.stream.read(self.left + 1 if size < 0 else min(size, self.left + 1))
        self.left -= len(content)
        if self.left < 0:
            raise _too_large_error(self.where)
        return content


def _limit(archive_size: int) -> int:
    return MAX_EXPANSION * archive_size + _ALWAYS_ALLOWED


def _too_large_error(where: str) -> UserError:
    return UserError(
        "the archive expands too far",
        where=where,
        allowed=f"at most {MAX_EXPANSION} times its size and {MAX_MEMBERS} members",
    )


def _check_path(name: str, archive: Path) -> None:
    for path in (PurePosixPath(name), PureWindowsPath(name)):
        if path.is_absolute() or path.drive or ".." in path.parts:
            raise UserError(f"the member '{name}' leads out of the archive", where=str(archive))
