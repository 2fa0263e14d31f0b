"""Read the pages of a web archive, with an error for a truncated file.

A `.warc.gz` file is a sequence of gzip members, each with a checksum. They are unpacked here one by
one, because a reader of the whole stream does not notice that the file was cut off.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from phytotron.errors import UserError

_CHUNK = 1 << 20  # bytes read from the file at once


class RawPage(NamedTuple):
    """The body of a successful response, with transfer and content encodings undone."""

    url: str
    content_type: str
    body: bytes


def read_pages(path: Path | str) -> Iterator[RawPage]:
    """The responses of a web archive with status 200, in the order of the file.

    Raises:
        UserError: the file is missing or damaged; the message names it and the byte offset at
            which the broken record begins.
    """
    for offset, member in _members(Path(path)):
        try:
            for record in ArchiveIterator(BytesIO(member)):
                if record.rec_type == "response" and record.http_headers.get_statuscode() == "200":
                    yield RawPage(
                        record.rec_headers.get_header("WARC-Target-URI"),
                        record.http_headers.get_header("Content-Type") or "",
                        record.content_stream().read(),
                    )
        except (ArchiveLoadFailed, zlib.error, EOFError, ValueError, AttributeError) as error:
            raise _damaged(Path(path), offset, str(error)) from error


def _members(path: Path) -> Iterator[tuple[int, bytes]]:
    """Each gzip member as (offset in the file, unpacked bytes)."""
    if not path.exists():
        raise UserError("does not exist", where=str(path), hint="run: dvc repro scrape")
    with path.open("rb") as file:
        offset, packed = 0, b""
        while packed or (packed := file.read(_CHUNK)):
            unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)  # gzip, verifying the checksum
            unpacked, size = [], 0
            while not unpacker.eof:
                if not packed and not (packed := file.read(_CHUNK)):
                    raise _damaged(path, offset, "the file ends within it")
                try:
                    unpacked.append(unpacker.decompress(packed))
                except zlib.error as error:
                    raise _damaged(path, offset, str(error)) from error
                size += len(packed) - len(unpacker.unused_data)
                packed = unpacker.unused_data
            yield offset, b"".join(unpacked)
            offset += size


def _damaged(path: Path, offset: int, why: str) -> UserError:
    return UserError(
        f"the record at byte {offset} is damaged: {why}",
        where=str(path),
        hint="crawl again: dvc repro --force --single-item scrape",
    )
