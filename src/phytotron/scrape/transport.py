"""Connections of `requests` that go only to checked addresses and end at a deadline.

`requests` looks names up itself, and its timeout limits only the time between two bytes: a server
that sends one byte a second can hold it for ever. Here a connection looks its host up once, checks
all addresses (see `addresses`) and connects to one of them; and a watchdog shuts the socket of an
exchange that is past its deadline, whatever it is doing.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.poolmanager import PoolManager

from phytotron.scrape.addresses import checked_addresses

_current = threading.local()  # .exchange: the one that this thread runs


class Exchange:
    """One request and its response: the addresses that it may connect to, and its deadline."""

    def __init__(
        self, seconds: float, pinned: Mapping[str, tuple[str, int]], allow_private: bool
    ) -> None:
        self.deadline = time.monotonic() + seconds
        self.pinned = pinned
        self.allow_private = allow_private
        self.expired = False
        self.socket: socket.socket | None = None

    def connect(self, host: str, port: int) -> socket.socket:
        """A connection to one of the host's addresses, all of which were checked.

        Raises:
            AddressError: one of them is forbidden.
            OSError: none answers in time.
        """
        if host in self.pinned:
            addresses: list[tuple[int, tuple]] = [(socket.AF_INET, self.pinned[host])]
        else:
            addresses = checked_addresses(host, port, allow_private=self.allow_private)
        failure: OSError = OSError(f"{host} has no address")
        for family, address in addresses:
            connection = socket.socket(family, socket.SOCK_STREAM)
            try:
                connection.settimeout(max(self.deadline - time.monotonic(), 0.001))
                connection.connect(address)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                connection.close()
                failure = error
            else:
                self.socket = connection
                return connection
        raise failure

    def end_if_late(self, now: float) -> None:
        """Shut the socket after the deadline, which wakes the thread that reads from it."""
        if now < self.deadline:
            return
        self.expired = True
        connection = self.socket
        if connection is not None:
            with suppress(OSError):  # closed already
                # SSLSocket.shutdown would drop the TLS state that the reading thread still uses
                socket.socket.shutdown(connection, socket.SHUT_RDWR)


class Watchdog:
    """A thread that ends exchanges which take too long."""

    def __init__(self, tick: float) -> None:
        self._exchanges: set[Exchange] = set()
        self._stopped = threading.Event()
        self._tick = tick
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    @contextmanager
    def watching(self, exchange: Exchange) -> Iterator[None]:
        """Make `exchange` the current one of this thread, and end it at its deadline."""
        self._exchanges.add(exchange)
        _current.exchange = exchange
        try:
            yield
        finally:
            _current.exchange = None
            self._exchanges.discard(exchange)

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()

    def _watch(self) -> None:
        while not self._stopped.wait(self._tick):
            now = time.monotonic()
            for exchange in self._exchanges.copy():
                exchange.end_if_late(now)


class _Guarded:
    """What both kinds of connection change in those of urllib3."""

    host: str
    port: int
    sock: Any

    def _new_conn(self) -> socket.socket:
        try:
            return _current.exchange.connect(self.host, self.port)
        except OSError as error:
            # urllib3 ignores some kinds of OSError when it sends, but must not ignore this one
            raise NewConnectionError(self, "no connection") from error  # type: ignore[arg-type]

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        _current.exchange.socket = self.sock  # with TLS it is not the one that was connected

    def request(self, *args: Any, **options: Any) -> None:
        if self.sock is not None:  # kept alive from an earlier exchange
            _current.exchange.socket = self.sock
        super().request(*args, **options)  # type: ignore[misc]


class _GuardedHTTP(_Guarded, HTTPConnection):
    pass


class _GuardedHTTPS(_Guarded, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _GuardedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedHTTPS


class GuardedAdapter(HTTPAdapter):
    """The transport of `requests`, for exchanges that run under a `Watchdog`."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Use connections that check their addresses."""
        super().init_poolmanager(*args, **options)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
