"""Batch normalisation with its pass back (Ioffe and Szegedy, Batch Normalization, 2015).

Each feature of a batch of m samples is normalised with the batch's own mean μ and variance σ²
(divided by m), then scaled and shifted by learned γ and β:

    x̂ = (x - μ) / √(σ² + ε)        y = γ x̂ + β

With d the gradient in y, and means over the batch, since x also acts through μ and σ²:

    dβ = Σ d        dγ = Σ d x̂        dx = γ / √(σ² + ε) · (d - mean(d) - x̂ mean(d x̂))

In evaluation running averages take the place of μ and σ², so that a sample's output does not depend
on the rest of its batch; then the layer is linear, and dx = γ / √(σ² + ε) · d.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class BatchNorm:
    """A layer for samples of shape (batch, features).

    Args:
        features: of a sample.
        momentum: weight of the newest batch in the running averages.
        epsilon: against division by zero.

    Attributes:
        gamma, beta: shape (1, features); d_gamma, d_beta: their gradients after `backward`.
        running_mean, running_variance: shape (1, features). This variance is the unbiased one,
            m / (m-1) times that of the batch.
        training: normalise by the batch, and move the running averages.
    """

    def __init__(self, features: int, momentum: float = 0.1, epsilon: float = 1e-5) -> None:
        self.gamma, self.beta = np.ones((1, features)), np.zeros((1, features))
        self.running_mean, self.running_variance = np.zeros((1, features)), np.ones((1, features))
        self.momentum = momentum
        self.epsilon = epsilon
        self.training = True

    def forward(self, inputs: Array) -> Array:
        """Shape (batch, features), which stays; remembers x̂ and √(σ² + ε) for `backward`."""
        mean, variance = self.running_mean, self.running_variance
        if self.training:
            mean, variance = inputs.mean(0, keepdims=True), inputs.var(0, keepdims=True)
            unbiased = inputs.var(0, ddof=1, keepdims=True)
            self.running_mean = self.running_mean + self.momentum * (mean - self.running_mean)
            self.running_variance = self.running_variance + self.momentum * (
                unbiased - self.running_variance
            )
        self.deviation = np.sqrt(variance + self.epsilon)
        self.normalised = (inputs - mean) / self.deviation
        return self.gamma * self.normalised + self.beta

    def backward(self, d_outputs: Array) -> Array:
        """The gradient of the loss in the outputs to that in the inputs."""
        along = d_outputs * self.normalised
        self.d_gamma, self.d_beta = along.sum(0, keepdims=True), d_outputs.sum(0, keepdims=True)
        if self.training:
            d_outputs = d_outputs - d_outputs.mean(0) - self.normalised * along.mean(0)
        return self.gamma / self.deviation * d_outputs
