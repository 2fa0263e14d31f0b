from __future__ import annotations

import queue
import threading
from itertools import pairwise
from typing import Any

import pytest

from phytotron.scrape.dispatch import MAX_WAIT, Clock, Dispatcher, Request, TemporaryError


class Fast(Clock):
    """A clock that jumps to the end of every wait in which no request is running."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def get(self, results: queue.SimpleQueue, seconds: float | None, busy: bool) -> Any:
        if busy:
            return results.get(timeout=10)
        assert seconds is not None
        self.now += seconds
        raise queue.Empty


class Work:
    """Records when each request starts; fails a given number of times."""

    def __init__(self, clock: Fast, **failures: list[TemporaryError]) -> None:
        self.clock = clock
        self.failures = failures
        self.starts: list[tuple[float, str]] = []
        self.lock = threading.Lock()

    def __call__(self, request: Request) -> str:
        name = request.url.rpartition("/")[2]
        with self.lock:
            self.starts.append((self.clock.now - 1000.0, name))
            failures = self.failures.get(name, [])
            if failures:
                raise failures.pop(0)
        return f"done {name}"


def dispatcher(work: Any, clock: Clock, **changes: Any) -> Dispatcher[str]:
    settings: dict[str, Any] = {"delay": 0.0, "concurrency": 1, "retries": 2, "backoff": 1.0}
    return Dispatcher(
        work,
        lambda request, error: f"gave up {request.url.rpartition('/')[2]}: {error.reason}",
        clock=clock,
        **(settings | changes),
    )


def requests(*names: str, host: str = "h") -> list[Request]:
    return [Request(f"http://{host}/{name}") for name in names]


def test_every_request_has_a_result() -> None:
    work = Work(Fast())
    done = dispatcher(work, work.clock, concurrency=4)
    results = list(done.run(requests(*map(str, range(100)))))
    done.stop()
    assert sorted(results) == sorted(f"done {number}" for number in range(100))


def test_requests_to_a_host_keep_their_distance_and_hosts_do_not_wait_for_each_other() -> None:
    work = Work(Fast())
    polite = dispatcher(work, work.clock, delay=2.0, concurrency=3)
    list(polite.run(requests("a", "b", "c") + requests("x", "y", host="other")))
    polite.stop()
    starts = {name: moment for moment, name in work.starts}
    assert [starts[name] for name in "abc"] == [0.0, 2.0, 4.0]
    assert [starts[name] for name in "xy"] == [0.0, 2.0]


def test_the_distance_holds_between_two_runs() -> None:
    work = Work(Fast())
    polite = dispatcher(work, work.clock, delay=2.0)
    list(polite.run(requests("a")))
    list(polite.run(requests("b")))
    polite.stop()
    assert work.starts == [(0.0, "a"), (2.0, "b")]


def test_a_crawl_delay_can_only_slow_down() -> None:
    for asked, expected in ((5.0, 5.0), (0.5, 2.0)):
        work = Work(Fast())
        polite = dispatcher(work, work.clock, delay=2.0)
        polite.slow_down("http://h/", asked)
        list(polite.run(requests("a", "b")))
        polite.stop()
        assert work.starts[1] == (expected, "b")


def test_waits_between_attempts_double_and_are_the_same_in_every_run() -> None:
    runs = []
    for _ in range(2):
        work = Work(Fast(), a=[TemporaryError("reset") for _ in range(3)])
        retrying = dispatcher(work, work.clock, retries=3)
        assert list(retrying.run(requests("a"))) == ["done a"]
        retrying.stop()
        runs.append([moment for moment, _ in work.starts])
    first, second, third = (later - sooner for sooner, later in pairwise(runs[0]))
    assert 1 <= first <= 1.5
    assert 2 <= second <= 3
    assert 4 <= third <= 6
    assert runs[0] == runs[1]


def test_after_the_last_attempt_the_request_is_given_up() -> None:
    work = Work(Fast(), a=[TemporaryError("status 500") for _ in range(9)])
    retrying = dispatcher(work, work.clock, retries=2)
    assert sorted(retrying.run(requests("a", "b"))) == ["done b", "gave up a: status 500"]
    retrying.stop()
    assert retrying.retries == 2
    assert [name for _, name in work.starts].count("a") == 3


def test_a_wait_that_a_host_asks_for_holds_for_all_its_pages() -> None:
    work = Work(Fast(), a=[TemporaryError("status 429", wait=120.0)])
    patient = dispatcher(work, work.clock)
    list(patient.run(requests("a", "b") + requests("x", host="other")))
    patient.stop()
    starts = dict(reversed([(name, moment) for moment, name in work.starts]))
    assert starts["x"] == 0.0
    assert starts["b"] >= 120.0
    assert max(moment for moment, name in work.starts if name == "a") >= 120.0


def test_a_request_is_given_up_when_the_wait_is_too_long() -> None:
    work = Work(Fast(), a=[TemporaryError("status 503", wait=MAX_WAIT + 1)])
    impatient = dispatcher(work, work.clock)
    assert list(impatient.run(requests("a"))) == ["gave up a: status 503"]
    impatient.stop()


def test_never_more_at_a_time_than_allowed() -> None:
    inside = threading.Semaphore(3)
    reached = threading.Barrier(3, timeout=10)

    def work(request: Request) -> str:
        assert inside.acquire(blocking=False), "a fourth request at the same time"
        if request.url.endswith(("0", "1", "2")):
            reached.wait()  # the first three do run at the same time
        inside.release()
        return request.url

    three = dispatcher(work, Clock(), concurrency=3)
    assert len(list(three.run(requests(*map(str, range(3)), *(f"{n}x" for n in range(60)))))) == 63
    three.stop()


def test_an_exception_of_the_work_is_raised_in_the_caller() -> None:
    def work(request: Request) -> str:
        raise ZeroDivisionError

    broken = dispatcher(work, Clock())
    with pytest.raises(ZeroDivisionError):
        list(broken.run(requests("a")))
    broken.stop()
