"""The base of all chains: moments of the samples against those of the target."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

_ROWS = 100  # of the history


class Chain(BaseEstimator):
    """A Markov chain whose states become samples of a target.

    A subclass has the setting `target`, with the attributes `mean` and `covariance`, and fills
    `samples_` in its `fit`.

    Attributes:
        samples_: the states of the chain that are kept, shape (samples, dimensions).
        history_: up to a hundred rows: after `step` samples, how far their moments are from the
            target's, `train_moment_error`.
    """

    # Samples are not learned parameters: they are not counted, and another run has others.
    not_learned = ("samples_",)

    target: Any
    samples_: NDArray[np.float64]

    def measure(self, data: Any = None) -> dict[str, float]:
        """The largest errors of mean and covariance, and those of all moments together."""
        mean_error, covariance_error = self.errors(self.samples_)
        return {
            "test/moment_error": max(mean_error, covariance_error),
            "test/mean_error": mean_error,
            "test/covariance_error": covariance_error,
        }

    def errors(self, samples: NDArray[np.float64]) -> tuple[float, float]:
        """How far the moments of samples are from the target's.

        Args:
            samples: shape (samples, dimensions), two at least.

        Returns:
            The largest absolute error in the mean, and the largest in the covariance.
        """
        off_mean = samples.mean(axis=0) - self.target.mean
        off_covariance = np.cov(samples, rowvar=False) - self.target.covariance
        return float(np.abs(off_mean).max()), float(np.abs(off_covariance).max())

    def _history(self) -> list[dict[str, float]]:
        counts = np.unique(np.geomspace(2, len(self.samples_), _ROWS).astype(int))
        return [
            {
                "epoch": row,
                "step": int(count),
                "train_moment_error": max(self.errors(self.samples_[:count])),
            }
            for row, count in enumerate(counts)
        ]
