"""The snapshot server responds as a web server does, and in the same way on every machine."""

from __future__ import annotations

import hashlib
import io
import lzma
import signal
import socket
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from phytotron.errors import UserError
from phytotron.scrape.server import Snapshot, SnapshotServer

DATE = 1_700_000_000
HTTP_DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
PAGES = {
    "index.html": b'<meta charset="utf-8"><title>Start</title>',
    "docs/index.html": "<meta charset='ISO-8859-1'><p>\xe4".encode("latin-1"),
    "docs/a b.html": b"<p>no declaration",
    "docs/large.html": b"x" * 1_000_000,
    "robots.txt": b"User-agent: *\nDisallow:\n",
    "sitemap.xml": b"<urlset/>",
}


def write_archive(
    folder: Path, members: dict[str, bytes], *, kind: bytes = tarfile.REGTYPE, record: bool = True
) -> Path:
    """An archive of `members` with its SHA256SUMS."""
    archive = folder / "site.tar.xz"
    with tarfile.open(archive, "w:xz") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.mtime = kind, DATE
            entry.size = len(content) if kind == tarfile.REGTYPE else 0
            tar.addfile(entry, io.BytesIO(content))
    if record:
        record_hash(archive)
    return archive


def record_hash(archive: Path) -> None:
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    archive.with_name("SHA256SUMS").write_text(f"{digest}  {archive.name}\n")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_archive(tmp_path_factory.mktemp("site"), PAGES)


@pytest.fixture(scope="module")
def server(archive: Path) -> Iterator[SnapshotServer]:
    with SnapshotServer(archive) as running:
        yield running


@pytest.fixture(scope="module")
def snapshot(archive: Path) -> Snapshot:
    return Snapshot(archive)


def ask(
    server: SnapshotServer, path: str, method: str = "GET", **headers: str
) -> requests.Response:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.request(
        method,
        f"http://127.0.0.1:{server.port}{path}",
        headers=fields,
        timeout=10,
        allow_redirects=False,
    )


def exchange(server: SnapshotServer, *pieces: bytes) -> bytes:
    """The bytes that the server sends on one connection until it closes it."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
        return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def test_serves_every_member(server: SnapshotServer) -> None:
    for name, content in PAGES.items():
        response = ask(server, f"/{name}")
        assert (response.status_code, response.content) == (200, content)


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/index.html", "text/html; charset=utf-8"),
        ("/docs/index.html", "text/html; charset=iso-8859-1"),
        ("/docs/a%20b.html", "text/html"),
        ("/robots.txt", "text/plain; charset=utf-8"),
    ],
)
def test_content_types(server: SnapshotServer, path: str, content_type: str) -> None:
    assert ask(server, path).headers["Content-Type"] == content_type


def test_xml_is_xml(server: SnapshotServer) -> None:
    assert ask(server, "/sitemap.xml").headers["Content-Type"] in (
        "application/xml",
        "text/xml; charset=utf-8",
    )


def test_nothing_depends_on_the_time_or_the_port(archive: Path, server: SnapshotServer) -> None:
    with SnapshotServer(archive) as other:
        assert other.port != server.port
        request = b"GET /docs HTTP/1.0\r\n\r\n", b"GET /index.html HTTP/1.0\r\n\r\n"
        for head in request:
            answer = exchange(server, head)
            assert answer == exchange(other, head)
            assert f"Date: {HTTP_DATE}\r\n".encode() in answer


def test_conditional_requests(server: SnapshotServer) -> None:
    full = ask(server, "/index.html")
    etag = full.headers["ETag"]
    assert full.headers["Last-Modified"] == HTTP_DATE
    for condition in (etag, f'"x", W/{etag}', "*"):
        unchanged = ask(server, "/index.html", If_None_Match=condition)
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert unchanged.headers["ETag"] == etag
    assert ask(server, "/index.html", If_None_Match='"x"').status_code == 200
    assert ask(server, "/index.html", If_Modified_Since=HTTP_DATE).status_code == 304
    before = "Tue, 14 Nov 2023 22:13:19 GMT"
    assert ask(server, "/index.html", If_Modified_Since=before).status_code == 200
    assert ask(server, "/index.html", If_Modified_Since="yesterday").status_code == 200
    both = {"If_None_Match": '"x"', "If_Modified_Since": HTTP_DATE}
    assert ask(server, "/index.html", **both).status_code == 200, "If-None-Match wins"


def test_head_has_no_body(server: SnapshotServer) -> None:
    response = ask(server, "/robots.txt", "HEAD")
    assert response.headers == ask(server, "/robots.txt").headers
    for path in (b"/robots.txt", b"/nowhere"):
        answer = exchange(server, b"HEAD " + path + b" HTTP/1.0\r\n\r\n")
        assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        ("/", 301, "/index.html"),
        ("/docs", 301, "/docs/index.html"),
        ("/docs/", 301, "/docs/index.html"),
        ("/docs/?page=2", 301, "/docs/index.html"),
        ("/index.html?page=2", 200, None),
        ("/nowhere.html", 404, None),
        ("/docs/../../etc/passwd", 404, None),
        ("/%2e%2e/etc/passwd", 404, None),
    ],
)
def test_paths(server: SnapshotServer, path: str, status: int, location: str | None) -> None:
    first = exchange(server, f"GET {path} HTTP/1.0\r\n\r\n".encode()).split(b"\r\n\r\n")[0]
    assert first.startswith(f"HTTP/1.1 {status} ".encode())
    assert (b"Location: " in first) == (location is not None)
    if location:
        assert f"Location: {location}\r\n".encode() in first


def test_requests_on_one_connection(server: SnapshotServer) -> None:
    """Pipelined, cut anywhere, and an absolute address as proxies get it."""
    pieces = (
        b"GET /index.html HTTP/1.1\r\nHost: a\r\n\r\nGET /robots.txt HT",
        b"TP/1.1\r\nHost: a\r",
        b"\n\r\nGET http://any.test/sitemap.xml HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    )
    answer = exchange(server, *pieces)
    bodies = [PAGES["index.html"], PAGES["robots.txt"], PAGES["sitemap.xml"]]
    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert [answer.find(body) for body in bodies] == sorted(answer.find(body) for body in bodies)
    assert answer.endswith(bodies[-1])


def test_a_slow_reader_gets_everything(server: SnapshotServer) -> None:
    request = b"GET /docs/large.html HTTP/1.1\r\nHost: a\r\n\r\n" * 8
    answer = exchange(server, request, b"GET / HTTP/1.0\r\n\r\n")
    assert answer.count(PAGES["docs/large.html"]) == 8


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (b"POST /index.html HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", 405),
        (b"GET /index.html HTTP/1.1\r\nContent-Length: 9\r\n\r\nGET / HTT", 200),
        (b"GET /index.html HTTP/2.0\r\n\r\n", 505),
        (b"GET /index.html\r\n\r\n", 400),
        (b"\x16\x03\x01\r\n\r\n", 400),
    ],
)
def test_odd_requests_are_answered_once(
    server: SnapshotServer, request_head: bytes, status: int
) -> None:
    answer = exchange(server, request_head)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert answer.count(b"HTTP/1.1") == 1


def test_an_endless_head_is_cut_off(server: SnapshotServer) -> None:
    with pytest.raises(OSError, match=r"reset|[Bb]roken pipe|aborted"):
        exchange(server, *[b"X: " + b"y" * 1000 + b"\r\n"] * 10_000)


@given(head=st.binary(max_size=80))
def test_no_request_breaks_the_server(snapshot: Snapshot, head: bytes) -> None:
    for request in (head, b"GET " + head + b" HTTP/1.1", b"GET / HTTP/1.1\r\n" + head):
        response, _ = snapshot.answer(request)
        assert response.startswith(b"HTTP/1.1 ")
        assert b"\r\n\r\n" in response


def test_ends_with_the_block(archive: Path) -> None:
    with SnapshotServer(archive) as running:
        assert ask(running, "/").status_code == 301
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", running.port), timeout=10)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_ends_with_a_killed_parent(archive: Path) -> None:
    code = (
        "import sys; from phytotron.scrape.server import SnapshotServer\n"
        "with SnapshotServer(sys.argv[1]) as server:\n"
        "    print(server.port, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(archive)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdout
    assert parent.stdin
    port = int(parent.stdout.readline())
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert connection.recv(1) == b"", "the server is gone, so the connection has ended"
    parent.stdin.close()
    parent.stdout.close()


def test_a_damaged_archive_names_both_hashes(tmp_path: Path) -> None:
    archive = write_archive(tmp_path, PAGES)
    content = bytearray(archive.read_bytes())
    expected = hashlib.sha256(content).hexdigest()
    content[len(content) // 2] ^= 1
    archive.write_bytes(content)
    with pytest.raises(UserError) as raised, SnapshotServer(archive):
        pass
    for part in (str(archive), expected, hashlib.sha256(content).hexdigest(), "git checkout"):
        assert part in str(raised.value)


def test_a_missing_archive_or_hash_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(UserError, match=r"site\.tar\.xz: does not exist"),
        SnapshotServer(tmp_path / "site.tar.xz"),
    ):
        pass
    archive = write_archive(tmp_path, PAGES, record=False)
    with pytest.raises(UserError, match="SHA256SUMS: does not exist"), SnapshotServer(archive):
        pass
    (tmp_path / "SHA256SUMS").write_text("# nothing\n\nabc  other.tar.xz\n")
    with (
        pytest.raises(UserError, match=r"sha256sum site\.tar\.xz >> SHA256SUMS"),
        SnapshotServer(archive),
    ):
        pass


@pytest.mark.parametrize(
    ("member", "kind"),
    [
        ("../evil.html", tarfile.REGTYPE),
        ("/etc/evil.html", tarfile.REGTYPE),
        ("evil.html", tarfile.SYMTYPE),
        ("evil.html", tarfile.CHRTYPE),
    ],
)
def test_unsafe_members_are_refused(tmp_path: Path, member: str, kind: bytes) -> None:
    archive = write_archive(tmp_path, {member: b""}, kind=kind)
    with pytest.raises(UserError, match="unsafe member") as raised:
        Snapshot(archive)
    assert member in str(raised.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"no archive", lzma.compress(b"no tar"), lzma.compress(bytes(10_240))[:-9]],
    ids=["empty file", "other file", "other content", "cut off"],
)
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    archive = tmp_path / "site.tar.xz"
    archive.write_bytes(content)
    record_hash(archive)
    with (
        pytest.raises(UserError, match=r"site\.tar\.xz: is (not a complete|empty)"),
        SnapshotServer(archive),
    ):
        pass


def test_command_line(archive: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "phytotron.scrape.server"]
    done = subprocess.run(
        [*command, str(tmp_path / "no")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        arguments = [str(archive), "--port", str(port)]
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"cannot use port {port}" in done.stderr

    with subprocess.Popen(
        [*command, str(archive)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        assert requests.get(url, timeout=10).content == PAGES["index.html"]
        process.terminate()
