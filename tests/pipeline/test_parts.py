"""The tests in parts: nothing is left out, and CI runs every part."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from tests.fixtures.parts import part_of

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


@pytest.mark.parametrize(("job", "target"), [("zoo", "test-zoo"), ("slow", "test-slow")])
def test_ci_runs_every_part(job: str, target: str) -> None:
    found = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"][job]
    parts = found["strategy"]["matrix"]["part"]
    command = next(step["run"] for step in found["steps"] if "PART" in step.get("run", ""))
    assert command == f'make {target} PART="$PART/{len(parts)}"'
    assert parts == list(range(1, len(parts) + 1))
