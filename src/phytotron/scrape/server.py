"""Serve an archive of pages over real HTTP, with the same responses on every machine.

    python -m phytotron.scrape.server data/site/router.tar.xz [--port 8000]

A crawl of the bundled site uses sockets, headers, redirects and conditional requests as a crawl of
the web does. Nothing differs between two runs: `Date` and `Last-Modified` are the date of the
snapshot, and no response contains the port.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import lzma
import mimetypes
import os
import signal
import subprocess
import sys
import tarfile
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path, PurePosixPath
from types import TracebackType
from urllib.parse import quote, unquote, urlsplit

from phytotron.errors import UserError
from phytotron.files import sha256
from phytotron.html.encoding import declared_encoding

LOOPBACK = "127.0.0.1"
_MAX_BYTES = 1 << 30  # of an archive, unpacked
_MAX_HEAD = 16 << 10  # bytes of a request's header
_REPAIR = "git checkout -- {folder}, or build it: python data/site/build.py"


class SnapshotServer:
    """Serves an archive on a free loopback port while the `with` block runs.

    The server is a separate process, so that it does not compete with the crawler for the
    interpreter; it ends when this process ends, even if it is killed.

    Args:
        archive: a `.tar.xz` file. Its members are served under their names; the file `SHA256SUMS`
            beside it contains its SHA-256.
        host: the host name of the site. The server accepts any name.

    Attributes:
        host: as given.
        port: the loopback port; 0 before the block is entered.

    Raises:
        UserError: on entering, when the archive is missing, changed, damaged or unsafe.
    """

    def __init__(self, archive: Path | str, host: str = "docs.phytotron.test") -> None:
        self.archive = Path(archive)
        self.host = host
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> SnapshotServer:
        verify(self.archive)
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(self.archive), "--until-stdin-closes"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        url = self._process.stdout.readline().strip()
        if not url:
            _, errors = self._process.communicate()
            raise UserError(errors.strip().removeprefix("error: "))
        self.port = urlsplit(url).port or 0
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process is not None
        try:
            self._process.communicate(timeout=10)  # closes its standard input
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()


def verify(archive: Path) -> None:
    """Check an archive against the SHA-256 that `SHA256SUMS` in its folder records for it.

    Raises:
        UserError: the archive or its hash is missing, or the hash differs.
    """
    sums = archive.with_name("SHA256SUMS")
    repair = _REPAIR.format(folder=archive.parent.as_posix())
    for file in (archive, sums):
        if not file.is_file():
            raise UserError("does not exist", where=str(file), hint=repair)
    lines = [line.split() for line in sums.read_text(encoding="utf-8").splitlines()]
    expected = next((line[0] for line in lines if line[1:] == [archive.name]), None)
    if expected is None:
        raise UserError(
            f"has no line for {archive.name}",
            where=str(sums),
            hint=f"for an archive of your own: sha256sum {archive.name} >> SHA256SUMS",
        )
    if (actual := sha256(archive)) != expected:
        raise UserError(
            "is damaged or was changed\n"
            f"  expected SHA-256 {expected}\n"
            f"  found            {actual}",
            where=str(archive),
            hint=repair,
        )


@dataclass(frozen=True)
class _Response:
    """A member of the archive as an HTTP response."""

    head: bytes
    whole: bytes  # head and body
    etag: str


class Snapshot:
    """The members of an archive as finished HTTP responses.

    Args:
        archive: as for `SnapshotServer`.

    Raises:
        UserError: see `SnapshotServer`.
    """

    def __init__(self, archive: Path) -> None:
        verify(archive)
        members, seconds = _read(archive)
        self._date = datetime.fromtimestamp(seconds, UTC)
        self._common = f"Date: {format_datetime(self._date, usegmt=True)}\r\nServer: phytotron\r\n"
        self._pages = {f"/{name}": self._page(name, body) for name, body in members.items()}
        self._moved: dict[str, str] = {}
        for path in self._pages:
            folder, _, name = path.rpartition("/")
            if name == "index.html":
                self._moved |= {folder: path, f"{folder}/": path}

    def answer(self, head: bytes) -> tuple[bytes, bool]:
        """The response to a request and whether the connection closes after it.

        Args:
            head: the request line and the header fields, without the empty line that ends them.
        """
        first, *lines = head.decode("latin-1").split("\r\n")
        try:
            method, target, version = first.split(" ")
        except ValueError:
            return self._refusal("400 Bad Request"), True
        if not version.startswith("HTTP/1."):
            return self._refusal("505 HTTP Version Not Supported"), True
        if method not in ("GET", "HEAD"):  # close: a body may follow, which is no request
            return self._refusal("405 Method Not Allowed", "Allow: GET, HEAD\r\n"), True
        fields = {}
        for line in lines:
            name, _, value = line.partition(":")
            fields[name.lower()] = value.strip()
        last = fields.get("connection", "").lower() == "close" or version == "HTTP/1.0"
        if "content-length" in fields or "transfer-encoding" in fields:
            last = True
        return self._respond(method, target, fields), last

    def _respond(self, method: str, target: str, fields: dict[str, str]) -> bytes:
        if not target.startswith("/"):  # the form for proxies: http://host/path
            target = "/" + target.partition("://")[2].partition("/")[2]
        path = unquote(target.partition("?")[0])
        page = self._pages.get(path)
        if page is None:
            if path in self._moved:
                place = f"Location: {quote(self._moved[path])}\r\n"
                return self._refusal("301 Moved Permanently", place, method == "GET")
            return self._refusal("404 Not Found", body=method == "GET")
        if self._unchanged(page, fields):
            return self._head("304 Not Modified", f"ETag: {page.etag}\r\n")
        return page.head if method == "HEAD" else page.whole

    def _unchanged(self, page: _Response, fields: dict[str, str]) -> bool:
        """Whether the client has the page already (RFC 9110, section 13.2.2)."""
        if (tags := fields.get("if-none-match")) is not None:
            known = [tag.strip().removeprefix("W/") for tag in tags.split(",")]
            return page.etag in known or known == ["*"]
        if (since := fields.get("if-modified-since")) is not None:
            with contextlib.suppress(ValueError, TypeError):  # no date, or one without a zone
                return self._date <= parsedate_to_datetime(since)
        return False

    def _page(self, name: str, body: bytes) -> _Response:
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        last_modified = format_datetime(self._date, usegmt=True)
        head = self._head(
            "200 OK",
            f"Last-Modified: {last_modified}\r\nETag: {etag}\r\n"
            f"Content-Type: {_content_type(name, body)}\r\nContent-Length: {len(body)}\r\n",
        )
        return _Response(head, head + body, etag)

    def _refusal(self, status: str, fields: str = "", body: bool = True) -> bytes:
        page = f"<!DOCTYPE html>\n<title>{status}</title>\n<p>{status}</p>\n".encode()
        kind = f"Content-Type: text/html; charset=utf-8\r\nContent-Length: {len(page)}\r\n"
        return self._head(status, fields + kind) + (page if body else b"")

    def _head(self, status: str, fields: str) -> bytes:
        return f"HTTP/1.1 {status}\r\n{self._common}{fields}\r\n".encode("latin-1")


def _read(archive: Path) -> tuple[dict[str, bytes], float]:
    """The members of an archive by name, and the date of the newest, in seconds since 1970."""
    members: dict[str, bytes] = {}
    newest = 0.0
    free = _MAX_BYTES
    try:
        with tarfile.open(archive, "r:xz") as tar:
            for entry in tar:
                path = PurePosixPath(entry.name)
                if not entry.isreg() or path.is_absolute() or ".." in path.parts:
                    raise UserError(
                        f"holds the unsafe member '{entry.name}'",
                        where=str(archive),
                        allowed="regular files with relative names",
                    )
                free -= entry.size
                if free < 0:
                    raise UserError(f"unpacks to more than {_MAX_BYTES} bytes", where=str(archive))
                content = tar.extractfile(entry)
                assert content is not None  # a regular file has content
                members[str(path)] = content.read()
                newest = max(newest, entry.mtime)
    except (tarfile.TarError, lzma.LZMAError, EOFError) as error:
        raise UserError(f"is not a complete .tar.xz file: {error}", where=str(archive)) from error
    if not members:
        raise UserError("is empty", where=str(archive))
    return members, newest


def _content_type(name: str, body: bytes) -> str:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if kind == "text/html":
        charset = declared_encoding(body)
        return f"{kind}; charset={charset.lower()}" if charset else kind
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


class _Connection(asyncio.Protocol):
    """One connection: requests are answered in order until either side closes it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while not self._transport.is_closing():
            head, end, rest = self._received.partition(b"\r\n\r\n")
            if not end:
                if len(head) > _MAX_HEAD:
                    self._transport.abort()
                return
            self._received = rest
            response, last = self._snapshot.answer(head)
            self._transport.write(response)
            if last:
                self._transport.close()

    def pause_writing(
        self,
    ) -> None:  # the client does not read its responses: read no more requests
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._transport.resume_reading()


async def _serve(snapshot: Snapshot, port: int, until_stdin_closes: bool) -> None:
    loop = asyncio.get_running_loop()
    try:
        server = await loop.create_server(lambda: _Connection(snapshot), LOOPBACK, port)
    except OSError as error:
        raise UserError(f"cannot use port {port}: {error.strerror}") from error
    print(f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}/", flush=True)
    stop = asyncio.Event()
    if until_stdin_closes:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the crawler handles Ctrl-C

        def wait_for_end() -> None:
            while os.read(0, 1024):
                pass
            loop.call_soon_threadsafe(stop.set)

        threading.Thread(target=wait_for_end, daemon=True).start()
    await stop.wait()


def main() -> None:
    """Serve an archive until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("archive", type=Path)
    parser.add_argument("--port", type=int, default=0, help="0 (default): any free port")
    parser.add_argument("--until-stdin-closes", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    snapshot = Snapshot(options.archive)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(snapshot, options.port, options.until_stdin_closes))


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
