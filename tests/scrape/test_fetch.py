from __future__ import annotations

import gzip
import socket
import ssl
import subprocess
import threading
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from requests import certs

from phytotron.scrape.fetch import Fetcher, FetchError, Response

LIMIT = 100_000


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    made = Fetcher("tester/1.0", timeout=5.0, allow_private=True)
    yield made
    made.close()


@pytest.fixture
def impatient() -> Iterator[Fetcher]:
    made = Fetcher("tester/1.0", timeout=0.3, allow_private=True)
    yield made
    made.close()


def failure(fetcher: Fetcher, url: str, limit: int = LIMIT) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetcher.get(url, limit)
    return caught.value


def test_a_page_comes_with_its_headers(server, fetcher, answer) -> None:
    server.routes["/a"] = answer("<p>hello", {"X-Two": "b"})
    response = fetcher.get(f"{server.root}/a", LIMIT)
    assert (response.status, response.reason, response.body) == (200, "OK", b"<p>hello")
    assert response.header("x-two") == "b"
    assert response.header("x-three") == ""
    assert server.requests[0].headers["user-agent"] == "tester/1.0"


def test_one_connection_serves_all_requests_of_a_thread(server, fetcher, answer) -> None:
    server.routes["/a"] = "page"
    server.routes["/moved"] = answer("moved", {"Location": "/a"}, "302 Found")
    server.routes["/same"] = answer("", {"Content-Length": ""}, "304 Not Modified")
    for path in ("/a", "/missing", "/moved", "/same", "/a"):
        fetcher.get(f"{server.root}{path}", LIMIT)
    assert len({id(request.socket) for request in server.requests}) == 1


def test_redirects_are_not_followed(server, fetcher, answer) -> None:
    server.routes["/a"] = answer("", {"Location": "/b"}, "301 Moved Permanently")
    response = fetcher.get(f"{server.root}/a", LIMIT)
    assert (response.status, response.header("location"), response.body) == (301, "/b", b"")
    assert server.paths() == ["/a"]


def test_the_endless_body_of_a_redirect_is_not_read(server, fetcher) -> None:
    def endless(request):
        request.send(b"HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n")
        while not server.stopping.is_set():
            request.send(bytes(65536))

    server.routes["/a"] = endless
    assert fetcher.get(f"{server.root}/a", LIMIT).status == 302


def test_cookies_are_not_kept(server, fetcher, answer) -> None:
    server.routes["/a"] = answer("page", {"Set-Cookie": "id=7; Path=/"})
    for _ in range(2):
        fetcher.get(f"{server.root}/a", LIMIT)
    assert "cookie" not in server.requests[1].headers


def test_a_proxy_of_the_environment_is_not_used(server, fetcher, monkeypatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server.routes["/a"] = "page"
    assert fetcher.get(f"{server.root}/a", LIMIT).body == b"page"


def test_a_bomb_stops_at_the_limit_and_takes_no_memory(server, fetcher, answer) -> None:
    deflater = zlib.compressobj(9, wbits=31)
    start = deflater.compress(b"<p>") + deflater.flush(zlib.Z_FULL_FLUSH)
    megabyte = deflater.compress(bytes(1 << 20)) + deflater.flush(zlib.Z_FULL_FLUSH)
    bomb = start + megabyte * 300 + deflater.flush()
    assert len(bomb) < 400_000
    server.routes["/bomb"] = answer(bomb, {"Content-Encoding": "gzip"})
    tracemalloc.start()
    error = failure(fetcher, f"{server.root}/bomb", 5_000_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert error.reason == "larger than 5000000 bytes"
    assert not error.temporary
    assert peak < 20_000_000


def test_a_body_without_end_stops_at_the_limit(server, fetcher) -> None:
    def endless(request):
        request.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        while not server.stopping.is_set():
            request.send(bytes(65536))

    server.routes["/endless"] = endless
    assert failure(fetcher, f"{server.root}/endless").reason == f"larger than {LIMIT} bytes"
    assert len(fetcher.get(f"{server.root}/endless", LIMIT, cut=True).body) == LIMIT


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_compressed_pages_are_unpacked(server, fetcher, encoding, answer) -> None:
    data = {"gzip": gzip.compress, "deflate": zlib.compress}[encoding](b"page" * 1000)
    server.routes["/a"] = answer(data, {"Content-Encoding": encoding})
    assert fetcher.get(f"{server.root}/a", LIMIT).body == b"page" * 1000


def test_an_unknown_encoding_is_not_wanted(server, fetcher, answer) -> None:
    server.routes["/a"] = answer("page", {"Content-Encoding": "br"})
    assert fetcher.get(f"{server.root}/a", LIMIT).unwanted == "unknown content encoding"


def test_an_unwanted_body_is_not_read(server, fetcher) -> None:
    def video(request):
        request.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 999999999\r\n\r\n"
        )
        server.stopping.wait(20)

    def refuses(head: Response) -> str | None:
        return head.header("Content-Type")

    server.routes["/video"] = video
    response = fetcher.get(f"{server.root}/video", LIMIT, refuses=refuses)
    assert (response.unwanted, response.body) == ("video/mp4", b"")


def drip(server, request, data: bytes) -> None:
    for i in range(len(data)):
        request.send(data[i : i + 1])
        if server.stopping.wait(0.02):
            return


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"", id="silence"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX-Slow: ", id="header"),
        pytest.param(HEAD + b"Content-Length: 5000\r\n\r\n", id="body"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", id="chunk-size"),
        pytest.param(HEAD + b"Connection: close\r\n\r\n", id="body-until-close"),
    ],
)
def test_a_slow_server_is_disconnected_at_the_time_limit(server, impatient, start) -> None:
    def slow(request):
        request.send(start)
        drip(server, request, b"0" * 2000 if start else b"")
        server.stopping.wait(20)

    server.routes["/slow"] = slow
    began = time.monotonic()
    error = failure(impatient, f"{server.root}/slow")
    assert error.reason == "took too long"
    assert error.temporary
    assert time.monotonic() - began < 5


def test_a_full_queue_of_connections_does_not_block_the_client(impatient) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        began = time.monotonic()
        assert failure(impatient, f"http://127.0.0.1:{port}/").temporary
        assert time.monotonic() - began < 5
        for filler in fillers:
            filler.close()


def sends(data: bytes):
    """A handler that sends these bytes and closes the connection."""

    def handler(request):
        request.send(data)

    return handler


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (HEAD + b"Content-Length: 100\r\n\r\nshort", "body ends too early"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "body ends too early"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n", "body ends too early"),
        (b"", "connection reset"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "no valid HTTP response"),
        (b"HTTP/1.1 2x0 OK\r\n\r\n", "no valid HTTP response"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n", "no valid HTTP response"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n", "no valid HTTP response"),
        (
            HEAD + b"Content-Encoding: gzip\r\nContent-Length: 7\r\n\r\nnot zip",
            "body is not compressed as it says",
        ),
    ],
)
def test_an_incomplete_response_is_an_error(server, fetcher, data, reason) -> None:
    server.routes["/bad"] = sends(data)
    error = failure(fetcher, f"{server.root}/bad")
    assert error.reason == reason
    assert error.temporary


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Length: abc\r\n",
        b"no colon here\r\n",
        b"X-Folded: a\r\n  b\r\n",
        "X-Umlaut: ü\r\n".encode(),
        b"X-Null: a\x00b\r\n",
    ],
)
def test_malformed_headers_end_in_a_response_or_in_an_error(server, fetcher, fields) -> None:
    server.routes["/odd"] = sends(HEAD + fields + b"\r\npage")
    try:
        response = fetcher.get(f"{server.root}/odd", LIMIT)
    except FetchError:
        return
    assert not any("\n" in value or "\r" in value for _, value in response.headers)


def test_a_connection_that_is_reset_is_an_error(server, fetcher) -> None:
    def reset(request):
        request.send(HEAD + b"Content-Length: 100\r\n\r\nhalf")
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        request.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        request.socket.close()

    server.routes["/reset"] = reset
    error = failure(fetcher, f"{server.root}/reset")
    assert error.reason in ("connection reset", "body ends too early")
    assert not error.unreachable


def test_a_port_where_nobody_listens_is_unreachable(fetcher) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error = failure(fetcher, f"http://127.0.0.1:{port}/")
    assert (error.reason, error.unreachable) == ("connection refused", True)


def test_a_name_that_does_not_exist_is_unreachable(fetcher) -> None:
    error = failure(fetcher, "http://no-such-host.invalid/")
    assert (error.reason, error.unreachable) == ("host name not found", True)


def test_loopback_is_refused_before_any_connection(server) -> None:
    strict = Fetcher("tester/1.0", timeout=5.0)
    error = failure(strict, f"{server.root}/a")
    strict.close()
    assert (error.reason, error.temporary) == ("loopback address", False)
    assert not server.requests


def test_dns_rebinding_is_prevented(server, monkeypatch) -> None:
    """DNS rebinding: a public address for the check, the private one for the connection."""
    asked = []

    def rebinding(host, port, *args, **options):
        asked.append(host)
        address = "198.51.99.1" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    strict = Fetcher("tester/1.0", timeout=0.3)
    failure(strict, f"http://rebinding.example:{server.port}/")
    assert failure(strict, f"http://rebinding.example:{server.port}/").reason == "loopback address"
    strict.close()
    assert asked == ["rebinding.example"] * 2  # once for each connection
    assert not server.requests


def test_a_pinned_name_is_not_looked_up(server) -> None:
    server.routes["/a"] = "page"
    pinned = {"docs.example.test": ("127.0.0.1", server.port)}
    strict = Fetcher("tester/1.0", timeout=5.0, pinned=pinned)
    assert strict.get("http://docs.example.test/a", LIMIT).body == b"page"
    assert failure(strict, f"{server.root}/a").reason == "loopback address"
    strict.close()
    assert server.requests[0].headers["host"] == "docs.example.test"


def test_an_untrusted_certificate_is_refused(fetcher, tls_server) -> None:
    port, _ = tls_server
    assert failure(fetcher, f"https://127.0.0.1:{port}/").reason == "no trusted TLS connection"


def test_tls_goes_to_the_checked_address_under_its_name(tls_server, monkeypatch) -> None:
    port, certificate = tls_server
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate))
    monkeypatch.setattr(certs, "where", lambda: str(certificate))
    pinned = {"docs.example.test": ("127.0.0.1", port)}
    made = Fetcher("tester/1.0", timeout=0.5, pinned=pinned)
    assert made.get("https://docs.example.test/", LIMIT).body == b"secret"
    began = time.monotonic()
    assert failure(made, "https://docs.example.test/slow").reason == "took too long"
    assert time.monotonic() - began < 5
    made.close()


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A port that speaks TLS, and its certificate, made for this test."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    request = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1"
    names = "-subj /CN=docs.example.test -addext subjectAltName=DNS:docs.example.test"
    files = f"-keyout {key} -out {certificate}"
    try:
        subprocess.run(f"{request} {names} {files}".split(), check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs openssl to make a certificate")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve(plain: socket.socket) -> None:
        try:
            with context.wrap_socket(plain, server_side=True) as connection:
                while request := connection.recv(4096):
                    if request.startswith(b"GET /slow"):
                        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                        while not ended.wait(0.02):
                            connection.sendall(b"y")
                    connection.sendall(HEAD + b"Content-Length: 6\r\n\r\nsecret")
        except OSError:
            return

    def accept() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(plain,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1], certificate
    ended.set()
    listener.close()
