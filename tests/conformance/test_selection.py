"""Which experiments are tested: none is left out of all parts, and each has its turn."""

from __future__ import annotations

from tests.conformance.conftest import SHARE, STALE, sample

ALL = sorted(f"family{number % 7}/experiment{number}" for number in range(300))


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
