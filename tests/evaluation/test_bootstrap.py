from __future__ import annotations

import time

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from phytotron.errors import UserError
from phytotron.evaluation import statistics
from phytotron.evaluation.statistics import accuracy, count_classes, macro_f1


def counts_of(predictions):
    return count_classes(
        predictions.groups, predictions.actual, predictions.predicted, len(predictions.labels)
    )


def test_equal_to_a_loop_over_resamples_with_scikit_learn(make_predictions):
    predictions = make_predictions(pages=7, samples=60, classes=5)
    pages = sorted(set(predictions.groups))
    rows = [np.flatnonzero(np.asarray(predictions.groups) == page) for page in pages]
    drawn = np.random.default_rng(3).integers(len(pages), size=(50, len(pages)))
    resampled = statistics.resample(counts_of(predictions), 50, seed=3)
    for pages_drawn, f1, share in zip(drawn, macro_f1(resampled), accuracy(resampled), strict=True):
        sample = np.concatenate([rows[page] for page in pages_drawn])
        actual, predicted = predictions.actual[sample], predictions.predicted[sample]
        assert share == pytest.approx(accuracy_score(actual, predicted))
        assert f1 == pytest.approx(
            f1_score(actual, predicted, labels=np.unique(actual), average="macro", zero_division=0)
        )


def test_a_thousand_resamples_of_a_whole_test_set_take_less_than_a_second(make_predictions):
    predictions = make_predictions(pages=450, samples=18_000, classes=27)
    counts = counts_of(predictions)
    start = time.process_time()
    macro_f1(statistics.resample(counts, 1000, seed=0))
    assert time.process_time() - start < 1


def test_blocks_cover_all_resamples_within_the_memory_for_one():
    assert sum(statistics.blocks(1000, 100_000)) == 1000
    assert max(statistics.blocks(1000, 100_000)) * 100_000 * 8 < 64e6
    assert list(statistics.blocks(3, 10**9)) == [1, 1, 1]


def test_the_seed_determines_the_resamples(make_predictions):
    counts = counts_of(make_predictions())
    first, second, other = (statistics.resample(counts, 20, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.right, second.right)
    assert not np.array_equal(first.right, other.right)


def test_one_page_leaves_nothing_to_vary(make_predictions):
    counts = counts_of(make_predictions(pages=1, samples=30))
    low, high = statistics.interval(accuracy(statistics.resample(counts, 100, seed=0)))
    assert low == high == accuracy(counts.total())


@pytest.mark.parametrize("seed", range(10))
def test_the_interval_contains_the_estimate(make_predictions, seed):
    counts = counts_of(make_predictions(seed, data_seed=seed))
    resampled = statistics.resample(counts, 500, seed)
    for metric in (accuracy, macro_f1):
        low, high = statistics.interval(metric(resampled))
        assert low < metric(counts.total()) < high


def test_the_interval_is_wider_when_the_paragraphs_of_a_page_fail_together():
    rng = np.random.default_rng(0)
    pages, each = 50, 20
    actual = np.zeros(pages * each, np.int64)
    together = np.repeat(rng.random(pages) < 0.3, each).astype(np.int64)
    apart = rng.permutation(together)
    urls = [f"{page:02}" for page in np.repeat(np.arange(pages), each)]

    def width(predicted):
        counts = count_classes(urls, actual, predicted, 2)
        low, high = statistics.interval(accuracy(statistics.resample(counts, 1000, seed=0)))
        return high - low

    # sqrt(20): what a design effect of the full page size comes to
    assert width(together) / width(apart) == pytest.approx(np.sqrt(each), rel=0.2)


def test_ninety_five_per_cent_of_the_intervals_contain_the_truth():
    rng = np.random.default_rng(0)
    pages, each, covered = 80, 5, 0
    urls = [f"{page:02}" for page in np.repeat(np.arange(pages), each)]
    for trial in range(200):
        # each page has its own share of right answers, uniform on 0..1: 0.5 in the mean
        share = np.repeat(rng.random(pages), each)
        predicted = (rng.random(pages * each) > share).astype(np.int64)
        counts = count_classes(urls, np.zeros_like(predicted), predicted, 2)
        low, high = statistics.interval(accuracy(statistics.resample(counts, 400, seed=trial)))
        covered += low <= 0.5 <= high
    assert 0.91 <= covered / 200 <= 0.98


def test_quantiles_of_the_interval():
    assert statistics.interval(np.arange(101.0)) == pytest.approx((2.5, 97.5))
    assert statistics.interval(np.arange(101.0), level=0.9) == pytest.approx((5, 95))


def test_no_resamples_are_refused(make_predictions):
    with pytest.raises(UserError, match="0 bootstrap resamples"):
        statistics.resample(counts_of(make_predictions()), 0, seed=0)
