"""Is one model better than another on the same test set?

A two-sided permutation test that swaps the two models' predictions of whole groups (approximate
randomization: Noreen, Computer-Intensive Methods for Testing Hypotheses, 1989), and Holm's
correction when several models are tested against one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from phytotron.evaluation.statistics import Floats, Kind, Metric, blocks

# Differences that are equal on paper may differ by rounding; they count as equal.
_TIE = 1e-12


def permutation_test(
    first: Kind, second: Kind, metric: Metric, permutations: int, seed: int
) -> float:
    """The p-value of the difference in a metric, under the hypothesis that the models are alike.

    If they are, it does not matter which of them gave which of a group's two sets of predictions.
    The value is (1 + n) / (1 + permutations), n of the random swaps being at least as far from 0 as
    what was observed: never 0, and valid for any number of swaps (Phipson and Smyth, Permutation
    P-values should never be zero, 2010).

    Args:
        first: statistics of each group by the one model, shape (groups, ...).
        second: the same by the other model, on the same samples.
        metric: of statistics.
        permutations: how many random swaps to try.
        seed: determines which groups are swapped.
    """
    kind = type(first)
    samples = "actual" if hasattr(first, "actual") else "samples"
    same = np.array_equal(getattr(first, samples), getattr(second, samples))
    assert same, "the models saw different samples"
    groups = len(first[0])
    total, other = first.total(), second.total()
    observed = abs(metric(total) - metric(other))
    # Errors may be large numbers, whose rounding is larger, too.
    tie = _TIE * max(1.0, abs(float(metric(total))), abs(float(metric(other))))
    change = kind(*(b - a for a, b in zip(first, second, strict=True)))
    rng = np.random.default_rng(seed)
    extreme = 0
    for rows in blocks(permutations, groups):
        swapped = rng.integers(2, size=(rows, groups)).astype(np.float64)
        moved = change.weighted(swapped)
        one = kind(*(a + b for a, b in zip(total, moved, strict=True)))
        two = kind(*(a - b for a, b in zip(other, moved, strict=True)))
        extreme += int((np.abs(metric(one) - metric(two)) >= observed - tie).sum())
    return (1 + extreme) / (1 + permutations)


def holm(p_values: ArrayLike) -> Floats:
    """Adjusted p-values that keep the chance of any false discovery at the level of each.

    Holm, A simple sequentially rejective multiple test procedure, 1979: the i-th smallest of m is
    multiplied by m - i + 1, and none may be smaller than the one before it.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    steps = np.arange(len(p), 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * steps))
    return adjusted
