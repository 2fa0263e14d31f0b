"""Sums of each group of samples, the metrics that follow from them, and their intervals.

The paragraphs of a page are not independent of each other, so everything that resamples (the
bootstrap, the paired test) draws or swaps whole groups. The metrics here depend on the samples
only through sums: a resample is a matrix product, not a loop over samples. Counts are whole
numbers far below 2**53, so their sums are exact in any order and on any machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from phytotron.errors import UserError

Floats = NDArray[np.float64]


class Counts(NamedTuple):
    """Numbers of samples, each of shape (..., classes).

    The leading axes are groups in what `count_classes` gives, resamples in sums over drawn groups,
    and absent in the sum over all groups.
    """

    right: Floats  # of the class and predicted as the class (true positives)
    predicted: Floats  # predicted as the class
    actual: Floats  # of the class

    def total(self) -> Counts:
        """The sum over the first axis."""
        return Counts(*(array.sum(axis=0) for array in self))

    def weighted(self, weights: Floats) -> Counts:
        """Sums over groups, in which group g counts `weights[i, g]` times; shape (i, classes)."""
        return Counts(*(weights @ array for array in self))


class Sums(NamedTuple):
    """Sums over samples with real targets, each of shape (..., outputs); see `Counts`."""

    samples: Floats
    absolute: Floats  # of |prediction - target|
    squared: Floats  # of (prediction - target)²
    target: Floats
    target_squared: Floats

    def total(self) -> Sums:
        return Sums(*(array.sum(axis=0) for array in self))

    def weighted(self, weights: Floats) -> Sums:
        return Sums(*(weights @ array for array in self))


def count_classes(
    groups: Sequence[Any], actual: NDArray[np.int64], predicted: NDArray[np.int64], classes: int
) -> Counts:
    """Count the samples of each group, in sorted order of the groups; shape (groups, classes).

    Args:
        groups: the group of each sample, such as its page.
        actual: true class ids, shape (samples,).
        predicted: predicted class ids, shape (samples,).
        classes: how many classes there are.
    """
    names, group = np.unique(np.asarray(groups), return_inverse=True)
    right = actual == predicted

    def count(group: NDArray[np.int64], labels: NDArray[np.int64]) -> Floats:
        flat = np.bincount(group * classes + labels, minlength=len(names) * classes)
        return flat.reshape(len(names), classes).astype(np.float64)

    return Counts(count(group[right], actual[right]), count(group, predicted), count(group, actual))


def sum_errors(groups: Sequence[Any], targets: NDArray[Any], values: NDArray[Any]) -> Sums:
    """Sum the errors of each group, in sorted order of the groups; shape (groups, outputs).

    Targets are taken from their mean first, which changes no metric: the sum of squares of large
    numbers would lose the digits that `r2` needs.

    Args:
        groups: the group of each sample.
        targets: shape (samples, outputs).
        values: what was predicted, of the same shape.
    """
    names, group = np.unique(np.asarray(groups), return_inverse=True)
    targets, values = targets.astype(np.float64), values.astype(np.float64)
    errors, centred = values - targets, targets - targets.mean(axis=0)

    def summed(rows: Floats) -> Floats:
        sums = np.zeros((len(names), rows.shape[1]))
        np.add.at(sums, group, rows)
        return sums

    terms = (np.ones_like(errors), np.abs(errors), errors**2, centred, centred**2)
    return Sums(*map(summed, terms))


# --- of classes --------------------------------------------------------------------------------


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
    return _macro(2 * counts.right, counts.predicted + counts.actual, counts)


def precision(counts: Counts) -> Floats:
    """The mean of the classes' precision, shape (...); over the classes that have samples."""
    return _macro(counts.right, counts.predicted, counts)


def recall(counts: Counts) -> Floats:
    """The mean of the classes' recall, shape (...); over the classes that have samples."""
    return _macro(counts.right, counts.actual, counts)


def _macro(above: Floats, below: Floats, counts: Counts) -> Floats:
    """The mean of a share over the classes that have samples; a share of nothing is 0."""
    occurs = counts.actual > 0
    share = np.divide(above, below, out=np.zeros_like(above), where=occurs & (below > 0))
    return share.sum(axis=-1) / occurs.sum(axis=-1)


def _binary(above: Floats, below: Floats) -> Floats:
    """A share of class 1; a share of nothing is 0."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)[..., 1]


# --- of values ---------------------------------------------------------------------------------


def mse(sums: Sums) -> Floats:
    """The mean squared error, over samples and outputs, shape (...)."""
    return (sums.squared / sums.samples).mean(axis=-1)


def rmse(sums: Sums) -> Floats:
    """The root of the mean squared error."""
    return np.sqrt(mse(sums))


def mae(sums: Sums) -> Floats:
    """The mean absolute error."""
    return (sums.absolute / sums.samples).mean(axis=-1)


def r2(sums: Sums) -> Floats:
    """The share of the targets' variance that is explained, the mean over the outputs."""
    variation = sums.target_squared - sums.target**2 / sums.samples
    return (1 - sums.squared / variation).mean(axis=-1)


Metric = Callable[[Any], Floats]

CLASS_METRICS: dict[str, Metric] = {
    "accuracy": accuracy,
    "macro_f1": macro_f1,
    "micro_f1": accuracy,  # each sample has one class: they are the same
    "precision": precision,
    "recall": recall,
    "binary_accuracy": accuracy,
    "binary_f1": lambda counts: _binary(2 * counts.right, counts.predicted + counts.actual),
    "binary_precision": lambda counts: _binary(counts.right, counts.predicted),
    "binary_recall": lambda counts: _binary(counts.right, counts.actual),
}
VALUE_METRICS: dict[str, Metric] = {"mae": mae, "mse": mse, "r2": r2, "rmse": rmse}


# --- the bootstrap -----------------------------------------------------------------------------


LEVEL = 0.95

# Resamples are made in blocks of about 32 MB of weights, whatever the number of groups.
_BLOCK = 2**22

Kind = TypeVar("Kind", bound=Counts | Sums)


def resample(statistics: Kind, resamples: int, seed: int) -> Kind:
    """The summed statistics of each resample, shape (resamples, ...).

    Args:
        statistics: of each group, shape (groups, ...).
        resamples: how many to draw.
        seed: with the number of groups, determines which groups are drawn.
    """
    if resamples < 1:
        raise UserError(f"{resamples} bootstrap resamples", allowed="1 or more")
    groups = len(statistics[0])
    rng = np.random.default_rng(seed)
    sums = []
    for rows in blocks(resamples, groups):
        drawn = rng.integers(groups, size=(rows, groups))
        drawn += np.arange(rows)[:, None] * groups
        weights = np.bincount(drawn.ravel(), minlength=rows * groups).reshape(rows, groups)
        sums.append(statistics.weighted(weights.astype(np.float64)))
    return type(statistics)(*(np.concatenate(arrays) for arrays in zip(*sums, strict=True)))


def interval(values: Floats, level: float = LEVEL) -> tuple[float, float]:
    """The ends of the central `level` of the resamples' `values`."""
    tail = (1 - level) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def blocks(resamples: int, groups: int) -> Iterator[int]:
    """Split a number of resamples into parts whose weights fit comfortably in memory."""
    rows = max(1, _BLOCK // groups)
    for start in range(0, resamples, rows):
        yield min(rows, resamples - start)
