"""The lock that one process holds at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from phytotron import locks
from phytotron.errors import UserError
from phytotron.locks import locked

HOLDER = """\
import sys, time
from pathlib import Path
from phytotron.locks import locked
with locked(Path(sys.argv[1]), "waiting"):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "made/for/it.lock"


@pytest.fixture
def holder(lock: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_nobody_else_holds_it_in_the_block_and_anybody_after_it(lock: Path) -> None:
    with locked(lock, "testing"), pytest.raises(UserError), locked(lock, "testing", seconds=0):
        pass
    with locked(lock, "testing", seconds=0):
        pass


def test_who_may_not_wait_is_told_what_the_other_does(lock: Path, holder) -> None:
    with pytest.raises(UserError) as caught, locked(lock, "brewing tea", "a pot", seconds=0):
        pass
    lines = str(caught.value).splitlines()
    assert lines == ["a pot: another process is brewing tea", f"  see which one: fuser {lock}"]


def test_who_waits_too_long_is_told_for_how_long(lock: Path, holder) -> None:
    told = pytest.raises(UserError, match="is brewing tea, and has been for 1 s")
    with told, locked(lock, "brewing tea", seconds=1):
        pass


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_process_leaves_no_lock(lock: Path, holder) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with locked(lock, "testing", seconds=0):
        pass


def test_a_short_wait_is_silent(lock: Path, holder, capsys) -> None:
    started = time.monotonic()
    holder.kill()
    with locked(lock, "testing", seconds=60):
        assert time.monotonic() - started < 10
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("seconds", [60, None])
def test_a_long_wait_says_for_whom(
    lock: Path, seconds: float | None, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setattr(locks, "QUIET_SECONDS", 0.0)
    other = FileLock(lock)
    lock.parent.mkdir(parents=True)
    other.acquire()

    def told(*words: str, **_) -> None:
        """The other one lets go as soon as the waiting is told."""
        assert words == (f"waiting: another process is testing ({lock})",)
        other.release()

    monkeypatch.setattr(locks, "print", told, raising=False)
    with locked(lock, "testing", seconds=seconds):
        assert not other.is_locked
