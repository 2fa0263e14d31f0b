"""A web server on loopback that can do everything wrong, and counts its requests."""

from __future__ import annotations

import socketserver
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.fixtures.settings import crawl_config

from phytotron.scrape.settings import CrawlConfig

DATE = "Thu, 01 Jan 2026 12:00:00 GMT"


@dataclass
class Answer:
    """A well-formed response; handlers that want another kind write to the socket themselves."""

    body: bytes | str = b""
    headers: dict[str, str] = field(default_factory=dict)
    status: str = "200 OK"

    def to_bytes(self) -> bytes:
        """The whole response; a header field whose value is "" is left out."""
        body = self.body.encode() if isinstance(self.body, str) else self.body
        fields = {
            "Date": DATE,
            "Content-Type": "text/html; charset=utf-8",
            "Content-Length": str(len(body)),
        } | self.headers
        lines = [f"HTTP/1.1 {self.status}"]
        lines += [f"{name}: {value}" for name, value in fields.items() if value != ""]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


@dataclass
class Request:
    """What a handler gets: the path, the header fields in lower case, and the socket."""

    path: str
    headers: dict[str, str]
    socket: Any
    number: int  # of this path, from 1

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)


Handler = Callable[[Request], Answer | None]


class FaultServer:
    """Answers by path: with an `Answer`, HTML text, or what a handler does. Others get 404."""

    def __init__(self) -> None:
        self.routes: dict[str, Answer | str | Handler] = {}
        self.requests: list[Request] = []
        self.stopping = threading.Event()  # handlers that hold a client wait on this
        self._lock = threading.Lock()
        self.port = 0
        self.listen_again()
        self.root = f"http://127.0.0.1:{self.port}"

    @property
    def hits(self) -> Counter[str]:
        """The number of requests for each path."""
        with self._lock:
            return Counter(request.path for request in self.requests)

    def paths(self) -> list[str]:
        """The requested paths in order, without robots.txt."""
        with self._lock:
            return [request.path for request in self.requests if request.path != "/robots.txt"]

    def listen_again(self) -> None:
        """Take connections, at the same port as before."""
        self._server = _Server(("127.0.0.1", self.port), _Connection)
        self._server.owner = self
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop_listening(self) -> None:
        """Refuse connections from now on; those that are open stay open."""
        self._server.shutdown()
        self._server.server_close()

    def close(self) -> None:
        self.stopping.set()
        self.stop_listening()

    def handle(self, path: str, headers: dict[str, str], connection: Any) -> bool:
        """Answer a request; return whether the connection stays open."""
        with self._lock:
            number = 1 + sum(request.path == path for request in self.requests)
            request = Request(path, headers, connection, number)
            self.requests.append(request)
        route = self.routes.get(path, Answer("nothing", status="404 Not Found"))
        if callable(route):
            answer = route(request)
            if answer is None:
                return False
        else:
            answer = Answer(route) if isinstance(route, str) else route
        connection.sendall(answer.to_bytes())
        return True


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    owner: FaultServer


class _Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self) -> None:
        try:
            while line := self.rfile.readline():
                headers = {}
                while (header := self.rfile.readline().strip()) != b"":
                    name, _, value = header.decode("latin-1").partition(":")
                    headers[name.lower()] = value.strip()
                path = line.split()[1].decode("latin-1")
                if not self.server.owner.handle(path, headers, self.connection):
                    return
        except OSError:
            return  # the client went away, as it should


@pytest.fixture
def server() -> Iterator[FaultServer]:
    running = FaultServer()
    yield running
    running.close()


@pytest.fixture
def answer() -> type[Answer]:
    """What the server sends: `answer(body, headers, status)`."""
    return Answer


@pytest.fixture
def site(server: FaultServer) -> Callable[..., CrawlConfig]:
    """Makes the config of a crawl of the fault server, impatient and without delays."""

    def make(**changes: Any) -> CrawlConfig:
        settings: dict[str, Any] = {
            "name": "test",
            "start_urls": [f"{server.root}/"],
            "use_sitemaps": False,
            "delay": 0.0,
            "concurrency": 2,
            "timeout": 5.0,
            "retries": 1,
            "backoff": 0.01,
            "allow_private": True,
        }
        return crawl_config(**(settings | changes))

    return make
