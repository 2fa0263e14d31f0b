"""A training that is watched: its journal, and the process that sends the journal to MLflow.

The sender is started by its module's name: nothing of MLflow is imported here, and a training
whose sender cannot work goes on all the same.
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

_SENDERS = 3  # so many, one after the other, if they die
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
        key: the identity of config and data; a training with the same key goes on in the same
            journal and the same MLflow run.
        config: what is trained.
        tracking: the config's group `tracking`; what `compose` wrote when it is not given.

    Raises:
        UserError: another process trains the same at this moment.
    """
    if not _is_first_process():
        yield
        return
    folder = journal.FOLDER / key
    with arranging(folder):
        life = Life(folder)
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
    """Start the process that sends a journal to MLflow, and pass on what it has to say.

    It is in a session of its own: Ctrl-C ends the training, and the sender tells MLflow so.
    """
    try:
        sender = _launch(folder)
    except OSError as error:
        _tell(f"cannot be started: {error}", folder)
        return
    threading.Thread(target=_attend, args=(sender, folder), daemon=True).start()


def _launch(folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "sender.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "phytotron.tracking.sender", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )


def _attend(sender: subprocess.Popen[bytes], folder: Path) -> None:
    """Pass on what the sender says; start another one when it dies, but not for ever."""
    for remaining in reversed(range(_SENDERS)):
        assert sender.stdout is not None
        for line in sender.stdout:
            _say(line)
        if sender.wait() == 0:
            return
        if remaining:
            sender = _launch(folder)
    _tell(f"ended with status {sender.returncode}, see {folder}/sender.log", folder)


def _tell(what: str, folder: Path) -> None:
    line = (
        f"tracking: the process that sends to MLflow {what}; training continues, and what it "
        f"measures waits in {folder} (send it: python -m phytotron.tracking.sender --all)\n"
    )
    _say(line.encode())


def _say(line: bytes) -> None:
    # Not by `print`: a thread that the end of the process stops in there would spoil that end.
    with suppress(OSError):
        os.write(2, line)


def _is_first_process() -> bool:
    """Whether no launcher has called this one of the later processes of a distributed run."""
    names = ("RANK", "LOCAL_RANK", "SLURM_PROCID", "JSM_NAMESPACE_RANK")  # Lightning's order
    return next((os.environ[name] for name in names if name in os.environ), "0") == "0"
