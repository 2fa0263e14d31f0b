"""The journal of a training: what it measured, on the disk before anyone is told.

Training appends lines to a file and never waits for a tracking server; another process reads the
file and passes it on. A line is one JSON object, written with one system call, so a SIGKILL leaves
at most the last line half-written. Power may take the last seconds: no line is flushed by itself.

    {"event": "start", "time": ms, "experiment", "key", "host", "pid", "process_started",
     "config": {...}, "tracking": {...} or null}
    {"event": "metrics", "time": ms, "step": n, "values": {name: number}}
    {"event": "end", "time": ms, "status": "FINISHED", "FAILED" or "KILLED", "reason": text or null}

A training that was killed and is resumed goes on in the same journal with a new `start`. It repeats
the steps since its checkpoint, and since it repeats them bit for bit, what the journal has already
is not written again.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from phytotron.locks import locked

FOLDER = Path("build/tracking")  # one folder a training, by the hash of its config and data
FILE = "journal.jsonl"
# A training on another machine counts as gone when nobody has touched its folder for so long.
ABANDONED_SECONDS = 600


class Journal:
    """An append-only file of records; one process writes it at a time.

    Args:
        path: the file; created when it is missing. A half-written last line is cut off.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.last_step = -1
        self._written: dict[int, set[str]] = {}
        end = 0
        for record, after in read(path):
            end = after
            if record["event"] == "metrics":
                self._note(record["step"], record["values"])
        self._file = path.open("ab", buffering=0)
        self._file.truncate(end)

    def start(
        self,
        experiment: str,
        key: str,
        config: Mapping[str, Any],
        tracking: Mapping[str, Any] | None = None,
    ) -> None:
        """A process begins to train, or goes on with a training.

        Args:
            experiment: the experiment's id.
            key: the training's identity.
            config: what is trained.
            tracking: the config's group `tracking`; None for what `compose` wrote.
        """
        import psutil  # here: this module must load quickly

        self._append(
            event="start",
            experiment=experiment,
            key=key,
            host=socket.gethostname(),
            pid=os.getpid(),
            process_started=psutil.Process().create_time(),
            config=config,
            tracking=tracking,
        )

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Numbers after `step` updates of the weights; what is there already is left out."""
        known = self._written.get(step)
        if known:
            values = {name: value for name, value in values.items() if name not in known}
        if values:
            self._append(event="metrics", step=step, values=values)
            self._note(step, values)

    def end(self, status: str, reason: str | None = None, at: float | None = None) -> None:
        """The training is over.

        Args:
            status: `FINISHED`, `FAILED` or `KILLED`.
            reason: why, where it did not finish.
            at: when, in seconds since 1970; now when it is not given.
        """
        self._append(event="end", at=at, status=status, reason=reason)

    def close(self) -> None:
        self._file.close()

    def _note(self, step: int, values: Mapping[str, float]) -> None:
        self._written.setdefault(step, set()).update(values)
        self.last_step = max(self.last_step, step)

    def _append(self, event: str, at: float | None = None, **fields: Any) -> None:
        now = time.time() if at is None else at
        line = json.dumps({"event": event, "time": int(1000 * now), **fields}).encode() + b"\n"
        rest = memoryview(line)
        while rest:  # a full disk takes a part first, and raises OSError next
            rest = rest[self._file.write(rest) :]


def read(path: Path, offset: int = 0) -> Iterator[tuple[dict[str, Any], int]]:
    """The whole records of a journal from a byte offset on, each with the offset after it.

    A last line without its end is not a record yet. A file that does not exist has none.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        file.seek(offset)
        for line in file:
            if not line.endswith(b"\n"):
                return
            offset += len(line)
            yield json.loads(line), offset


class Life:
    """Where a training stands, from its journal, which may grow.

    Attributes:
        start: the last `start`, or None before the first one.
        end: the `end` that came after it, or None.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.start: dict[str, Any] | None = None
        self.end: dict[str, Any] | None = None
        self._offset = 0
        self.update()

    def update(self) -> None:
        """Read what has been added."""
        for record, after in read(self.folder / FILE, self._offset):
            self._offset = after
            if record["event"] == "start":
                self.start, self.end = record, None
            elif record["event"] == "end":
                self.end = record

    @property
    def is_running(self) -> bool:
        """Whether the process that began it last is there and has not ended it."""
        return self.start is not None and self.end is None and self._process_is_there(self.start)

    def _process_is_there(self, start: Mapping[str, Any]) -> bool:
        import psutil

        if start["host"] != socket.gethostname():
            touched = max(path.stat().st_mtime for path in [self.folder, *self.folder.iterdir()])
            return time.time() - touched < ABANDONED_SECONDS
        try:
            process = psutil.Process(start["pid"])
            # Another process may have got the number; a zombie waits only for its parent.
            return (
                abs(process.create_time() - start["process_started"]) < 1
                and process.status() != psutil.STATUS_ZOMBIE
            )
        except psutil.NoSuchProcess:
            return False


@contextmanager
def arranging(folder: Path) -> Iterator[None]:
    """For the moment in which a journal is begun, closed for a dead process, or removed."""
    with locked(folder.parent / ".lock", "beginning or ending a journal"):
        yield


def note_death(folder: Path) -> None:
    """End the journal of a process that has gone without a word."""
    with arranging(folder):
        life = Life(folder)
        if life.start is None or life.end is not None or life.is_running:
            return
        last_sign = (folder / FILE).stat().st_mtime
        journal = Journal(folder / FILE)
        journal.end(
            "KILLED",
            "the training process has gone without a word: killed, out of memory, or no power",
            at=last_sign,
        )
        journal.close()
