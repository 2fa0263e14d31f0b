"""Two processes that train together: whichever is killed, they end with the very same bytes."""

from __future__ import annotations

import pytest

KILLED = -9
TOGETHER = ("trainer.devices=2", "trainer.strategy=ddp", "data.batch_size=4")
NOTHING: dict = {}


@pytest.fixture(scope="module")
def expected(training) -> dict[str, str]:
    """The digests of such a training that nothing disturbed."""
    whole = training(*TOGETHER)
    assert whole.run_two(NOTHING, NOTHING) == [0, 0], whole.log
    return whole.digests()


@pytest.mark.slow
@pytest.mark.parametrize("killed", [(0,), (1,), (0, 1)])
@pytest.mark.parametrize("kind", ["step", "validation"])
def test_killed(training, expected, kind: str, killed: tuple[int, ...]) -> None:
    disturbed = training(*TOGETHER)
    fault = {"kind": kind, "count": 11 if kind == "step" else 1}
    statuses = disturbed.run_two(*(fault if rank in killed else NOTHING for rank in (0, 1)))
    assert 0 not in statuses  # neither waits for the other for ever, nor thinks that all is well
    assert [statuses[rank] for rank in killed] == [KILLED] * len(killed)
    assert disturbed.run_two(NOTHING, NOTHING) == [0, 0], disturbed.log
    assert "continuing from step" in disturbed.log
    assert disturbed.digests() == expected


@pytest.mark.slow
@pytest.mark.parametrize("rank", [0, 1])
def test_a_signal_to_one_stops_both_gracefully(training, expected, rank: int) -> None:
    stopped = training(*TOGETHER)
    press = {"kind": "signals", "signal": "SIGTERM", "times": 1, "count": 7}
    assert stopped.run_two(*(press if rank == r else NOTHING for r in (0, 1))) == [143, 143]
    assert stopped.run_two(NOTHING, NOTHING) == [0, 0], stopped.log
    assert "continuing from step 7 " in stopped.log
    assert stopped.digests() == expected
