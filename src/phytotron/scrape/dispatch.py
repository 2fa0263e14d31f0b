"""Run requests in threads, with limits on the rate and the concurrency for each host.

A request that failed temporarily is tried again later, after a wait that doubles with every attempt
or that the server asked for.
"""

from __future__ import annotations

import hashlib
import heapq
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from phytotron.scrape.urls import host_of

Result = TypeVar("Result")

MAX_WAIT = 900.0  # seconds; a request is given up if the server asks for a longer wait
_MAX_THREADS = 32
_LAST_WAIT = 5.0  # seconds for running requests to end when the crawl ends early


class Clock:
    """The source of time; tests use one that does not wait."""

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def get(self, results: queue.SimpleQueue, seconds: float | None, busy: bool) -> Any:
        """The next item of a queue; raises `queue.Empty` after some seconds.

        `busy` tells whether a request is running.
        """
        return results.get(timeout=seconds)


class TemporaryError(Exception):
    """A failure after which another attempt may succeed.

    Attributes:
        reason: in a few words.
        wait: seconds that the server asks to wait, if it does.
        unreachable: whether there was not even a connection.
    """

    def __init__(self, reason: str, wait: float | None = None, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait
        self.unreachable = unreachable


@dataclass(frozen=True)
class Request:
    """A request for an address; `kind` is "page", "robots" or "sitemap"."""

    url: str
    kind: str = "page"


@dataclass
class _Host:
    """A host's queue (ready time, order, request, attempts so far), and its next start time."""

    delay: float
    waiting: list[tuple[float, int, Request, int]] = field(default_factory=list)
    next_start: float = 0.0
    in_flight: int = 0


class Dispatcher(Generic[Result]):
    """Performs requests in threads and yields their results as they complete.

    Args:
        work: performs one request; raises `TemporaryError` when it should be tried again.
        give_up: the result of a request that failed for the last time.
        delay: seconds between the starts of two requests on a host.
        concurrency: requests on a host at the same time.
        retries: further attempts of a request.
        backoff: seconds before the first of them.
        clock: the source of the time.

    Attributes:
        retries: the number of further attempts so far.
    """

    def __init__(
        self,
        work: Callable[[Request], Result],
        give_up: Callable[[Request, TemporaryError], Result],
        *,
        delay: float,
        concurrency: int,
        retries: int,
        backoff: float,
        clock: Clock,
    ) -> None:
        self._work = work
        self._give_up = give_up
        self._delay = delay
        self._concurrency = concurrency
        self._max_retries = retries
        self._backoff = backoff
        self._clock = clock
        self._hosts: dict[str, _Host] = {}
        self._requests: queue.SimpleQueue = queue.SimpleQueue()
        self._results: queue.SimpleQueue = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.retries = 0

    def slow_down(self, url: str, delay: float) -> None:
        """Leave at least `delay` seconds between two requests on the host of `url`."""
        host = self._host(url)
        host.delay = max(self._delay, delay)

    def run(self, requests: Iterable[Request]) -> Iterator[Result]:
        """The results of the requests, in the order in which they complete."""
        outstanding = 0
        for order, request in enumerate(requests):
            heapq.heappush(self._host(request.url).waiting, (0.0, order, request, 0))
            outstanding += 1
        while outstanding:
            seconds = self._start_ready()
            try:
                item = self._clock.get(self._results, seconds, self._busy() > 0)
            except queue.Empty:
                continue
            order, request, attempts, result, error = item
            host = self._host(request.url)
            host.in_flight -= 1
            if isinstance(error, TemporaryError):
                if self._retry(host, order, request, attempts, error):
                    continue
                result = self._give_up(request, error)
            elif error is not None:
                raise error
            outstanding -= 1
            yield result

    def stop(self) -> None:
        """End the threads; running requests have some seconds to complete."""
        for _ in self._threads:
            self._requests.put(None)
        for thread in self._threads:
            thread.join(_LAST_WAIT)
        self._threads = []

    def _host(self, url: str) -> _Host:
        name = host_of(url)
        if name not in self._hosts:
            self._hosts[name] = _Host(self._delay)
        return self._hosts[name]

    def _busy(self) -> int:
        return sum(host.in_flight for host in self._hosts.values())

    def _start_ready(self) -> float | None:
        """Start the requests that are due; return the seconds until the next one is, or None."""
        now = self._clock.monotonic()
        soonest: float | None = None
        for host in self._hosts.values():
            while host.waiting and host.in_flight < self._concurrency:
                ready = max(host.next_start, host.waiting[0][0])
                if ready > now:
                    soonest = ready if soonest is None else min(soonest, ready)
                    break
                _, order, request, attempts = heapq.heappop(host.waiting)
                host.next_start = now + host.delay
                host.in_flight += 1
                self._start(order, request, attempts)
        return None if soonest is None else soonest - now

    def _start(self, order: int, request: Request, attempts: int) -> None:
        if len(self._threads) < min(self._busy(), _MAX_THREADS):
            thread = threading.Thread(target=self._serve, name="fetch", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._requests.put((order, request, attempts))

    def _serve(self) -> None:
        while (item := self._requests.get()) is not None:
            order, request, attempts = item
            result: Result | None = None
            error: BaseException | None = None
            try:
                result = self._work(request)
            except BaseException as raised:  # `run` raises it in its own thread
                error = raised
            self._results.put((order, request, attempts, result, error))

    def _retry(
        self, host: _Host, order: int, request: Request, attempts: int, error: TemporaryError
    ) -> bool:
        """Queue a request for another attempt, unless it has had all of them."""
        if attempts >= self._max_retries or (error.wait or 0.0) > MAX_WAIT:
            return False
        now = self._clock.monotonic()
        wait = self._backoff * 2**attempts * (1 + _jitter(request.url, attempts))
        if error.wait is not None:
            wait = max(wait, error.wait)
            host.next_start = max(host.next_start, now + error.wait)
        heapq.heappush(host.waiting, (now + wait, order, request, attempts + 1))
        self.retries += 1
        return True


def _jitter(url: str, attempt: int) -> float:
    """A number from 0 to 0.5 that spreads the attempts; it is the same in every run."""
    digest = hashlib.sha256(f"{attempt} {url}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**33
