"""One process at a time: a lock on a file, which ends with the process that holds it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from phytotron.errors import UserError

# Most waits are shorter; a message about them would only cause worry.
QUIET_SECONDS = 10.0
LONGEST_SECONDS = 3600.0
_POLL_SECONDS = 0.1


@contextmanager
def locked(
    path: Path, purpose: str, where: str | None = None, seconds: float | None = LONGEST_SECONDS
) -> Iterator[None]:
    """Hold the lock of a file in this block; the file is made where it is missing, and stays.

    A process that waits for longer than ten seconds prints what it waits for. A killed process
    leaves no lock.

    Args:
        path: the file; nothing else may use it.
        purpose: what all that take this lock do, to finish "another process is ...".
        where: what the message names; None: `path`.
        seconds: how long to wait; None: without end.

    Raises:
        UserError: another process keeps the lock for longer.
    """
    from filelock import FileLock, Timeout  # here: this module must load quickly

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    quiet = QUIET_SECONDS if seconds is None else min(seconds, QUIET_SECONDS)
    try:
        try:
            lock.acquire(timeout=quiet, poll_interval=_POLL_SECONDS)
        except Timeout:
            if seconds == quiet:
                raise
            print(f"waiting: another process is {purpose} ({path})", file=sys.stderr, flush=True)
            rest = -1 if seconds is None else seconds - quiet  # FileLock's word for "without end"
            lock.acquire(timeout=rest, poll_interval=_POLL_SECONDS)
    except Timeout:
        waited = f", and has been for {seconds:.0f} s" if seconds else ""
        raise UserError(
            f"another process is {purpose}{waited}",
            where=where or str(path),
            hint=f"see which one: fuser {path}",
        ) from None
    try:
        yield
    finally:
        lock.release()
