"""Percentile bootstrap over pages (Efron and Tibshirani, An Introduction to the Bootstrap, 1993).

Whole pages are drawn with replacement, as many as there are (the cluster bootstrap: Field and
Welsh, Bootstrapping clustered data, 2007). The same seed draws the same pages for every model of
the same test set, so the difference of two models' values is a paired bootstrap of the difference.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from phytotron.errors import UserError
from phytotron.evaluation.pages import Counts, Floats

LEVEL = 0.95

# Resamples are made in blocks of about 32 MB of weights, whatever the number of pages.
_BLOCK = 2**22


def resample(counts: Counts, resamples: int, seed: int) -> Counts:
    """The summed counts of each resample, shape (resamples, classes).

    Args:
        counts: of each page, shape (pages, classes).
        resamples: how many to draw.
        seed: with the number of pages, determines which pages are drawn.
    """
    if resamples < 1:
        raise UserError(f"{resamples} bootstrap resamples", allowed="1 or more")
    pages = len(counts.actual)
    rng = np.random.default_rng(seed)
    sums = []
    for rows in blocks(resamples, pages):
        drawn = rng.integers(pages, size=(rows, pages))
        drawn += np.arange(rows)[:, None] * pages
        weights = np.bincount(drawn.ravel(), minlength=rows * pages).reshape(rows, pages)
        sums.append(counts.weighted(weights.astype(np.float64)))
    return Counts(*(np.concatenate(arrays) for arrays in zip(*sums, strict=True)))


def interval(values: Floats, level: float = LEVEL) -> tuple[float, float]:
    """The ends of the central `level` of the resamples' `values`."""
    tail = (1 - level) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def blocks(resamples: int, pages: int) -> Iterator[int]:
    """Split a number of resamples into parts whose weights fit comfortably in memory."""
    rows = max(1, _BLOCK // pages)
    for start in range(0, resamples, rows):
        yield min(rows, resamples - start)
