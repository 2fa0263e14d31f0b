"""Percentile bootstrap over groups (Efron and Tibshirani, An Introduction to the Bootstrap, 1993).

Whole groups, such as pages, are drawn with replacement, as many as there are (the cluster
bootstrap: Field and Welsh, Bootstrapping clustered data, 2007). The same seed draws the same groups
for every model of the same test set, so the difference of two models' values is a paired bootstrap
of the difference.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import numpy as np

from phytotron.errors import UserError
from phytotron.evaluation.statistics import Counts, Floats, Sums

LEVEL = 0.95

# Resamples are made in blocks of about 32 MB of weights, whatever the number of groups.
_BLOCK = 2**22

Kind = TypeVar("Kind", Counts, Sums)


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
