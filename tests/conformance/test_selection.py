"""Which experiments are tested: none is left out of all parts, and each has its turn."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from tests.conformance.conftest import SHARE, STALE, part_of, sample

ROOT = Path(__file__).parents[2]
ALL = sorted(f"family{number % 7}/experiment{number}" for number in range(300))


@pytest.mark.parametrize("count", [1, 3, 4, 300])
def test_the_parts_make_up_the_whole(count: int) -> None:
    parts = [part_of(ALL, f"{number}/{count}") for number in range(1, count + 1)]
    assert sorted(name for part in parts for name in part) == ALL
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("part", ["0/3", "4/3", "1", "a/b", "1/", "-1/2"])
def test_a_wrong_part_is_answered(part: str) -> None:
    with pytest.raises(pytest.UsageError, match=r"--part"):
        part_of(ALL, part)


def test_ci_runs_every_part() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]
    parts = jobs["zoo"]["strategy"]["matrix"]["part"]
    command = next(step["run"] for step in jobs["zoo"]["steps"] if "PART" in step.get("run", ""))
    assert f"/{len(parts)}" in command
    assert parts == list(range(1, len(parts) + 1))


def test_each_family_is_tested_each_time() -> None:
    for turn in (0, 1, 12345):
        assert {name.partition("/")[0] for name in sample(ALL, [], turn)} == {
            f"family{number}" for number in range(7)
        }


def test_a_few_stale_ones_are_all_tested() -> None:
    stale = ALL[5:15]
    assert sample(ALL, stale, 3) >= set(stale)


def test_each_experiment_has_its_turn() -> None:
    assert set().union(*(sample(ALL, [], turn) for turn in range(SHARE))) == set(ALL)
    turns = -(-len(ALL) // STALE)
    assert set().union(*(sample(ALL, ALL, turn) for turn in range(turns))) == set(ALL)


def test_the_sample_stays_small() -> None:
    assert max(len(sample(ALL, ALL, turn)) for turn in range(SHARE)) <= 30 + 7 + STALE
