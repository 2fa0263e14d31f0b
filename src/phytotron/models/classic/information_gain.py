"""Information gain, by which a decision tree chooses its splits (Quinlan, 1986)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def entropy(classes: NDArray) -> float:
    """The mean information of a class, -sum p log2 p, in bits; for k classes at most log2 k.

    Args:
        classes: class ids, shape (samples,), at least one.
    """
    _, counts = np.unique(classes, return_counts=True)
    shares = counts / counts.sum()
    return float(np.sum(shares * np.log2(1 / shares)))


def children_entropy(goes_left: NDArray[np.bool_], classes: NDArray) -> float:
    """The entropy that a split in two leaves: that of each part, weighted by its samples.

    Args:
        goes_left: shape (samples,).
        classes: shape (samples,).
    """
    parts = [part for part in (classes[goes_left], classes[~goes_left]) if len(part)]
    return float(sum(len(part) / len(classes) * entropy(part) for part in parts))


def best_threshold(values: NDArray[np.floating], classes: NDArray) -> tuple[float, float]:
    """Where to split the samples by a feature, and what is gained.

    Args:
        values: of the feature, shape (samples,).
        classes: shape (samples,).

    Returns:
        The threshold, half-way between two neighbouring values, and the information gain: by how
        many bits the split lowers the entropy. For a feature with a single value: that, and 0.
    """
    known = np.unique(values)
    if len(known) == 1:
        return float(known[0]), 0.0
    thresholds = (known[:-1] + known[1:]) / 2
    left = [children_entropy(values <= threshold, classes) for threshold in thresholds]
    best = int(np.argmin(left))
    return float(thresholds[best]), entropy(classes) - left[best]
