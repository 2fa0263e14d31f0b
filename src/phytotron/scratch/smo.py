"""The support vector machine: its two problems, and sequential minimal optimisation.

    primal   min ½ ‖w‖² + C Σ ξᵢ                    ξᵢ = max(0, 1 - yᵢ f(xᵢ)), f(x) = w·φ(x) + b
    dual     max Σ αᵢ - ½ Σ αᵢ αⱼ yᵢ yⱼ K(xᵢ, xⱼ)    0 ≤ αᵢ ≤ C, Σ αᵢ yᵢ = 0

w = Σ αᵢ yᵢ φ(xᵢ), and at the optimum both have the same value (Cortes and Vapnik, Support-vector
networks, 1995). The conditions of Karush, Kuhn and Tucker say when that is so: α = 0 beyond the
margin (y f ≥ 1), 0 < α < C on it (y f = 1), α = C inside of it (y f ≤ 1).

Because of Σ αᵢ yᵢ = 0 no α can change alone. SMO (Platt, 1998) changes two at a time, for which the
best values have a formula. Here they are the two that violate the conditions most (Keerthi et al.,
Improvements to Platt's SMO algorithm, 2001), as in LIBSVM.

Sources: Rajput 2023, ch. 5; Vasilev 2023, ch. 1
Catalogue: B68, B69
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from phytotron.scratch.kernels import KERNELS

Array = NDArray[np.float64]

_SMALLEST = 1e-12  # curvature of a step, and distance of an α from its bounds in units of C


class Solution(NamedTuple):
    """The α of all samples, the bias, and the number of updates."""

    alpha: Array
    bias: float
    updates: int


def dual_objective(alpha: Array, y: Array, gram: Array) -> float:
    """What is maximised; α and y (1 or -1) of shape (n,), `gram` the kernel of all pairs."""
    weights = alpha * y
    return float(alpha.sum() - weights @ gram @ weights / 2)


def primal_objective(solution: Solution, y: Array, gram: Array, cost: float) -> float:
    """What is minimised, for w = Σ αᵢ yᵢ φ(xᵢ); never below the dual objective."""
    weights = solution.alpha * y
    slack = np.maximum(0, 1 - y * (gram @ weights + solution.bias))
    return float(weights @ gram @ weights / 2 + cost * slack.sum())


def solve(gram: Array, y: Array, cost: float, tol: float, max_updates: int) -> Solution:
    """Maximise the dual.

    Args:
        gram: the kernel of all pairs of samples, shape (n, n).
        y: classes, 1 or -1, both present.
        cost: C, the upper bound of each α.
        tol: stop when no pair violates the conditions by more than this.
        max_updates: at most.
    """
    alpha, error = np.zeros(len(y)), -y.astype(np.float64)  # error = Σ α y K - y, without the bias
    updates = 0
    while True:
        # The bias would have to be at least -error of the first and at most that of the second.
        rises = np.where(y > 0, alpha < cost, alpha > 0)  # α y may still grow
        falls = np.where(y > 0, alpha > 0, alpha < cost)
        i = int(np.where(rises, error, np.inf).argmin())
        j = int(np.where(falls, error, -np.inf).argmax())
        if error[j] - error[i] <= tol or updates == max_updates:
            return Solution(alpha, -float(error[i] + error[j]) / 2, updates)
        # Along the line on which Σ α y stays, αⱼ must leave neither its own bounds nor αᵢ's.
        if y[i] != y[j]:
            low, high = max(0, alpha[j] - alpha[i]), cost + min(0, alpha[j] - alpha[i])
        else:
            low, high = max(0, alpha[i] + alpha[j] - cost), min(cost, alpha[i] + alpha[j])
        curvature = max(gram[i, i] + gram[j, j] - 2 * gram[i, j], _SMALLEST)
        before = alpha[[i, j]]
        alpha[j] = np.clip(alpha[j] + y[j] * (error[i] - error[j]) / curvature, low, high)
        alpha[i] += y[i] * y[j] * (before[1] - alpha[j])
        # Rounding must not keep an α from reaching its bound.
        for k in (i, j):
            if alpha[k] < _SMALLEST * cost:
                alpha[k] = 0
            elif alpha[k] > (1 - _SMALLEST) * cost:
                alpha[k] = cost
        error += (y[[i, j]] * (alpha[[i, j]] - before)) @ gram[[i, j]]
        updates += 1


class SMO(ClassifierMixin, BaseEstimator):
    """A support vector machine for two classes.

    Args:
        cost: C: the larger, the fewer samples may be inside of the margin.
        kernel: a key of `phytotron.scratch.kernels.KERNELS`.
        settings: of the kernel, such as `{gamma: 0.7}`.
        tol: see `solve`.
        max_updates: see `solve`.

    Attributes:
        support_vectors_: the samples with α > 0, shape (vectors, features).
        dual_coef_: their α y, shape (vectors,).
        intercept_: b.
        objective_: the value of the dual.
        gap_: primal minus dual objective: 0 at the optimum.
        updates_: of pairs.
        classes_: the two classes; the second one is that of positive scores.
    """

    def __init__(
        self,
        *,
        cost: float,
        kernel: str,
        settings: Mapping[str, float] | None = None,
        tol: float = 1e-3,
        max_updates: int = 100_000,
    ) -> None:
        self.cost = cost
        self.kernel = kernel
        self.settings = settings
        self.tol = tol
        self.max_updates = max_updates

    def fit(self, inputs: ArrayLike, targets: ArrayLike) -> SMO:
        """Inputs of shape (samples, features), classes of shape (samples,).

        Raises:
            ValueError: there are not two classes.
        """
        x = np.asarray(inputs, np.float64)
        self.classes_, numbers = np.unique(np.asarray(targets), return_inverse=True)
        if len(self.classes_) != 2:
            raise ValueError(f"an SMO tells two classes apart, got {len(self.classes_)}")
        y = np.where(numbers == 1, 1.0, -1.0)
        gram = self._kernel(x, x)
        found = solve(gram, y, self.cost, self.tol, self.max_updates)
        inside = found.alpha > 0
        self.support_vectors_, self.dual_coef_ = x[inside], (found.alpha * y)[inside]
        self.intercept_, self.updates_ = found.bias, found.updates
        self.objective_ = dual_objective(found.alpha, y, gram)
        self.gap_ = primal_objective(found, y, gram, self.cost) - self.objective_
        return self

    def _kernel(self, x: Array, z: Array) -> Array:
        return KERNELS[self.kernel](x, z, **(self.settings or {}))

    def decision_function(self, inputs: ArrayLike) -> Array:
        """f(x) = Σ α y K(xᵢ, x) + b, shape (samples,): 1 and -1 are the margin."""
        x = np.asarray(inputs, np.float64)
        return self._kernel(x, self.support_vectors_) @ self.dual_coef_ + self.intercept_

    def predict(self, inputs: ArrayLike) -> NDArray:
        return self.classes_[(self.decision_function(inputs) > 0).astype(int)]
