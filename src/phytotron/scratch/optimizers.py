"""Optimizers: what a gradient does to a layer.

One update of a network is `before_update()`, `update(layer)` for each layer, `after_update()`;
`step(layers)` does all three. What an optimizer remembers of a layer it keeps to itself, so that
two optimizers never mix their memories.
"""

from __future__ import annotations

from collections.abc import Iterable
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from phytotron.scratch.layers import Dense

Array = NDArray[np.float64]


class Optimizer:
    """The learning rate falls as lr / (1 + decay · updates).

    Args:
        learning_rate: of the first update.
        decay: 0 keeps the rate.
    """

    def __init__(self, learning_rate: float, decay: float = 0.0) -> None:
        self.learning_rate = learning_rate
        self.decay = decay
        self.updates = 0
        self.current_learning_rate = learning_rate

    def before_update(self) -> None:
        self.current_learning_rate = self.learning_rate / (1 + self.decay * self.updates)

    def update(self, layer: Dense) -> None:
        raise NotImplementedError

    def after_update(self) -> None:
        self.updates += 1

    def step(self, layers: Iterable[Dense]) -> None:
        self.before_update()
        for layer in layers:
            self.update(layer)
        self.after_update()


class SGD(Optimizer):
    """w -= lr · v, where v = momentum · v + gradient (Polyak, 1964); without momentum v = gradient.

    Args:
        learning_rate: see `Optimizer`.
        decay: see `Optimizer`.
        momentum: in [0, 1).
    """

    def __init__(
        self, learning_rate: float = 1.0, decay: float = 0.0, momentum: float = 0.0
    ) -> None:
        super().__init__(learning_rate, decay)
        self.momentum = momentum
        self.velocities: WeakKeyDictionary[Dense, list[Array]] = WeakKeyDictionary()

    def update(self, layer: Dense) -> None:
        gradients = [layer.d_weights, layer.d_biases]
        velocities = self.velocities.setdefault(layer, [np.zeros_like(g) for g in gradients])
        for values, gradient, velocity in zip(
            (layer.weights, layer.biases), gradients, velocities, strict=True
        ):
            velocity *= self.momentum
            velocity += gradient
            values -= self.current_learning_rate * velocity


class Adam(Optimizer):
    """w -= lr · m̂ / (√v̂ + ε), with running means m of the gradient and v of its square.

    m̂ and v̂ are corrected for having started at zero. Kingma, Ba, Adam, 2014, algorithm 1.

    Args:
        learning_rate: see `Optimizer`.
        decay: see `Optimizer`.
        epsilon: against division by zero.
        betas: how much of m and of v remains at each update.
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        decay: float = 0.0,
        epsilon: float = 1e-7,
        betas: tuple[float, float] = (0.9, 0.999),
    ) -> None:
        super().__init__(learning_rate, decay)
        self.epsilon = epsilon
        self.betas = betas
        self.means: WeakKeyDictionary[Dense, list[tuple[Array, Array]]] = WeakKeyDictionary()

    def update(self, layer: Dense) -> None:
        gradients = [layer.d_weights, layer.d_biases]
        zeros = [(np.zeros_like(g), np.zeros_like(g)) for g in gradients]
        means = self.means.setdefault(layer, zeros)
        beta1, beta2 = self.betas
        corrections = 1 - beta1 ** (self.updates + 1), 1 - beta2 ** (self.updates + 1)
        for values, gradient, (m, v) in zip(
            (layer.weights, layer.biases), gradients, means, strict=True
        ):
            m *= beta1
            m += (1 - beta1) * gradient
            v *= beta2
            v += (1 - beta2) * gradient**2
            root = np.sqrt(v / corrections[1]) + self.epsilon
            values -= self.current_learning_rate * (m / corrections[0]) / root
