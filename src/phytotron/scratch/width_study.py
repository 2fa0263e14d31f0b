"""Universal approximation, measured: the error of one hidden layer against its width.

On [0, 1]ⁿ every continuous function is a sum of 2 n + 1 functions of sums of functions of one
variable (Kolmogorov, 1957); one hidden layer of sigmoids comes arbitrarily close to it (Cybenko,
1989), and so does any activation that is not a polynomial (Hornik, 1991; Leshno et al., 1993).
None of these theorems gives the width that is needed. This study measures it for one function.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.base import BaseEstimator

from phytotron.scratch.losses import MeanSquaredError
from phytotron.scratch.network import Network, feed_forward

Array = NDArray[np.float64]


def chirp(x: Array) -> Array:
    """What is to be approximated on [-1, 1]: ten waves, each shorter than the one before it."""
    return np.sin(5 * np.pi * (x + 1) ** 2)


def fit_network(network: Network, x: Array, y: Array, iterations: int) -> float:
    """Minimise the loss with L-BFGS (second order: an error that is left is the width's fault).

    The gradient is the network's own. Returns the loss.
    """
    parameters = network.parameters
    ends = np.cumsum([values.size for values in parameters])[:-1]

    def load(flat: Array) -> None:
        for values, part in zip(parameters, np.split(flat, ends), strict=True):
            values[:] = part.reshape(values.shape)

    def loss_and_gradient(flat: Array) -> tuple[float, Array]:
        load(flat)
        loss = network.loss_and_gradients(x, y)
        return loss, np.concatenate([gradient.ravel() for gradient in network.gradients])

    start = np.concatenate([values.ravel() for values in parameters])
    found = minimize(
        loss_and_gradient,
        start,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": iterations, "maxfun": 2 * iterations, "ftol": 0, "gtol": 1e-9},
    )
    load(found.x)
    return float(found.fun)


class WidthStudy(BaseEstimator):
    """Networks of one tanh layer, wider and wider, each fitted to the same function.

    Args:
        widths: units of the hidden layer, ascending.
        starts: fits of each width from other first weights; the best counts, so that the error is
            the width's and not that of an unlucky start.
        iterations: of each fit.
        points: at which the function is known, evenly over [-1, 1]; the error is measured on as
            many points between them.
        seed: of the first weights.

    Attributes:
        rows_: `width` and `error`, the root mean square between the points of the fit.
        curves_: the outputs of the best network of each width, between the points.
    """

    def __init__(
        self, *, widths: Sequence[int], starts: int, iterations: int, points: int, seed: int
    ) -> None:
        self.widths = widths
        self.starts = starts
        self.iterations = iterations
        self.points = points
        self.seed = seed

    def fit(self, data: Any = None) -> WidthStudy:
        x = np.linspace(-1, 1, self.points)[:, None]
        between = (x[1:] + x[:-1]) / 2
        random = np.random.default_rng(self.seed)
        self.rows_: list[dict[str, Any]] = []
        self.curves_: list[list[float]] = []
        for width in self.widths:
            networks = [self._network(width, random) for _ in range(self.starts)]
            losses = [fit_network(one, x, chirp(x), self.iterations) for one in networks]
            best = networks[int(np.argmin(losses))].forward(between)
            error = float(np.sqrt(np.mean((best - chirp(between)) ** 2)))
            self.rows_.append({"width": width, "error": error})
            self.curves_.append(best[:, 0].tolist())
        return self

    def _network(self, width: int, random: np.random.Generator) -> Network:
        """Begins with the units' steps spread over [-1, 1], the steeper the more there are (Nguyen
        and Widrow, 1990): if all were at 0, most would have to move far."""
        network = feed_forward([1, width, 1], "tanh", MeanSquaredError(), random)
        first = network.dense[0]
        places = 2 * (np.arange(width) + random.uniform(size=width)) / width - 1
        first.weights[:] = 0.7 * width * random.choice([-1, 1], width)
        first.biases[:] = -first.weights * places
        return network

    def measure(self, data: Any = None) -> dict[str, float]:
        """`worst_ratio`: the largest error divided by that of the next narrower layer; below 1 the
        error falls at every step."""
        errors = np.array([row["error"] for row in self.rows_])
        return {
            "test/worst_ratio": float((errors[1:] / errors[:-1]).max()),
            "test/narrowest_error": float(errors[0]),
            "test/widest_error": float(errors[-1]),
        }
