"""Is one model better than another on the same test set?

A two-sided permutation test that swaps the two models' predictions of whole pages (approximate
randomization: Noreen, Computer-Intensive Methods for Testing Hypotheses, 1989), and Holm's
correction when several models are tested against one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from phytotron.evaluation.bootstrap import blocks
from phytotron.evaluation.pages import Counts, Floats, macro_f1

# Differences that are equal on paper may differ by rounding; they count as equal.
_TIE = 1e-12


def permutation_test(first: Counts, second: Counts, permutations: int, seed: int) -> float:
    """The p-value of the difference in macro-F1, under the hypothesis that the models are alike.

    If they are, it does not matter which of them gave which of a page's two sets of predictions.
    The value is (1 + n) / (1 + permutations), n of the random swaps being at least as far from 0 as
    what was observed: never 0, and valid for any number of swaps (Phipson and Smyth, Permutation
    P-values should never be zero, 2010).

    Args:
        first: counts of each page by the one model, shape (pages, classes).
        second: the same by the other model, on the same samples.
        permutations: how many random swaps to try.
        seed: determines which pages are swapped.
    """
    assert np.array_equal(first.actual, second.actual), "the models saw different samples"
    pages = len(first.actual)
    observed = abs(_difference(first.total(), second.total()))
    change = Counts(second.right - first.right, second.predicted - first.predicted, first.actual)
    rng = np.random.default_rng(seed)
    extreme = 0
    for rows in blocks(permutations, pages):
        swapped = rng.integers(2, size=(rows, pages)).astype(np.float64)
        moved = change.weighted(swapped)
        differences = _difference(_moved(first, moved, +1), _moved(second, moved, -1))
        extreme += int((np.abs(differences) >= observed - _TIE).sum())
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


def _difference(first: Counts, second: Counts) -> Floats:
    return macro_f1(first) - macro_f1(second)


def _moved(counts: Counts, moved: Counts, sign: int) -> Counts:
    total = counts.total()
    actual = np.broadcast_to(total.actual, moved.right.shape)
    return Counts(
        total.right + sign * moved.right, total.predicted + sign * moved.predicted, actual
    )
