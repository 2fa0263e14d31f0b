"""Gibbs sampling (Geman and Geman, 1984), with burn-in and thinning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from phytotron.models.sampling.chain import Chain


class Gibbs(Chain):
    """Sweeps over the variables, each drawn from its distribution given all others.

    Args:
        target: with `draw_conditional`, `mean` and `covariance`.
        samples: number of samples that are kept.
        burn_in: sweeps at the start that are discarded: they depend on the initial state.
        thin: of this many sweeps one is kept, as successive states are correlated.
        start: the first value of each variable.
        seed: of everything.

    Attributes:
        samples_, history_: see `Chain`.
        n_iter_: sweeps.
    """

    def __init__(
        self,
        *,
        target: Any,
        samples: int,
        burn_in: int,
        thin: int,
        start: Sequence[float],
        seed: int = 0,
    ) -> None:
        self.target = target
        self.samples = samples
        self.burn_in = burn_in
        self.thin = thin
        self.start = start
        self.seed = seed

    def fit(self, data: Any = None) -> Gibbs:
        random = np.random.default_rng(self.seed)
        state = [float(value) for value in self.start]
        self.samples_ = np.empty((self.samples, len(state)))
        self.n_iter_ = self.burn_in + self.samples * self.thin
        for sweep in range(self.n_iter_):
            for index in range(len(state)):
                state[index] = self.target.draw_conditional(index, state, random)
            kept, rest = divmod(sweep - self.burn_in, self.thin)
            if kept >= 0 and rest == self.thin - 1:
                self.samples_[kept] = state
        self.history_ = self._history()
        return self

    def measure(self, data: Any = None) -> dict[str, float]:
        """See `Chain`; and the correlation of successive samples."""
        first, second = self.samples_[:-1], self.samples_[1:]
        alike = [
            np.corrcoef(first[:, i], second[:, i])[0, 1] for i in range(self.samples_.shape[1])
        ]
        return super().measure() | {"test/autocorrelation": float(np.mean(alike))}
