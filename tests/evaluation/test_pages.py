from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

from phytotron.evaluation.statistics import accuracy, count_classes, macro_f1

SAMPLES = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(0, 4), st.integers(0, 4)), min_size=1
)


def counts_of(samples):
    urls, actual, predicted = zip(*samples, strict=True)
    return count_classes(urls, np.array(actual), np.array(predicted), 5)


def test_counts_of_each_page_in_the_order_of_the_urls():
    counts = count_classes(
        ["b", "a", "b", "b"], np.array([0, 1, 1, 0]), np.array([0, 1, 0, 2]), classes=3
    )
    assert counts.right.tolist() == [[0, 1, 0], [1, 0, 0]]
    assert counts.predicted.tolist() == [[0, 1, 0], [2, 0, 1]]
    assert counts.actual.tolist() == [[0, 1, 0], [2, 1, 0]]


def test_values_worked_out_by_hand():
    # rows actual, columns predicted: [[3, 1], [2, 4]]
    actual = np.array([0] * 4 + [1] * 6)
    predicted = np.array([0, 0, 0, 1, 0, 0, 1, 1, 1, 1])
    total = count_classes(["page"] * 10, actual, predicted, 2).total()
    assert accuracy(total) == pytest.approx(7 / 10)
    assert macro_f1(total) == pytest.approx((2 * 3 / (5 + 4) + 2 * 4 / (5 + 6)) / 2)


def test_a_class_without_samples_does_not_count_even_if_it_is_predicted():
    counts = count_classes(["page"] * 3, np.array([0, 0, 1]), np.array([0, 2, 1]), 4)
    assert macro_f1(counts.total()) == pytest.approx((2 / 3 + 1) / 2)


@given(SAMPLES)
def test_equal_to_scikit_learn(samples):
    _, actual, predicted = zip(*samples, strict=True)
    total = counts_of(samples).total()
    expected = f1_score(
        actual, predicted, labels=np.unique(actual), average="macro", zero_division=0
    )
    assert macro_f1(total) == pytest.approx(expected)
    assert accuracy(total) == pytest.approx(accuracy_score(actual, predicted))


@given(SAMPLES, st.randoms())
def test_the_order_of_the_samples_does_not_matter(samples, random):
    shuffled = random.sample(samples, len(samples))
    for one, other in zip(counts_of(samples), counts_of(shuffled), strict=True):
        assert np.array_equal(one, other)


@given(SAMPLES, st.permutations(range(5)))
def test_the_numbering_of_the_classes_does_not_matter(samples, numbers):
    renumbered = [(url, numbers[actual], numbers[guess]) for url, actual, guess in samples]
    assert macro_f1(counts_of(renumbered).total()) == pytest.approx(
        macro_f1(counts_of(samples).total())
    )
