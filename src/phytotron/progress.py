"""Progress of long work: a bar on a terminal, plain lines at intervals otherwise."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

_Item = TypeVar("_Item")

_SECONDS_BETWEEN_LINES = 5.0


def progress(items: Iterable[_Item], total: int | None, label: str) -> Iterator[_Item]:
    """Yield `items` and show on stderr how many are done.

    Args:
        items: what to iterate over; an item counts as done when the next one is requested.
        total: the number of items, or None when it is not known.
        label: what is being done, such as "clean: pages".
    """
    bar = sys.stderr.isatty()
    return _bar(items, total, label) if bar else _lines(items, total, label)


def _bar(items: Iterable[_Item], total: int | None, label: str) -> Iterator[_Item]:
    from rich.console import Console
    from rich.progress import track

    return iter(track(items, label, total, console=Console(stderr=True)))


def _lines(items: Iterable[_Item], total: int | None, label: str) -> Iterator[_Item]:
    started = reported = time.monotonic()
    done = 0
    for item in items:
        yield item
        done += 1
        now = time.monotonic()
        if now - reported >= _SECONDS_BETWEEN_LINES:
            reported = now
            share = f" of {total} ({done / total:.0%})" if total else ""
            print(f"{label}: {done}{share}", file=sys.stderr, flush=True)
    seconds = time.monotonic() - started
    print(f"{label}: {done} in {seconds:.1f} s", file=sys.stderr, flush=True)
