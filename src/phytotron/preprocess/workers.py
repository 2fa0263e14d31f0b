"""Processes that work on ranges of a file and answer with a few numbers.

Processes are spawned, never forked, so that they are alike on Linux, macOS and Windows. One needs a
quarter of a second to start and import, so the calling process is one of the workers: it works
while the others start. Tasks and answers are small: the data itself goes from file to file
(documents sent through the pool would make it slower than a single process).
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from types import TracebackType
from typing import TypeVar

from phytotron.errors import UserError

Task = TypeVar("Task")
Answer = TypeVar("Answer")


class Workers:
    """`count` processes: the calling one and a pool of the others.

    Args:
        count: processes, None for as many as there are cores.
    """

    def __init__(self, count: int | None) -> None:
        self.count = count or available_cores()
        self._pool: ProcessPoolExecutor | None = None
        if self.count > 1:
            self._pool = ProcessPoolExecutor(
                self.count - 1, multiprocessing.get_context("spawn"), initializer=_start_worker
            )

    def map(self, function: Callable[[Task], Answer], tasks: Sequence[Task]) -> list[Answer]:
        """`function` of each task, in the order of the tasks.

        The pool takes tasks from the front and the calling process from the back: neighbours share
        words, so what a process remembers of one task helps with the next.

        Raises:
            UserError: a process died.
            Exception: what `function` raised first.
        """
        if self._pool is None:
            return [function(task) for task in tasks]
        try:
            with _one_thread():
                return self._share(self._pool, function, tasks)
        except BrokenProcessPool:
            raise UserError(
                "a worker process died; most often the system ended it because memory ran out",
                where="preprocess.workers",
                hint=f"set a smaller number than {self.count}, or a smaller "
                "preprocess.shard_paragraphs",
            ) from None

    def _share(
        self, pool: ProcessPoolExecutor, function: Callable[[Task], Answer], tasks: Sequence[Task]
    ) -> list[Answer]:
        waiting = deque(range(len(tasks)))
        given: dict[int, Future[Answer]] = {}
        own: dict[int, Answer] = {}
        while waiting:
            # A process of the pool has two tasks, so that it goes on while this one is busy, and
            # not more, so that the last ones do not queue up behind it.
            unfinished = sum(not future.done() for future in given.values())
            for _ in range(min(2 * (self.count - 1) - unfinished, len(waiting) - 1)):
                number = waiting.popleft()
                given[number] = pool.submit(function, tasks[number])
            number = waiting.pop()
            own[number] = function(tasks[number])
        answers = own | {number: future.result() for number, future in given.items()}
        return [answers[number] for number in range(len(tasks))]

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


def available_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _one_thread() -> Iterator[None]:
    # One process is one core: the libraries' own threads would only compete with each other. A pool
    # of threads that is already there stays as it is for what this process does afterwards.
    before = os.environ.get("TOKENIZERS_PARALLELISM")
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    try:
        yield
    finally:
        del os.environ["TOKENIZERS_PARALLELISM"]
        if before is not None:
            os.environ["TOKENIZERS_PARALLELISM"] = before


def _start_worker() -> None:
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["RAYON_NUM_THREADS"] = "1"
    # What the process remembers goes with it: taking it down piece by piece takes 0.2 s.
    atexit.register(os._exit, 0)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when its parent was killed, which a pool does not notice by itself."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
