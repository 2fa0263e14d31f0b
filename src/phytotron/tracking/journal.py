"""The journal of a training: a file of what it measured, which another process sends to MLflow.

A line is one JSON object, written with one system call, so a SIGKILL leaves at most the last line
half-written. A power cut may take the last seconds, as lines are not flushed one by one.

    {"event": "start", "time": ms, "experiment", "key", "host", "pid", "process_started",
     "config": {...}, "tracking": {...} or null}
    {"event": "metrics", "time": ms, "step": n, "values": {name: number}}
    {"event": "end", "time": ms, "status": "FINISHED", "FAILED" or "KILLED", "reason": text or null}

A training that was killed and is resumed continues in the same journal with a new `start`. It
repeats the steps since its checkpoint, and since it repeats them bit for bit, what the journal has
already is not written again.

The sender notes in `sent.json` how much of a folder's journals MLflow has. All of this is read
without MLflow, so `phytotron doctor` answers quickly.
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

from phytotron.files import read_json
from phytotron.locks import locked

FOLDER = Path("build/tracking")  # one folder a training, by the hash of its config and data
FILE = "journal.jsonl"
SYSTEM_FILE = "system.jsonl"  # what the sender measures of the machine, in a second journal
SENT_FILE = "sent.json"  # how far each journal of the folder has been sent
JOURNAL_FILES = (FILE, SYSTEM_FILE)
# A training on another machine counts as dead when its folder has not changed for so long.
ABANDONED_SECONDS = 600


class Journal:
    """An append-only file of records; one process writes it at a time.

    Args:
        path: the file; created when it is missing. A half-written last line is cut off.

    Attributes:
        last_step: the largest step of which there are metrics; -1 where there are none.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.last_step = -1
        self._written: dict[int, set[str]] = {}  # the metrics that the file has of each step
        end = 0
        for record, after in read(path):
            end = after
            if record["event"] == "metrics":
                self._note(record["step"], record["values"])
        self._file = path.open("ab", buffering=0)  # unbuffered: a line is written at once
        self._file.truncate(end)

    def start(
        self,
        experiment: str,
        key: str,
        config: Mapping[str, Any],
        tracking: Mapping[str, Any] | None = None,
    ) -> None:
        """A process begins a training, or resumes it.

        Args:
            experiment: the experiment's id.
            key: the training's identity.
            config: what is trained.
            tracking: the config's group `tracking`; None for what `compose` wrote.
        """
        import psutil  # here, as this module must load quickly

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
        """Numbers after `step` updates of the weights; those that the file has are left out."""
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
    """The complete records of a journal from a byte offset on, each with the offset after it.

    A last line without a line break is not a record yet. A file that does not exist has none.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        file.seek(offset)
        for line in file:
            if not line.endswith(b"\n"):  # just being written, or half-written for ever
                return
            offset += len(line)
            yield json.loads(line), offset


class Life:
    """Whether a training runs and how it ended, from its journal, which may still grow.

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
        """Whether the process of the last `start` is alive and has written no `end`."""
        return self.start is not None and self.end is None and self._is_alive(self.start)

    def _is_alive(self, start: Mapping[str, Any]) -> bool:
        import psutil

        # Of another machine's processes only the files in a shared folder are visible. The sender
        # there samples every few seconds, so the folder of a living training changes.
        if start["host"] != socket.gethostname():
            touched = max(path.stat().st_mtime for path in [self.folder, *self.folder.iterdir()])
            return time.time() - touched < ABANDONED_SECONDS
        try:
            process = psutil.Process(start["pid"])
            # Another process may have got the number since. A zombie has ended; only its parent has
            # not asked for its status yet.
            return (
                abs(process.create_time() - start["process_started"]) < 1
                and process.status() != psutil.STATUS_ZOMBIE
            )
        except psutil.NoSuchProcess:
            return False


@contextmanager
def arranging(folder: Path) -> Iterator[None]:
    """Hold the lock of all journals while one is begun, ended for a dead process, or removed."""
    with locked(folder.parent / ".lock", "beginning or ending a journal"):
        yield


def note_death(folder: Path) -> None:
    """End the journal of a process that died without logging a reason."""
    with arranging(folder):
        # Looked at under the lock: the training may just be resumed by another process.
        life = Life(folder)
        if life.start is None or life.end is not None or life.is_running:
            return
        # The run's end in MLflow is when it last wrote, not when somebody noticed.
        last_written = (folder / FILE).stat().st_mtime
        journal = Journal(folder / FILE)
        journal.end(
            "KILLED",
            "the training process died without logging a reason: killed, out of memory, no power",
            at=last_written,
        )
        journal.close()


def unsent_trainings() -> list[Path]:
    """The folders of trainings that no longer run and are not completely in MLflow."""
    found = []
    for path in sorted(FOLDER.glob(f"*/{FILE}")):
        life = Life(path.parent)
        if life.start is None or life.is_running:
            continue
        if life.end is None or unsent_bytes(path.parent):
            found.append(path.parent)
    return found


def unsent_bytes(folder: Path) -> int:
    """How many bytes of a folder's journals have not been sent."""
    offsets = sent_so_far(folder).get("offsets", {})
    return sum(size - offsets.get(name, 0) for name, size in journal_sizes(folder).items())


def sent_so_far(folder: Path) -> dict[str, Any]:
    """What `sent.json` says; empty when nothing was sent yet."""
    path = folder / SENT_FILE
    return read_json(path) if path.exists() else {}


def journal_sizes(folder: Path) -> dict[str, int]:
    """The size in bytes of each journal that exists."""
    paths = {name: folder / name for name in JOURNAL_FILES}
    return {name: path.stat().st_size for name, path in paths.items() if path.exists()}
