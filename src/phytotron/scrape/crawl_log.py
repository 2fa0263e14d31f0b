"""The log of a crawl: what it has fetched so far, so that a killed crawl can continue.

Each response is appended to the file as soon as it is complete. A record is a header (CRC-32,
length of the description, length of the archive record), the description as JSON, and the response
as a finished gzip member of the web archive. A record that a kill left half-written at the end is
recognised by its length or its checksum and cut off.

The log of a finished crawl is kept, so that the next crawl of the site can ask whether a page has
changed and keep the pages that have not.
"""

from __future__ import annotations

import json
import os
import struct
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from phytotron.errors import UserError
from phytotron.files import sync

_HEADER = struct.Struct("<III")


@dataclass
class Entry:
    """The result of the request for one address.

    Attributes:
        url: the normalised address.
        kind: "page", "robots" or "sitemap".
        outcome: "stored" (there is a body), "redirect", "skipped" (no page) or "failed".
        why: the reason of "skipped" and "failed"; the target of a redirect.
        status: the HTTP status; 0 when no response came.
        temporary: whether another attempt may succeed.
        unreachable: whether there was not even a connection.
        size: bytes of the body.
        etag, last_modified: validators for the next crawl.
        fetched_at: seconds since 1970.
        links: the addresses that the page links to, if they belong to the site.
        canonical: the canonical address that the page declares, if it is another one of the site.
        noindex: whether the page asks not to be kept.
    """

    url: str
    kind: str
    outcome: str
    why: str = ""
    status: int = 0
    temporary: bool = False
    unreachable: bool = False
    size: int = 0
    etag: str = ""
    last_modified: str = ""
    fetched_at: float = 0.0
    links: list[str] = field(default_factory=list)
    canonical: str | None = None
    noindex: bool = False


class CrawlLog:
    """An append-only file of entries; one process may write it, from several threads.

    Args:
        path: the file; created when it is missing.

    Attributes:
        entries: the latest entry of each (kind, address).

    Raises:
        UserError: another process is writing it.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.entries: dict[tuple[str, str], Entry] = {}
        self._places: dict[tuple[str, str], tuple[int, int]] = {}
        self._lock = threading.Lock()
        self._file: BinaryIO = path.open("a+b", buffering=0)
        _lock(self._file, path)
        self._end = self._load()
        self._file.truncate(self._end)

    def __enter__(self) -> CrawlLog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def append(self, entry: Entry, record: bytes = b"") -> None:
        """Add an entry with its archive record.

        When this returns, the operating system has the data: it survives the death of the process.
        `sync` makes it survive a power failure too.
        """
        about = json.dumps(vars(entry), ensure_ascii=False, separators=(",", ":")).encode()
        checksum = zlib.crc32(record, zlib.crc32(about))
        data = b"".join((_HEADER.pack(checksum, len(about), len(record)), about, record))
        with self._lock:
            rest = memoryview(data)
            try:
                while (
                    rest
                ):  # on a full disk, the first write may be partial and the next one raises
                    rest = rest[self._file.write(rest) :]
            except OSError:
                self._file.truncate(self._end)
                raise
            key = (entry.kind, entry.url)
            self.entries[key] = entry
            self._places[key] = (self._end + _HEADER.size + len(about), len(record))
            self._end += len(data)

    def record(self, entry: Entry) -> bytes:
        """The archive record of an entry."""
        offset, length = self._places[entry.kind, entry.url]
        with self._lock:
            self._file.seek(offset)
            return self._file.read(length)

    def sync(self) -> None:
        """Flush the file to the disk."""
        os.fsync(self._file.fileno())

    def _load(self) -> int:
        """Read all complete entries; return where the last one ends."""
        end = 0
        size = self._file.seek(0, os.SEEK_END)
        self._file.seek(0)
        with open(self._file.fileno(), "rb", closefd=False) as file:
            for about, start, length in _complete_records(file, size):
                entry = Entry(**json.loads(about))
                self.entries[entry.kind, entry.url] = entry
                self._places[entry.kind, entry.url] = (start, length)
                end = start + length
        return end


def retire(log: Path, previous: Path) -> None:
    """Make the log of a finished crawl the previous one, which the next crawl compares with."""
    log.replace(previous)
    sync(previous.parent)


def _complete_records(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Description, and start and length of the archive record, of the entries before a bad one."""
    while len(header := file.read(_HEADER.size)) == _HEADER.size:
        checksum, about_length, length = _HEADER.unpack(header)
        if about_length + length > size:
            return
        about = file.read(about_length)
        start = file.tell()
        record = file.read(length)
        if len(record) < length or zlib.crc32(record, zlib.crc32(about)) != checksum:
            return
        yield about, start, length


def _lock(file: BinaryIO, path: Path) -> None:
    """Lock the file until it is closed or the process ends, where the system can."""
    try:
        import fcntl
    except ImportError:  # Windows: there is only the pipeline's own lock
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise UserError("another crawl of this site is running", where=str(path)) from None
