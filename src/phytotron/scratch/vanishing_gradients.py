"""Why deep networks did not learn: what a gradient loses, or gains, at every layer.

Three looks at one thing. A sigmoid squashes: applied again and again to anything it ends at 0.659.
Its derivative is at most 1/4, so the gradient shrinks from layer to layer on its way to the first.
And without activations a product of L matrices is left: it vanishes where their norm is below 1
and explodes only where it is above.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from phytotron.scratch.activations import sigmoid
from phytotron.scratch.layers import Dense
from phytotron.scratch.losses import MeanSquaredError
from phytotron.scratch.network import feed_forward

Array = NDArray[np.float64]


def squashed(start: float, times: int) -> Array:
    """The values after each of `times` sigmoids, shape (times,)."""
    values = np.empty(times)
    value = np.array(start)
    for number in range(times):
        values[number] = value = sigmoid(value)
    return values


def gradient_norms(
    depth: int, width: int, activation: str, gain: float, random: np.random.Generator
) -> Array:
    """The norm of the loss's gradient in the outputs of each dense layer, shape (depth,).

    The first layer comes first; what arrives there is what it can learn from.

    Args:
        depth: layers, all of the same width.
        width: units of each layer.
        activation: see `phytotron.scratch.network.ACTIVATIONS`.
        gain: weights have standard deviation gain / √width.
        random: draws weights, inputs and targets.
    """
    widths = [width] * (depth + 1)
    network = feed_forward(widths, activation, MeanSquaredError(), random, gain / np.sqrt(width))
    samples = random.standard_normal((2, 64, width))
    network.loss.forward(network.forward(samples[0]), samples[1])
    gradient = network.loss.backward()
    norms = []
    for layer in reversed(network.layers):
        if isinstance(layer, Dense):
            norms.append(np.linalg.norm(gradient))
        gradient = layer.backward(gradient)
    return np.array(norms[::-1])


def product_norm(depth: int, width: int, norm: float, random: np.random.Generator) -> float:
    """The spectral norm of a product of random rotations, each times `norm`: norm ** depth."""
    product = np.eye(width)
    for _ in range(depth):
        product = product @ (norm * np.linalg.qr(random.standard_normal((width, width)))[0])
    return float(np.linalg.norm(product, 2))


class VanishingGradients(BaseEstimator):
    """Networks of random weights, looked at before any training.

    Args:
        depth: layers.
        width: units of each layer.
        gains: of the first weights, see `gradient_norms`.
        activations: of the networks.
        norms: of the matrices of the product.
        seed: of weights, inputs and targets.

    Attributes:
        squashed_: ten sigmoids, begun at 2.
        rows_: `activation`, `gain`, `layer` (from 1) and `gradient_norm`.
        products_: `norm` of each matrix and `product` of all.
    """

    def __init__(
        self,
        *,
        depth: int,
        width: int,
        gains: Sequence[float],
        activations: Sequence[str],
        norms: Sequence[float],
        seed: int,
    ) -> None:
        self.depth = depth
        self.width = width
        self.gains = gains
        self.activations = activations
        self.norms = norms
        self.seed = seed

    def fit(self, data: Any = None) -> VanishingGradients:
        random = np.random.default_rng(self.seed)
        self.squashed_ = squashed(2, 10).tolist()
        self.rows_: list[dict[str, Any]] = [
            {"activation": name, "gain": gain, "layer": layer, "gradient_norm": float(norm)}
            for name in self.activations
            for gain in self.gains
            for layer, norm in enumerate(
                gradient_norms(self.depth, self.width, name, gain, random), start=1
            )
        ]
        self.products_ = [
            {"norm": norm, "product": product_norm(self.depth, self.width, norm, random)}
            for norm in self.norms
        ]
        return self

    def measure(self, data: Any = None) -> dict[str, float]:
        """`reaches_first/A/G`: how much of the last layer's gradient arrives at the first one,
        with activation A and gain G; `product/N`: the norm of the product."""
        measured = {"test/squashed": self.squashed_[-1]}
        for name in self.activations:
            for gain in self.gains:
                norms = [
                    row["gradient_norm"]
                    for row in self.rows_
                    if (row["activation"], row["gain"]) == (name, gain)
                ]
                measured[f"test/reaches_first/{name}/{gain:g}"] = norms[0] / norms[-1]
        for row in self.products_:
            measured[f"test/product/{row['norm']:g}"] = row["product"]
        return measured
