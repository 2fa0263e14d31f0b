"""Run requests in threads, politely: so many at a time and so far apart for each host.

A request that failed in a way that may pass is tried again later, after a wait that doubles with
every attempt or that the server asked for.
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

MAX_WAIT = 900.0  # seconds; a server that asks for a longer wait is not asked again
_MAX_THREADS = 32
_LAST_WAIT = 5.0  # seconds that a request under way gets when the crawl ends early


class Clock:
    """The passing of time; tests give one that does not wait."""

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def get(self, results: queue.SimpleQueue, seconds: float | None, busy: bool) -> Any:
        """The next item of a queue, waiting at most so long; raises `queue.Empty`.

        `busy` tells whether an item is under way.
        """
        return results.get(timeout=seconds)


class TemporaryError(Exception):
    """A failure that may pass.

    Attributes:
        reason: in a few words.
        wait: seconds for which the server wants to be left alone, if it said so.
        unreachable: whether not even a connection came about.
    """

    def __init__(self, reason: str, wait: float | None = None, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait
        self.unreachable = unreachable


@dataclass(frozen=True)
class Task:
    """An address to ask for; `kind` is "page", "robots" or "sitemap"."""

    url: str
    kind: str = "page"


@dataclass
class _Host:
    """A host's queue (ready time, order, task, attempts so far) and when it may be asked next."""

    delay: float
    waiting: list[tuple[float, int, Task, int]] = field(default_factory=list)
    next_start: float = 0.0
    in_flight: int = 0


class Dispatcher(Generic[Result]):
    """Does tasks in threads and gives their results as they come.

    Args:
        work: does one task; raises `TemporaryError` when it should be done once more.
        give_up: makes the result of a task that failed for the last time.
        delay: seconds between the starts of two tasks on a host.
        concurrency: tasks on a host at the same time.
        retries: further attempts.
        backoff: seconds before the first one.
        clock: where the time comes from.
    """

    def __init__(
        self,
        work: Callable[[Task], Result],
        give_up: Callable[[Task, TemporaryError], Result],
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
        self._retries = retries
        self._backoff = backoff
        self._clock = clock
        self._hosts: dict[str, _Host] = {}
        self._tasks: queue.SimpleQueue = queue.SimpleQueue()
        self._results: queue.SimpleQueue = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.attempts_again = 0  # how often a task was tried once more

    def slow_down(self, url: str, delay: float) -> None:
        """Leave at least `delay` seconds between two tasks on the host of `url`."""
        host = self._host(url)
        host.delay = max(self._delay, delay)

    def run(self, tasks: Iterable[Task]) -> Iterator[Result]:
        """The results of the tasks, in the order in which they come."""
        outstanding = 0
        for order, task in enumerate(tasks):
            heapq.heappush(self._host(task.url).waiting, (0.0, order, task, 0))
            outstanding += 1
        while outstanding:
            seconds = self._start_ready()
            try:
                item = self._clock.get(self._results, seconds, self._busy() > 0)
            except queue.Empty:
                continue
            order, task, attempts, result, error = item
            host = self._host(task.url)
            host.in_flight -= 1
            if isinstance(error, TemporaryError):
                if self._again(host, order, task, attempts, error):
                    continue
                result = self._give_up(task, error)
            elif error is not None:
                raise error
            outstanding -= 1
            yield result

    def stop(self) -> None:
        """End the threads; what they have begun may still end well, within some seconds."""
        for _ in self._threads:
            self._tasks.put(None)
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
        """Start what may start now; return the seconds until something else may, or None."""
        now = self._clock.monotonic()
        soonest: float | None = None
        for host in self._hosts.values():
            while host.waiting and host.in_flight < self._concurrency:
                ready = max(host.next_start, host.waiting[0][0])
                if ready > now:
                    soonest = ready if soonest is None else min(soonest, ready)
                    break
                _, order, task, attempts = heapq.heappop(host.waiting)
                host.next_start = now + host.delay
                host.in_flight += 1
                self._start(order, task, attempts)
        return None if soonest is None else soonest - now

    def _start(self, order: int, task: Task, attempts: int) -> None:
        if len(self._threads) < min(self._busy(), _MAX_THREADS):
            thread = threading.Thread(target=self._serve, name="fetch", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._tasks.put((order, task, attempts))

    def _serve(self) -> None:
        while (item := self._tasks.get()) is not None:
            order, task, attempts = item
            result: Result | None = None
            error: BaseException | None = None
            try:
                result = self._work(task)
            except BaseException as raised:  # whatever it is, the caller of `run` gets it
                error = raised
            self._results.put((order, task, attempts, result, error))

    def _again(
        self, host: _Host, order: int, task: Task, attempts: int, error: TemporaryError
    ) -> bool:
        """Put a task back for another attempt, unless it had all of them."""
        if attempts >= self._retries or (error.wait or 0.0) > MAX_WAIT:
            return False
        now = self._clock.monotonic()
        wait = self._backoff * 2**attempts * (1 + _jitter(task.url, attempts))
        if error.wait is not None:
            wait = max(wait, error.wait)
            host.next_start = max(host.next_start, now + error.wait)
        heapq.heappush(host.waiting, (now + wait, order, task, attempts + 1))
        self.attempts_again += 1
        return True


def _jitter(url: str, attempt: int) -> float:
    """A number from 0 to 0.5 that spreads the attempts, the same in every run."""
    digest = hashlib.sha256(f"{attempt} {url}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**33
