"""Which experiments the conformance suite takes: a part of the zoo, or all of it.

All of them with `--part`: `make test-zoo PART=2/4`; CI runs every part. Otherwise, so that
`make test` does not grow with the zoo:

- the first experiment of each family,
- those that are not verified with the code and config of now, at most 30 of them,
- every tenth of the rest, other ones after each commit.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.fixtures.parts import experiment

from phytotron.config.experiments import experiment_ids
from phytotron.config.presets import zoo_ids
from phytotron.locks import locked
from phytotron.runs.listing import staleness
from phytotron.runs.results import last_result

ROOT = Path(__file__).parents[2]
STALE = 30
SHARE = 10


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the experiments that are not chosen; the same ones in every worker."""
    own = {item: name for item in items if (name := experiment(item))}
    if not own or config.getoption("--part"):
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        chosen = sample(experiment_ids(), stale_ids(), commits())
    left_out = [item for item, name in own.items() if name not in chosen]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


def sample(experiments: Sequence[str], stale: Sequence[str], turn: int) -> set[str]:
    """What is tested in each run.

    Args:
        experiments: all ids, sorted.
        stale: those that are not verified as they are.
        turn: a number that grows with each commit.
    """
    families = {name.rpartition("/")[0]: name for name in reversed(experiments)}
    chosen = set(families.values())
    # Where more of them are stale than can be tested, other ones each time.
    start = turn * STALE % len(stale) if stale else 0
    chosen |= set([*stale[start:], *stale[:start]][:STALE])
    return chosen | set(experiments[turn % SHARE :: SHARE])


def stale_ids() -> list[str]:
    """The experiments of the zoo without a result, or with one of other code; sorted."""
    # The workers of one run want the same answers; the first of them works them out.
    with locked(ROOT / "build/locks/fingerprints.lock", "computing fingerprints"):
        is_stale = staleness()
        results = {name: last_result(name) for name in zoo_ids()}
        return [name for name, found in results.items() if found is None or is_stale(found)]


def commits() -> int:
    """How many commits lead to this one; 0 where there is no repository."""
    counted = subprocess.run(
        ["git", "rev-list", "--count", "HEAD"], capture_output=True, text=True, check=False
    )
    return int(counted.stdout) if counted.returncode == 0 else 0
