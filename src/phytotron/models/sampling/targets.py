"""Distributions that a chain can be asked to sample from, with moments to compare it with."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class Normal:
    """A normal distribution in several dimensions.

    Args:
        mean: shape (dimensions,).
        covariance: shape (dimensions, dimensions), symmetric and positive definite.
    """

    def __init__(self, mean: Sequence[float], covariance: Sequence[Sequence[float]]) -> None:
        self.mean = np.asarray(mean, dtype=float)
        self.covariance = np.asarray(covariance, dtype=float)
        self.precision = np.linalg.inv(self.covariance)

    def log_density(self, points: NDArray[np.float64]) -> NDArray[np.float64] | np.float64:
        """The logarithm of the density, up to a constant.

        Args:
            points: shape (..., dimensions).

        Returns:
            Shape (...); a scalar for one point.
        """
        off = points - self.mean
        return -0.5 * np.einsum("...i,ij,...j", off, self.precision, off)

    def draw_conditional(
        self, index: int, state: list[float], random: np.random.Generator
    ) -> float:
        """Draw one coordinate from its distribution given all others.

        With unit variances and correlation rho, x2 given x1 is N(rho x1, 1 - rho^2).

        Args:
            index: which coordinate.
            state: the value of each coordinate.
        """
        row = self.precision[index]
        others = sum(row[j] * (state[j] - self.mean[j]) for j in range(len(state)) if j != index)
        spread = 1 / math.sqrt(row[index])
        return float(self.mean[index] - others / row[index] + spread * random.standard_normal())


class BinaryTable:
    """Two variables that are 0 or 1, by the probability of each pair.

    Args:
        probabilities: shape (2, 2), of first and second variable; they sum to 1.
    """

    def __init__(self, probabilities: Sequence[Sequence[float]]) -> None:
        self.probabilities = np.asarray(probabilities, dtype=float)
        if not math.isclose(self.probabilities.sum(), 1):
            raise ValueError(f"the probabilities sum to {self.probabilities.sum()}, not to 1")

    @property
    def mean(self) -> NDArray[np.float64]:
        """Of both variables, shape (2,)."""
        return np.array([self.probabilities[1].sum(), self.probabilities[:, 1].sum()])

    @property
    def covariance(self) -> NDArray[np.float64]:
        """Shape (2, 2)."""
        first, second = self.mean
        shared = self.probabilities[1, 1] - first * second
        return np.array([[first * (1 - first), shared], [shared, second * (1 - second)]])

    def draw_conditional(
        self, index: int, state: list[float], random: np.random.Generator
    ) -> float:
        """Draw one variable given the other: 1 if its probability is at least a uniform number."""
        other = int(state[1 - index])
        pair = self.probabilities[:, other] if index == 0 else self.probabilities[other]
        return float(pair[1] / pair.sum() >= random.random())
