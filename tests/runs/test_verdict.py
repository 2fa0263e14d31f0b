"""Verdicts: by the interval of the mean, and whether two measurements agree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from phytotron.runs.verdict import (
    AGREES,
    DIFFERS,
    MISSED,
    REACHED,
    REACHED_ONCE,
    UNCLEAR,
    UNDECIDED,
    agreement,
    interval,
    is_reached,
    verdict,
)

VALUES = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=8)


@given(VALUES)
def test_the_interval_is_that_of_student(values: list[float]) -> None:
    low, high = interval(values)
    if len(set(values)) > 1:
        expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
        assert (low, high) == pytest.approx((expected.low, expected.high), rel=1e-6, abs=1e-6)
    assert low <= sum(values) / len(values) + 1e-9
    assert high >= sum(values) / len(values) - 1e-9


def test_one_seed_has_no_interval() -> None:
    assert interval([0.9]) is None


@pytest.mark.parametrize(
    ("values", "goal", "target", "expected"),
    [
        # The MNIST perceptron: the mean is above the printed number, one seed is below it.
        ([0.9725, 0.978, 0.9752], "max", 0.9745, UNDECIDED),
        ([0.979, 0.9788, 0.9786], "max", 0.976, REACHED),
        ([0.979, 0.9788, 0.9786], "max", 0.98, MISSED),
        ([0.979, 0.9788, 0.9786], "min", 0.98, REACHED),
        ([0.979, 0.9788, 0.9786], "min", 0.976, MISSED),
        ([0.0, 0.0, 0.0], "min", 0.0, REACHED),
        ([0.5], "max", 0.4, REACHED_ONCE),
        ([0.5], "max", 0.6, MISSED),
    ],
)
def test_a_verdict_needs_the_whole_interval(
    values: list[float], goal: str, target: float, expected: str
) -> None:
    assert verdict(values, goal, target) == expected


@given(VALUES, st.floats(-1e3, 1e3))
def test_turning_all_signs_changes_no_verdict(values: list[float], target: float) -> None:
    turned = verdict([-value for value in values], "min", -target)
    assert verdict(values, "max", target) == turned


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ([0.9725, 0.978, 0.9752], [0.9731, 0.9768, 0.9744], AGREES),
        ([0.9725, 0.978, 0.9752], [0.95, 0.951, 0.952], DIFFERS),
        ([1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0, 1.0], AGREES),
        ([1.0, 1.0, 1.0], [0.9, 0.9, 0.9], DIFFERS),
        ([0.9725, 0.978, 0.9752], [0.98], AGREES),
        ([0.9725, 0.978, 0.9752], [0.5], DIFFERS),
        ([0.8383], [0.7], UNCLEAR),
        ([0.8383], [0.8383000001], AGREES),  # rounding of another processor
    ],
)
def test_two_measurements_agree_where_seeds_explain_the_difference(
    before: list[float], now: list[float], expected: str
) -> None:
    assert agreement(before, now) == agreement(now, before) == expected


@given(VALUES, VALUES)
def test_groups_are_compared_by_the_test_of_welch(first: list[float], second: list[float]) -> None:
    if min(stats.tstd(first), stats.tstd(second)) < 1e-3:
        return
    p = stats.ttest_ind(first, second, equal_var=False).pvalue
    if abs(p - 0.01) > 1e-6:
        assert agreement(first, second) == (DIFFERS if p < 0.01 else AGREES)


@pytest.mark.parametrize(
    ("score", "goal", "reached"),
    [
        (0.9, "max", True),
        (0.8999, "max", False),
        (0.9, "min", True),
        (0.9001, "min", False),
        (float("nan"), "max", False),
        (float("nan"), "min", False),
    ],
)
def test_a_target_is_reached_when_the_score_is_as_good(
    score: float, goal: str, reached: bool
) -> None:
    assert is_reached(score, goal, 0.9) is reached
