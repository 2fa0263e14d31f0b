"""A decision tree: split the samples again and again where the impurity falls most.

The impurity of a node with class shares p is the entropy -Σ p log2 p (Quinlan, Induction of
decision trees, 1986) or Gini's 1 - Σ p² (Breiman, Friedman, Olshen, Stone, Classification and
regression trees, 1984). A split sends the samples with x_f ≤ t to the left; what it gains is the
impurity of the node minus that of its children, each weighted by its samples.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

Array = NDArray[np.float64]


def entropy(shares: Array) -> Array:
    """-Σ p log2 p in bits, shape (..., classes) to (...), from 0 to log2 of the classes."""
    return -np.sum(shares * np.log2(np.where(shares > 0, shares, 1)), axis=-1)


def gini(shares: Array) -> Array:
    """1 - Σ p², shape (..., classes) to (...): how often two draws have different classes."""
    return 1 - np.sum(shares**2, axis=-1)


IMPURITIES: dict[str, Callable[[Array], Array]] = {"entropy": entropy, "gini": gini}


class Split(NamedTuple):
    """Which samples go to the left, x[:, feature] <= threshold, and the gain."""

    feature: int
    threshold: float
    gain: float


def best_split(x: Array, y: Array, impurity: Callable[[Array], Array]) -> Split | None:
    """The split with the largest gain; ties go to the first feature and the smallest threshold.

    Args:
        x: shape (samples, features).
        y: one-hot classes, shape (samples, classes).
        impurity: of class shares.

    Returns:
        A threshold half-way between two neighbouring values; None when all samples are equal.
    """
    best = None
    before = float(impurity(y.mean(axis=0)))
    sizes = np.arange(1, len(x))[:, None]  # of the left part, for each place to cut
    for feature in range(x.shape[1]):
        order = x[:, feature].argsort(kind="stable")
        values = x[order, feature]
        left = y[order].cumsum(axis=0)[:-1]
        right = y.sum(axis=0) - left
        after = sizes[:, 0] * impurity(left / sizes)
        after += (len(x) - sizes[:, 0]) * impurity(right / (len(x) - sizes))
        gains = np.where(values[1:] > values[:-1], before - after / len(x), -np.inf)
        cut = int(gains.argmax())
        if np.isfinite(gains[cut]) and (best is None or gains[cut] > best.gain + 1e-12):
            middle = values[cut] / 2 + values[cut + 1] / 2
            best = Split(feature, float(middle), float(gains[cut]))
    return best


class DecisionTree(ClassifierMixin, BaseEstimator):
    """Nodes are numbered from the root, 0, a node's left branch before its right one.

    Args:
        criterion: `entropy` or `gini`.
        min_samples_split: smaller nodes stay whole: the larger, the simpler the tree.
        max_depth: of the leaves; None: until every node is pure or too small.

    Attributes:
        feature_: of each node, -1 of a leaf; shape (nodes,), as all others.
        threshold_: of each node, 0 of a leaf.
        left_, right_: the numbers of the children, -1 of a leaf.
        shares_: of each class among the node's samples, shape (nodes, classes).
        impurity_, samples_: of each node.
        classes_: shape (classes,).
    """

    def __init__(
        self, *, criterion: str, min_samples_split: int = 2, max_depth: int | None = None
    ) -> None:
        self.criterion = criterion
        self.min_samples_split = min_samples_split
        self.max_depth = max_depth

    def fit(self, inputs: ArrayLike, targets: ArrayLike) -> DecisionTree:
        """Inputs of shape (samples, features), classes of shape (samples,)."""
        x = np.asarray(inputs, np.float64)
        self.classes_, y = np.unique(np.asarray(targets), return_inverse=True)
        self._rows: list[list[float]] = []
        self._shares: list[Array] = []
        self._grow(x, np.eye(len(self.classes_))[y], 0)
        rows = np.array(self._rows)
        self.feature_, self.left_, self.right_, self.samples_ = rows[:, :4].astype(int).T
        self.threshold_, self.impurity_ = rows[:, 4:].T.copy()
        self.shares_ = np.array(self._shares)
        del self._rows, self._shares
        return self

    def _grow(self, x: Array, y: Array, depth: int) -> int:
        """Add a node for these samples and all below it; its number."""
        number, shares = len(self._rows), y.mean(axis=0)
        measure = IMPURITIES[self.criterion]
        impurity = float(measure(shares))
        self._rows.append([-1, -1, -1, len(x), 0, impurity])
        self._shares.append(shares)
        whole = len(x) < self.min_samples_split or depth == self.max_depth or shares.max() == 1
        if whole or (split := best_split(x, y, measure)) is None:
            return number
        goes_left = x[:, split.feature] <= split.threshold
        left = self._grow(x[goes_left], y[goes_left], depth + 1)
        right = self._grow(x[~goes_left], y[~goes_left], depth + 1)
        self._rows[number] = [split.feature, left, right, len(x), split.threshold, impurity]
        return number

    def apply(self, inputs: ArrayLike) -> NDArray[np.int64]:
        """The number of the leaf where each sample ends, shape (samples,)."""
        x = np.asarray(inputs, np.float64)
        node = np.zeros(len(x), int)
        while (inner := self.feature_[node] >= 0).any():
            at = node[inner]
            goes_left = x[inner, self.feature_[at]] <= self.threshold_[at]
            node[inner] = np.where(goes_left, self.left_[at], self.right_[at])
        return node

    def predict_proba(self, inputs: ArrayLike) -> Array:
        """The class shares of each sample's leaf, shape (samples, classes)."""
        return self.shares_[self.apply(inputs)]

    def predict(self, inputs: ArrayLike) -> NDArray:
        """The most frequent class of the leaf; ties go to the first."""
        return self.classes_[self.predict_proba(inputs).argmax(axis=1)]
