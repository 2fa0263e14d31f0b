from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from phytotron.evaluation import statistics
from phytotron.evaluation.paired import holm, permutation_test
from phytotron.evaluation.statistics import count_classes


def counts_of(predictions):
    return count_classes(
        predictions.groups, predictions.actual, predictions.predicted, len(predictions.labels)
    )


def test_close_to_the_exact_test_that_tries_every_swap(make_predictions):
    first = make_predictions(1, 0.7, pages=8, samples=60, classes=3)
    second = make_predictions(2, 0.45, pages=8, samples=60, classes=3)
    page = np.unique(first.groups, return_inverse=True)[1]

    def macro_f1(predicted):
        return f1_score(
            first.actual,
            predicted,
            labels=np.unique(first.actual),
            average="macro",
            zero_division=0,
        )

    def difference(swapped):
        swap = np.array(swapped)[page]
        return macro_f1(np.where(swap, second.predicted, first.predicted)) - macro_f1(
            np.where(swap, first.predicted, second.predicted)
        )

    observed = abs(difference([False] * 8))
    extreme = [
        abs(difference(swapped)) >= observed - 1e-12 for swapped in product([False, True], repeat=8)
    ]
    exact = np.mean(extreme)
    assert 0.02 < exact < 0.9  # else there is little to see
    p_value = permutation_test(
        counts_of(first), counts_of(second), statistics.macro_f1, 40_000, seed=0
    )
    assert p_value == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 40_000))


@pytest.mark.parametrize("pages", [1, 30])
def test_identical_models_have_p_1(make_predictions, pages):
    counts = counts_of(make_predictions(pages=pages))
    assert permutation_test(counts, counts, statistics.macro_f1, 99, seed=0) == 1


def test_with_one_page_nothing_can_be_told(make_predictions):
    first, second = (counts_of(make_predictions(1, skill, pages=1)) for skill in (1.0, 0.1))
    assert permutation_test(first, second, statistics.macro_f1, 99, seed=0) == 1


def test_a_far_better_model_has_the_least_p_that_there_can_be(make_predictions):
    first, second = (counts_of(make_predictions(1, skill)) for skill in (1.0, 0.2))
    assert permutation_test(first, second, statistics.macro_f1, 999, seed=0) == 1 / 1000


def test_both_directions_have_the_same_p(make_predictions):
    first, second = (counts_of(make_predictions(seed, 0.5)) for seed in (1, 2))
    forth = permutation_test(first, second, statistics.macro_f1, 500, seed=4)
    assert forth == permutation_test(second, first, statistics.macro_f1, 500, seed=4)
    assert 1 / 501 < forth < 1


def test_swaps_that_are_equal_on_paper_count_as_ties():
    # Each of the pages is one win of the same size: every swap of k pages gives a difference of
    # (n - 2k) wins, and only none or all of them swapped is as far from 0 as what was observed.
    urls = [f"page {number}" for number in range(3)]
    first = count_classes(urls, np.array([0, 1, 2]), np.array([0, 1, 2]), 3)
    second = count_classes(urls, np.array([0, 1, 2]), np.array([1, 2, 0]), 3)
    p_value = permutation_test(first, second, statistics.macro_f1, 40_000, seed=0)
    assert p_value == pytest.approx(2 / 8, abs=0.01)


def test_equal_models_are_told_apart_as_often_as_the_level_says():
    rng = np.random.default_rng(0)
    pages, each, trials = 30, 6, 400
    urls = [f"{page:02}" for page in np.repeat(np.arange(pages), each)]
    rejected = 0
    for trial in range(trials):
        actual = np.repeat(rng.integers(3, size=pages), each)
        # The paragraphs of a page fail together: a test over paragraphs would reject too often.
        counts = [
            count_classes(
                urls, actual, np.where(fails, rng.integers(3, size=len(actual)), actual), 3
            )
            for fails in np.repeat(rng.random((2, pages)) < 0.4, each, axis=1)
        ]
        rejected += (
            permutation_test(*counts, statistics.macro_f1, permutations=199, seed=trial) <= 0.05
        )
    # 4 standard deviations of a binomial share of 0.05
    assert abs(rejected / trials - 0.05) <= 4 * np.sqrt(0.05 * 0.95 / trials)


def test_holm_values_of_the_literature():
    # what R's p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") gives
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == pytest.approx([1, 1])
    assert holm([0.03]) == pytest.approx([0.03])
    assert len(holm([])) == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.randoms())
def test_holm_keeps_the_order_and_lies_between_none_and_bonferroni(p_values, random):
    p = np.array(p_values)
    adjusted = holm(p)
    assert np.all(adjusted >= p)
    assert np.all(adjusted <= np.minimum(1, p * len(p)))
    assert np.all(np.diff(adjusted[np.argsort(p)]) >= 0)
    order = random.sample(range(len(p)), len(p))
    assert holm(p[order]) == pytest.approx(adjusted[order])
