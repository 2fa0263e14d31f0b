"""The process that sends a training's journal to MLflow while the training runs.

    python -m phytotron.tracking.sender build/tracking/KEY    beside a training that runs
    python -m phytotron.tracking.sender --all                 what earlier senders left

It imports nothing of what training needs, such as torch. Messages for the user go to its standard
output, which the training prints; everything else to its standard error, a log file.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phytotron.errors import UserError
from phytotron.locks import locked
from phytotron.tracking.journal import SYSTEM_FILE, Journal, Life, note_death, unsent_trainings

POLL_SECONDS = 0.5
REPLAY_SECONDS = 60  # how long to wait for a sender that is still sending
SEND_ALL = "send it: python -m phytotron.tracking.sender --all"


@dataclass(frozen=True)
class Pace:
    """The intervals of the sender, in seconds: the config's `tracking.sender`.

    Attributes:
        sample: between two samples of the machine.
        heartbeat: between two times that MLflow is told that the training is alive.
        longest_pause: between two attempts to reach a store that is away.
        grace: how long it still tries after the training has ended.
    """

    sample: float = 10
    heartbeat: float = 30
    longest_pause: float = 30
    grace: float = 30


def main(argv: Sequence[str] | None = None) -> None:
    """Send one journal as long as its training runs, or all journals that were left."""
    parser = argparse.ArgumentParser(prog="python -m phytotron.tracking.sender")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("folder", nargs="?", type=Path, help="the journal's folder")
    what.add_argument("--all", action="store_true", help="send what earlier senders left")
    arguments = parser.parse_args(argv)
    if arguments.all:
        try:
            print(f"trainings of which something was left, now sent: {replay_all()}")
        except UserError as error:
            print(f"error: {error}", file=sys.stderr)
            raise SystemExit(2) from None
        return
    with suppress(OSError, AttributeError):  # Windows has no nice
        os.nice(10)  # training comes first
    # MLflow prints links on standard output. They belong into the log, and must not fail when the
    # training has ended and nobody reads the pipe.
    listener = os.dup(1)
    os.dup2(2, 1)
    Sender(arguments.folder, listener).run()


class Sender:
    """Sends the journal of a folder until its training has ended and all is sent.

    Args:
        folder: the journal's folder.
        listener: file descriptor for what the user is to read.
    """

    def __init__(self, folder: Path, listener: int) -> None:
        self.folder = folder
        self.listener = listener
        self.live: Any = None
        self.pace = Pace()
        self.is_away = False  # whether the last attempt failed
        self._pause = 0.0
        self._due: dict[str, float] = {}

    def run(self) -> None:
        """Send until all is sent, or until the store has been away for too long."""
        with sending(self.folder):
            life = Life(self.folder)
            if life.start is not None:  # else the sender before this one removed the folder
                self._follow(life)

    def _follow(self, life: Life) -> None:
        """Sample the machine and send what is new, until the training has ended and all is sent."""
        # These import MLflow, which takes seconds: only once it is this process's turn.
        from phytotron.tracking.live import tracking_settings
        from phytotron.tracking.machine_monitor import MachineMonitor

        assert life.start is not None
        try:
            settings = tracking_settings(life)
        except UserError as error:
            self._tell(f"{_one_line(error)}; training continues, its metrics stay in {self.folder}")
            return
        self.pace = Pace(**settings.get("sender", {}))
        monitor, samples = MachineMonitor(life.start["pid"]), Journal(self.folder / SYSTEM_FILE)
        start = life.start
        over: float | None = None  # when the training was seen to have ended
        while True:
            # Writes the end into the journal of a training whose process died without one.
            note_death(self.folder)
            life.update()
            if life.is_running:
                over = None
                if life.start is not start:  # resumed by another process
                    start = life.start
                    monitor = MachineMonitor(start["pid"])
                if self._is_due("sample", self.pace.sample):
                    samples.metrics(samples.last_step + 1, monitor.sample())
            elif over is None:
                over = time.monotonic()
                # However long the pause between two attempts has become: try at once.
                self._due.pop("attempt", None)
            if self._is_due("attempt", self._pause) and self._send(settings, life.is_running):
                # The training may have ended, or been resumed, while this was sent.
                life.update()
                if life.end and self.live.all_is_sent:
                    samples.close()
                    self.live.remove_if_done()
                    return
            if over is not None and self.is_away and time.monotonic() - over > self.pace.grace:
                self._tell(f"gave up; the rest stays in {self.folder} ({SEND_ALL})")
                return
            time.sleep(POLL_SECONDS)

    def _send(self, settings: Mapping[str, Any], is_running: bool) -> bool:
        """Send what there is; False when the store cannot take it now."""
        from phytotron.tracking.live import LiveRun
        from phytotron.tracking.store import answered, open_store, store_uri

        try:
            with answered(store_uri(settings)):
                if self.live is None:
                    store = open_store(settings)
                    self.live = LiveRun(self.folder, store, settings["experiment"])
                self.live.send()
                if is_running and self._is_due("heartbeat", self.pace.heartbeat):
                    self.live.beat()
        except Exception as error:
            # Whatever it is, training continues and nothing is lost: the journal keeps all for the
            # next attempt, which begins with a new connection.
            self.live = None
            if not self.is_away:
                if not isinstance(error, UserError):
                    traceback.print_exc()
                where = f"its metrics stay in {self.folder}"
                self._tell(f"{_one_line(error)}; training continues, {where}")
            self.is_away = True
            # Each pause is twice as long as the last one.
            self._pause = min(2 * self._pause + POLL_SECONDS, self.pace.longest_pause)
            self._due["attempt"] = time.monotonic() + self._pause
            return False
        if self.is_away:
            self._tell("the store is back, and all is sent")
        self.is_away, self._pause = False, 0.0
        return True

    def _is_due(self, what: str, seconds: float) -> bool:
        """Whether the last time was `seconds` ago; if so, this counts as the next time."""
        now = time.monotonic()
        if now < self._due.get(what, 0):
            return False
        self._due[what] = now + seconds
        return True

    def _tell(self, text: str) -> None:
        """Write to the log and to the user."""
        line = f"tracking: {text}\n"
        print(line, end="", file=sys.stderr, flush=True)
        with suppress(OSError):  # the training has ended, nobody listens
            os.write(self.listener, line.encode())


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def lock_file(folder: Path) -> Path:
    """The lock of whoever sends a folder's journal. It lies beside the folder, which is removed."""
    return folder.with_name(f"{folder.name}.lock")


@contextmanager
def sending(folder: Path, seconds: float | None = None) -> Iterator[None]:
    """One process sends a journal at a time; others wait.

    Raises:
        UserError: another process keeps sending for `seconds` (without limit by default).
    """
    with locked(lock_file(folder), "sending this training", str(folder), seconds):
        try:
            yield
        finally:
            if not folder.exists():  # all is sent; a process that waits for the lock will notice
                lock_file(folder).unlink(missing_ok=True)


def replay_all() -> int:
    """Send what is left of all trainings that no longer run; how many these were.

    Raises:
        UserError: the store cannot be used, or another sender does not finish.
    """
    folders = unsent_trainings()
    for folder in folders:
        replay(folder)
    return len(folders)


def replay(folder: Path, seconds: float = REPLAY_SECONDS) -> None:
    """Send the rest of a journal; a training that died without logging a reason counts as killed.

    Args:
        folder: the journal's folder; nothing is done when it does not exist (any more).
        seconds: how long to wait for a sender that is still sending.

    Raises:
        UserError: the store cannot be used, or another sender does not finish.
    """
    # These import MLflow, which takes seconds.
    from phytotron.tracking.live import LiveRun, tracking_settings
    from phytotron.tracking.store import answered, open_store, store_uri

    with sending(folder, seconds):
        note_death(folder)
        life = Life(folder)
        # While this process waited for the lock, a sender may have sent all and removed the folder.
        if life.start is None:
            return
        settings = tracking_settings(life)
        with answered(store_uri(settings)):
            live = LiveRun(folder, open_store(settings), settings["experiment"])
            live.send()
            live.remove_if_done()


if __name__ == "__main__":
    main()
