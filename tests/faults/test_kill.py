"""Killed at any moment and started again, training ends with the very same bytes."""

from __future__ import annotations

import pytest

KILLED = -9


@pytest.mark.parametrize("step", range(1, 17))
def test_behind_every_step(training, undisturbed, step: int) -> None:
    killed = training()
    assert killed.run(kind="step", count=step) == KILLED
    assert killed.run() == 0, killed.log
    assert killed.digests() == undisturbed()
