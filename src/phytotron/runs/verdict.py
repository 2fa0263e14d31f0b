"""Whether a target is reached: decided by an interval over the seeds, not by the mean alone.

The mean of three seeds may be above a target by luck. So a target counts as reached when the whole
confidence interval of the mean is on the right side, as missed when the whole interval is on the
wrong one, and is undecided in between. One seed has no interval: it can miss a target, or reach it
once.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

REACHED = "reached"
REACHED_ONCE = "reached once"
UNDECIDED = "undecided"
MISSED = "missed"
VERDICTS = (REACHED, REACHED_ONCE, UNDECIDED, MISSED)

AGREES, DIFFERS, UNCLEAR = "agrees", "differs", "one seed each: cannot be compared"

CONFIDENCE = 0.95
# Two measurements differ when chance alone would give such a difference in one of 100 cases.
_LEVEL = 0.01
# Seeds that all give the same number leave only rounding, which differs between processors.
_ROUNDING = 1e-6


def interval(values: Sequence[float]) -> tuple[float, float] | None:
    """The confidence interval of the mean by Student's t distribution, at 95 %.

    Args:
        values: one for each seed.

    Returns:
        Lower and upper end; None for a single value, which says nothing about its spread.
    """
    if len(values) < 2:
        return None
    half = _t_quantile(CONFIDENCE, len(values) - 1) * _standard_error(values)
    mean = statistics.fmean(values)
    return mean - half, mean + half


def verdict(values: Sequence[float], goal: str, target: float) -> str:
    """One of `VERDICTS`.

    Args:
        values: the metric, one for each seed.
        goal: `max` or `min`.
        target: what the mean must reach.
    """
    low, high = interval(values) or (values[0], values[0])
    worst, best = (low, high) if goal == "max" else (high, low)
    if is_reached(worst, goal, target):
        return REACHED if len(values) > 1 else REACHED_ONCE
    return UNDECIDED if is_reached(best, goal, target) else MISSED


def is_reached(score: float, goal: str, target: float) -> bool:
    """Whether a score is at least as good as the target; NaN is not."""
    return score >= target if goal == "max" else score <= target


def agreement(before: Sequence[float], now: Sequence[float]) -> str:
    """Whether two measurements of one system agree: AGREES, DIFFERS or UNCLEAR.

    Two groups of seeds are compared by Welch's t-test; one value with a group by whether it is
    within the prediction interval of the group. Both at the level of 1 %.
    """
    small, large = sorted((list(before), list(now)), key=len)
    gap = abs(statistics.fmean(small) - statistics.fmean(large))
    if gap <= _ROUNDING * max(map(abs, (*small, *large))):
        return AGREES
    if len(large) < 2:
        return UNCLEAR
    variances = [_standard_error(group) ** 2 for group in (small, large) if len(group) > 1]
    if len(small) > 1:
        error = math.sqrt(sum(variances))
        # Welch and Satterthwaite's degrees of freedom.
        parts = sum(
            variance**2 / (len(group) - 1)
            for variance, group in zip(variances, (small, large), strict=True)
        )
        freedom = sum(variances) ** 2 / parts if parts else 1.0
    else:
        error = statistics.stdev(large) * math.sqrt(1 + 1 / len(large))
        freedom = len(large) - 1
    return AGREES if gap <= _t_quantile(1 - _LEVEL, freedom) * error else DIFFERS


def _standard_error(values: Sequence[float]) -> float:
    return statistics.stdev(values) / math.sqrt(len(values))


def _t_quantile(confidence: float, freedom: float) -> float:
    """The quantile of Student's t distribution for a two-sided interval."""
    # Here: SciPy is slow to import, and who only reads results does not need it.
    from scipy.stats import t

    return float(t.ppf((1 + confidence) / 2, freedom))
