"""A training that is watched: its journal, and the process that sends the journal to MLflow.

The sender is started by its module's name, so MLflow is not imported here. A training whose sender
does not work continues without it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from phytotron.errors import Interrupted, UserError
from phytotron.tracking import journal
from phytotron.tracking.journal import Journal, Life, arranging

_SENDERS = 3  # that are started one after the other, each when the last one has died
_current: ContextVar[Journal | None] = ContextVar("journal", default=None)


@contextmanager
def watched(
    experiment: str,
    key: str,
    config: Mapping[str, Any],
    tracking: Mapping[str, Any] | None = None,
) -> Iterator[None]:
    """Keep the journal of the training in this block, and have it sent to MLflow.

    Only the first process of a distributed training does so. How the block ends is how the
    training ended: with an exception it failed, or was killed if someone interrupted it.

    Args:
        experiment: the experiment's id.
        key: the identity of config and data; a training with the same key continues in the same
            journal and the same MLflow run.
        config: what is trained.
        tracking: the config's group `tracking`; None for what `compose` wrote.

    Raises:
        UserError: another process is training the same.
    """
    if not _is_first_process():
        yield
        return
    folder = journal.FOLDER / key
    # Two processes that start the same training must not both find that nobody trains it.
    with arranging(folder):
        life = Life(folder)
        # A journal of this very process is of an earlier training in it, as in tests.
        if life.is_running and life.start and life.start["pid"] != os.getpid():
            raise UserError(
                f"{experiment} is being trained already, with the same config and data",
                where=f"process {life.start['pid']} on {life.start['host']}",
            )
        written = Journal(folder / journal.FILE)
        written.start(experiment, key, config, tracking)
    start_sender(folder)
    token = _current.set(written)
    try:
        yield
    except (Interrupted, KeyboardInterrupt, SystemExit) as error:
        written.end("KILLED", f"interrupted: {str(error) or type(error).__name__}")
        raise
    except BaseException as error:
        written.end("FAILED", str(error) or type(error).__name__)
        raise
    else:
        written.end("FINISHED")
    finally:
        _current.reset(token)
        written.close()


def current_journal() -> Journal | None:
    """The journal of the training that is watched, or None where none is."""
    return _current.get()


def start_sender(folder: Path) -> None:
    """Start the process that sends a journal to MLflow, and print its messages on stderr."""
    try:
        sender = _launch(folder)
    except OSError as error:
        _warn(f"cannot be started: {error}", folder)
        return
    threading.Thread(target=_attend, args=(sender, folder), daemon=True).start()


def _launch(folder: Path) -> subprocess.Popen[bytes]:
    # In a new session: Ctrl-C reaches the training alone, and the sender tells MLflow of its end.
    with (folder / "sender.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "phytotron.tracking.sender", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )


def _attend(sender: subprocess.Popen[bytes], folder: Path) -> None:
    """Print what the sender has to say; start another one when it dies, a few times."""
    for remaining in reversed(range(_SENDERS)):
        assert sender.stdout is not None
        for line in sender.stdout:  # until the sender closes it, at the latest when it ends
            _print(line)
        if sender.wait() == 0:  # all is sent, or it has said why not
            return
        if remaining:
            sender = _launch(folder)
    _warn(f"ended with status {sender.returncode}, see {folder}/sender.log", folder)


def _warn(what: str, folder: Path) -> None:
    line = (
        f"tracking: the process that sends to MLflow {what}; training continues, and what it "
        f"measures stays in {folder} (send it: python -m phytotron.tracking.sender --all)\n"
    )
    _print(line.encode())


def _print(line: bytes) -> None:
    # Not with `print`: this thread may be stopped inside it when the process ends, with the lock of
    # the stream held, and Python would abort.
    with suppress(OSError):
        os.write(2, line)


def _is_first_process() -> bool:
    """Whether this is the first process of a distributed training, or the only one."""
    names = ("RANK", "LOCAL_RANK", "SLURM_PROCID", "JSM_NAMESPACE_RANK")  # Lightning's order
    return next((os.environ[name] for name in names if name in os.environ), "0") == "0"
