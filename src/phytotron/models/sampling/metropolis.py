"""Metropolis (1953) and Metropolis-Hastings (1970)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phytotron.models.sampling.chain import Chain


class Metropolis(Chain):
    """A walk whose steps are accepted by the ratio of the densities.

    From x a step to y is proposed from N(shrink x, C). It is accepted with probability
    min(1, p(y) q(x | y) / (p(x) q(y | x))), where p is the target's density and q the proposal's;
    all in logarithms, as densities far out are zero in floating point. A step that is not accepted
    repeats x as the next sample: without these repetitions the samples are of another distribution.

    Args:
        target: with `log_density`, `mean` and `covariance`.
        proposals: steps that are proposed; as many samples are kept, but for `burn_in`.
        covariance: C of a proposed step, shape (dimensions, dimensions).
        start: the initial state, shape (dimensions,).
        shrink: 1: a random walk, whose q is symmetric and falls out (Metropolis). Below 1 the
            proposals are shrunk to the origin, and q(x | y) / q(y | x) corrects that (Hastings).
        burn_in: samples at the start that are discarded.
        seed: of everything.

    Attributes:
        samples_, history_: see `Chain`.
        accepted_: whether the step to each sample was accepted, shape (samples,).
        n_iter_: proposals.
    """

    def __init__(
        self,
        *,
        target: Any,
        proposals: int,
        covariance: Sequence[Sequence[float]],
        start: Sequence[float],
        shrink: float = 1.0,
        burn_in: int = 0,
        seed: int = 0,
    ) -> None:
        self.target = target
        self.proposals = proposals
        self.covariance = covariance
        self.start = start
        self.shrink = shrink
        self.burn_in = burn_in
        self.seed = seed

    def fit(self, data: Any = None) -> Metropolis:
        random = np.random.default_rng(self.seed)
        x = np.asarray(self.start, dtype=float)
        spread = np.linalg.cholesky(np.asarray(self.covariance, dtype=float))
        steps = random.standard_normal((self.proposals, len(x))) @ spread.T
        thresholds = np.log(random.random(self.proposals))
        samples = np.empty((self.proposals, len(x)))
        accepted = np.empty(self.proposals, dtype=bool)
        height = float(self.target.log_density(x))
        for i in range(self.proposals):
            y = self.shrink * x + steps[i]
            proposed = float(self.target.log_density(y))
            ratio = proposed - height
            if self.shrink != 1:
                ratio += self._log_proposal(x, y) - self._log_proposal(y, x)
            accepted[i] = thresholds[i] < ratio
            if accepted[i]:
                x, height = y, proposed
            samples[i] = x
        self.samples_, self.accepted_ = samples[self.burn_in :], accepted[self.burn_in :]
        self.n_iter_ = self.proposals
        self.history_ = self._history()
        return self

    def measure(self, data: Any = None) -> dict[str, float]:
        """See `Chain`; and the rate of acceptance, and what leaving out the repetitions does."""
        distinct = self.samples_[self.accepted_]
        mean_error, covariance_error = self.errors(distinct)
        return super().measure() | {
            "test/acceptance": float(self.accepted_.mean()),
            "test/variance": float(np.var(self.samples_, axis=0).mean()),
            "test/accepted_only_moment_error": max(mean_error, covariance_error),
            "test/accepted_only_variance": float(np.var(distinct, axis=0).mean()),
        }

    def _log_proposal(self, to: NDArray[np.float64], origin: NDArray[np.float64]) -> float:
        """log q(to | origin), but for a constant."""
        off = to - self.shrink * origin
        return float(-0.5 * off @ np.linalg.solve(np.asarray(self.covariance), off))
