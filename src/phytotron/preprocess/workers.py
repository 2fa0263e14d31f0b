"""Processes that work on ranges of a file and answer with a few numbers.

Processes are spawned, never forked, so that they are alike on Linux, macOS and Windows. Tasks and
answers are small: the data itself goes from file to file (documents sent through the pool would
make it slower than a single process).
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import TypeVar

from phytotron.errors import UserError

Task = TypeVar("Task")
Answer = TypeVar("Answer")


class Workers:
    """A pool of `count` processes; with a count of 1 the calling process does the work itself.

    Args:
        count: processes, None for as many as there are cores.
    """

    def __init__(self, count: int | None) -> None:
        self.count = count or available_cores()
        self._pool: ProcessPoolExecutor | None = None
        if self.count > 1:
            self._pool = ProcessPoolExecutor(
                self.count, multiprocessing.get_context("spawn"), initializer=_start_worker
            )

    def map(self, function: Callable[[Task], Answer], tasks: Sequence[Task]) -> list[Answer]:
        """`function` of each task, in the order of the tasks.

        Neighbouring tasks go to one process, four portions for each: neighbours share words, so
        what a process remembers of the first helps with the next.

        Raises:
            UserError: a process died.
            Exception: what `function` raised first.
        """
        if self._pool is None:
            return [function(task) for task in tasks]
        portion = max(1, len(tasks) // (4 * self.count))
        try:
            return list(self._pool.map(function, tasks, chunksize=portion))
        except BrokenProcessPool:
            raise UserError(
                "a worker process died; most often the system ended it because memory ran out",
                where="preprocess.workers",
                hint=f"set a smaller number than {self.count}, or a smaller "
                "preprocess.shard_paragraphs",
            ) from None

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


def _start_worker() -> None:
    # One process is one core: the libraries' own threads would only compete with each other.
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["RAYON_NUM_THREADS"] = "1"
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when its parent was killed, which a pool does not notice by itself."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
