"""Does a model that says 80 % hit 80 % of the time?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from phytotron.errors import UserError


@dataclass(frozen=True)
class Bin:
    """The samples whose confidence is above `bin_low` and at most `bin_high`.

    Attributes:
        bin_low, bin_high: the limits of the confidence.
        count: how many samples; never 0.
        confidence: their mean confidence.
        accuracy: the share of them that is right.
    """

    bin_low: float
    bin_high: float
    count: int
    confidence: float
    accuracy: float


def calibration_bins(confidence: ArrayLike, right: ArrayLike, bins: int) -> list[Bin]:
    """Group samples by confidence into bins of equal width.

    Args:
        confidence: the probability of each predicted class, 0 to 1, shape (samples,).
        right: whether each prediction is right, shape (samples,).
        bins: how many bins of the width 1 / bins.

    Returns:
        The bins that have samples, in rising order.
    """
    if bins < 1:
        raise UserError(f"{bins} calibration bins", allowed="1 or more")
    confidence = np.asarray(confidence, dtype=np.float64)
    right = np.asarray(right, dtype=np.float64)
    edges = np.linspace(0, 1, bins + 1)
    # `left` puts a confidence that is equal to an edge below it; 0 itself belongs to the first bin.
    index: NDArray[np.intp] = np.searchsorted(edges, confidence, side="left") - 1
    index = index.clip(0, bins - 1)
    counts = np.bincount(index, minlength=bins)
    confidences = np.bincount(index, weights=confidence, minlength=bins)
    hits = np.bincount(index, weights=right, minlength=bins)
    return [
        Bin(
            bin_low=float(edges[i]),
            bin_high=float(edges[i + 1]),
            count=int(counts[i]),
            confidence=float(confidences[i] / counts[i]),
            accuracy=float(hits[i] / counts[i]),
        )
        for i in np.flatnonzero(counts)
    ]


def expected_calibration_error(bins: list[Bin]) -> float:
    """The mean gap between confidence and accuracy of the bins, weighted by their samples; 0 to 1.

    Guo et al., On Calibration of Modern Neural Networks, 2017, equation 3.
    """
    samples = sum(one.count for one in bins)
    return sum(one.count * abs(one.accuracy - one.confidence) for one in bins) / samples
