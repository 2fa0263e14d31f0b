"""Pages cleaned by several processes, each of which may die of a page.

The parser is C code: when a page makes it spin or run out of memory, no exception comes back. So
each page has a time limit at which its process ends itself, and the pages that were in hand when a
process died are tried again one by one, so that only the culprit is lost.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from pathlib import Path

from phytotron.clean.archive import RawPage
from phytotron.clean.paragraphs import Cleaner, CleanPage

_BATCH = 32  # pages sent to a process at once
_AHEAD = 3  # batches that wait for each process


def clean_all(pages: Iterable[RawPage], cleaner: Cleaner) -> Iterator[CleanPage]:
    """`cleaner.clean` of each page, in order, by `cleaner.config.workers` processes.

    A page at which a process dies comes back as a failure.
    """
    workers = cleaner.config.workers or os.cpu_count() or 1
    waiting = iter(pages)
    batches: deque[list[RawPage]] = deque()  # in hand, and what will come of each
    futures: deque[Future[list[CleanPage]]] = deque()
    pool = _pool(workers, cleaner)
    try:
        while True:
            try:
                while len(batches) < workers * _AHEAD and (batch := list(islice(waiting, _BATCH))):
                    batches.append(batch)
                    futures.append(pool.submit(_clean, batch))
                if not batches:
                    return
                cleaned = futures[0].result()
            except BrokenProcessPool:
                pool.shutdown()
                for batch in batches:
                    yield from _one_by_one(batch, cleaner)
                batches.clear()
                futures.clear()
                pool = _pool(workers, cleaner)
            else:
                batches.popleft()
                futures.popleft()
                yield from cleaned
    finally:
        pool.shutdown(cancel_futures=True)


def _one_by_one(pages: list[RawPage], cleaner: Cleaner) -> Iterator[CleanPage]:
    pool = _pool(1, cleaner)
    try:
        for page in pages:
            try:
                yield from pool.submit(_clean, [page]).result()
            except BrokenProcessPool:
                yield CleanPage(page.url, failure="its process died or ran out of time")
                pool = _pool(1, cleaner)
    finally:
        pool.shutdown()


def _pool(workers: int, cleaner: Cleaner) -> ProcessPoolExecutor:
    # spawn: the same on every system, and safe whatever threads this process has
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _start, (cleaner,))


_cleaner: Cleaner  # of this process


def _start(cleaner: Cleaner) -> None:
    global _cleaner
    _cleaner = cleaner


def _clean(pages: list[RawPage]) -> list[CleanPage]:
    with Path(os.devnull).open("w") as nowhere:
        try:
            cleaned = []
            for page in pages:
                # a thread below Python's, which also ends a process that is busy in C code
                seconds = _cleaner.config.page_timeout
                faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
                cleaned.append(_cleaner.clean(page))
            return cleaned
        finally:
            faulthandler.cancel_dump_traceback_later()
