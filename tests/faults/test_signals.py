"""Ctrl-C and SIGTERM: once saves and ends, twice ends."""

from __future__ import annotations

import signal

import pytest


@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_once_finishes_the_step_saves_and_says_how_to_continue(
    training, undisturbed, name: str, status: int
) -> None:
    stopped = training("checkpoint.every_n_steps=null")
    assert stopped.run(kind="signals", signal=name, times=1, count=7) == status
    assert "stopped after step 7 (epoch 0)" in stopped.log
    assert "the same command continues from there" in stopped.log
    assert stopped.run() == 0, stopped.log
    assert "continuing from step 7 " in stopped.log
    assert stopped.digests() == undisturbed("checkpoint.every_n_steps=null")


def test_twice_ends_at_once(training, undisturbed) -> None:
    stopped = training()
    ended = stopped.run(kind="signals", signal="SIGINT", times=2, count=7)
    assert ended == -signal.SIGINT
    assert stopped.run() == 0, stopped.log
    assert stopped.digests() == undisturbed()
