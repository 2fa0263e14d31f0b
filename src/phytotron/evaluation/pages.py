"""Counts per page and class, and the metrics that follow from their sums.

The paragraphs of a page are not independent of each other, so everything that resamples (the
bootstrap, the paired test) draws or swaps whole pages. Accuracy and macro-F1 depend on the samples
only through sums of these counts: a resample is a matrix product, not a loop over samples. The
counts are whole numbers far below 2**53, so the sums are exact in any order and on any machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Counts(NamedTuple):
    """Numbers of samples, each of shape (..., classes).

    The leading axes are pages in what `page_counts` gives, resamples in sums over drawn pages, and
    absent in the sum over all pages.
    """

    right: Floats  # of the class and predicted as the class (true positives)
    predicted: Floats  # predicted as the class
    actual: Floats  # of the class

    def total(self) -> Counts:
        """The sum over the first axis."""
        return Counts(*(array.sum(axis=0) for array in self))

    def weighted(self, weights: Floats) -> Counts:
        """Sums over pages, in which page p counts `weights[i, p]` times; shape (i, classes)."""
        return Counts(*(weights @ array for array in self))


def page_counts(
    urls: Sequence[str], actual: NDArray[np.int64], predicted: NDArray[np.int64], classes: int
) -> Counts:
    """Count the samples of each page, in sorted order of the pages' URLs; shape (pages, classes).

    Args:
        urls: the page of each sample.
        actual: true class ids, shape (samples,).
        predicted: predicted class ids, shape (samples,).
        classes: how many classes there are.
    """
    pages, page = np.unique(np.asarray(urls), return_inverse=True)
    right = actual == predicted

    def count(page: NDArray[np.int64], labels: NDArray[np.int64]) -> Floats:
        flat = np.bincount(page * classes + labels, minlength=len(pages) * classes)
        return flat.reshape(len(pages), classes).astype(np.float64)

    return Counts(count(page[right], actual[right]), count(page, predicted), count(page, actual))


def accuracy(counts: Counts) -> Floats:
    """The share of samples that are right, shape (...)."""
    return counts.right.sum(axis=-1) / counts.actual.sum(axis=-1)


def macro_f1(counts: Counts) -> Floats:
    """The mean of the classes' F1, shape (...).

    The mean is over the classes that have samples. On the whole test set these are all classes; in
    a resample a class whose few pages were not drawn is left out. Counting it as 0, as
    scikit-learn's `f1_score` does with a fixed list of labels (and without one, as soon as a single
    sample is mistaken for that class), would pull the interval down: the class is missing, not
    badly predicted. For the same reason both models of a pair are averaged over the same classes.
    Equal to `sklearn.metrics.f1_score(actual, predicted, labels=np.unique(actual),
    average="macro", zero_division=0)`.
    """
    occurs = counts.actual > 0
    f1 = np.divide(
        2 * counts.right,
        counts.predicted + counts.actual,
        out=np.zeros_like(counts.right),
        where=occurs,
    )
    return f1.sum(axis=-1) / occurs.sum(axis=-1)
