"""Pools of processes: the one way in which stages use several cores.

Processes are spawned, never forked, so that they are alike on Linux, macOS and Windows, and safe
whatever threads this process has. A process is one core: the libraries' own threads would only
compete with each other. Results come in the order of the tasks and do not depend on the number of
processes.

`Workers.map` is for tasks of our own making, where the death of a process is an error.
`map_untrusted` is for input that may make C code spin or run out of memory: it loses only the item
that killed its process.
"""

from __future__ import annotations

import atexit
import faulthandler
import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from phytotron.errors import UserError

Item = TypeVar("Item")
Result = TypeVar("Result")

_BATCH = 32  # items that `map_untrusted` sends to a process at once
_AHEAD = 3  # batches that it keeps ready for each process


def available_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Workers:
    """`count` processes: the calling one and a pool of the others.

    A spawned process needs a quarter of a second to start and import, so the calling process works
    while the others start. Items and results should be small: it is faster to let each process read
    and write files than to send the data through the pool.

    Args:
        count: processes; None: one for each core.
        where: the config key of `count`, for the error about a dead process.
        hint: what else helps against such a death.
    """

    def __init__(self, count: int | None, where: str | None = None, hint: str = "") -> None:
        self.count = count or available_cores()
        self._where = where
        self._hint = hint
        self._pool = _spawn_pool(self.count - 1) if self.count > 1 else None

    def map(self, function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """`function` of each item, in the order of the items.

        The pool takes items from the front and the calling process from the back: neighbours share
        words, so what a process has cached for one item helps with the next.

        Raises:
            UserError: a process died.
            Exception: the first one that `function` raised.
        """
        if self._pool is None:
            return [function(item) for item in items]
        try:
            with _single_threaded():
                return self._share(self._pool, function, items)
        except BrokenProcessPool:
            raise UserError(
                "a worker process died; most often the system ended it because memory ran out",
                where=self._where,
                hint=f"set a smaller number than {self.count}{self._hint}",
            ) from None

    def _share(
        self, pool: ProcessPoolExecutor, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> list[Result]:
        waiting = deque(range(len(items)))
        submitted: dict[int, Future[Result]] = {}
        own: dict[int, Result] = {}
        while waiting:
            # Two items for each process of the pool, so that none is idle while this process is
            # busy, and not more, so that the last items do not queue up in the pool.
            unfinished = sum(not future.done() for future in submitted.values())
            for _ in range(min(2 * (self.count - 1) - unfinished, len(waiting) - 1)):
                number = waiting.popleft()
                submitted[number] = pool.submit(function, items[number])
            number = waiting.pop()
            own[number] = function(items[number])
        results = own | {number: future.result() for number, future in submitted.items()}
        return [results[number] for number in range(len(items))]

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


def map_untrusted(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    count: int | None,
    time_limit: float,
    lost: Callable[[Item], Result],
) -> Iterator[Result]:
    """`function` of each item, in the order of the items, computed by other processes alone.

    An item may kill its process: by running out of memory, or by the time limit, at which the
    process ends itself. No exception tells which item it was. So the items that were in hand when a
    process died are tried again one by one, and only the culprit is lost.

    Args:
        function: sent once to each process, with all that it is bound to.
        items: read only a little ahead of the results.
        count: processes; None: one for each core.
        time_limit: seconds for one item.
        lost: the result for an item whose process died.
    """
    count = count or available_cores()
    unread = iter(items)
    batches: deque[list[Item]] = deque()  # submitted, in order, and the future of each
    futures: deque[Future[list[Result]]] = deque()
    start = (function, time_limit)
    pool = _spawn_pool(count, *start)
    try:
        while True:
            try:
                while len(batches) < count * _AHEAD and (batch := list(islice(unread, _BATCH))):
                    batches.append(batch)
                    futures.append(pool.submit(_run_batch, batch))
                if not batches:
                    return
                results = futures[0].result()
            except BrokenProcessPool:
                # A broken pool cannot be used again, and it has broken all its futures.
                pool.shutdown()
                for batch in batches:
                    yield from _one_by_one(batch, start, lost)
                batches.clear()
                futures.clear()
                pool = _spawn_pool(count, *start)
            else:
                batches.popleft()
                futures.popleft()
                yield from results
    finally:
        pool.shutdown(cancel_futures=True)


def _one_by_one(
    items: list[Item], start: tuple[Any, ...], lost: Callable[[Item], Result]
) -> Iterator[Result]:
    """The results of items that are tried alone, so that a death tells which one caused it."""
    pool = _spawn_pool(1, *start)
    try:
        for item in items:
            try:
                yield from pool.submit(_run_batch, [item]).result()
            except BrokenProcessPool:
                yield lost(item)
                pool = _spawn_pool(1, *start)
    finally:
        pool.shutdown()


def _spawn_pool(count: int, *start: Any) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, context, _start_process, start)


# What `map_untrusted` computes and the time for it, in a process of its pool.
_function: Callable[[Any], Any]
_time_limit: float


def _start_process(function: Any = None, time_limit: float = 0.0) -> None:
    """Prepare a process of a pool."""
    global _function, _time_limit
    _function, _time_limit = function, time_limit
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["RAYON_NUM_THREADS"] = "1"
    # End at once, without freeing the caches object by object, which takes 0.2 s.
    atexit.register(os._exit, 0)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _run_batch(items: list[Any]) -> list[Any]:
    with Path(os.devnull).open("w") as nowhere:
        try:
            results = []
            for item in items:
                # This timer runs in a thread of C code, which can end a process that is busy in C
                # code as well. Setting it again replaces the timer of the item before.
                faulthandler.dump_traceback_later(_time_limit, exit=True, file=nowhere)
                results.append(_function(item))
            return results
        finally:
            faulthandler.cancel_dump_traceback_later()


def _end_with_parent() -> None:
    """End this process when its parent is killed, which a pool does not notice by itself."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Keep the tokenizer library of this process from starting threads.

    Threads that it has started before stay, for what this process does afterwards.
    """
    before = os.environ.get("TOKENIZERS_PARALLELISM")
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    try:
        yield
    finally:
        del os.environ["TOKENIZERS_PARALLELISM"]
        if before is not None:
            os.environ["TOKENIZERS_PARALLELISM"] = before
