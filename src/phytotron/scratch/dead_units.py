"""First weights from which a network cannot learn: dead ReLUs, zeros, and equal constants.

A ReLU whose sum is negative for every sample has no gradient and stays silent forever. With zero
weights and biases nothing reaches the hidden layer at all. With equal constants every hidden unit
gets the same gradient: however wide the layer, it remains one neuron.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from phytotron.scratch.losses import SoftmaxCrossEntropy
from phytotron.scratch.network import Network, feed_forward
from phytotron.scratch.optimizers import SGD

Array = NDArray[np.float64]


def silent_share(network: Network, x: Array) -> float:
    """The share of the first layer's ReLUs that are 0 for every sample."""
    return float(np.mean((network.layers[0].forward(x) <= 0).all(axis=0)))


class DeadUnits(BaseEstimator):
    """One hidden layer of ReLUs, trained from four kinds of first weights.

    `he`: random, zero biases; `drowned`: the same with large negative biases; `constant`: all
    weights equal; `zero`.

    Args:
        hidden: units.
        constant: the value of all weights, where they are equal.
        drowned: the biases of the hidden units, where they are negative.
        learning_rate: of plain gradient descent on all samples.
        epochs: updates.
        seed: of the random weights.

    Attributes:
        history_: of each epoch the share of silent units, by the kind of first weights.
        rows_: of each kind `silent` (share), `spread` (the largest difference between the weights
            of two hidden units), `moved` (the largest change of a hidden weight) and `accuracy`,
            after training.
    """

    def __init__(
        self,
        *,
        hidden: int,
        constant: float,
        drowned: float,
        learning_rate: float,
        epochs: int,
        seed: int,
    ) -> None:
        self.hidden = hidden
        self.constant = constant
        self.drowned = drowned
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.seed = seed

    def fit(self, data: Any) -> DeadUnits:
        """`data.train` has inputs of shape (samples, features) and class ids."""
        x = np.asarray(data.train.inputs, np.float64)
        y = np.asarray(data.train.targets)
        self.rows_: list[dict[str, Any]] = []
        self.history_: list[dict[str, float]] = [
            {"epoch": epoch} for epoch in range(self.epochs + 1)
        ]
        for kind in ("he", "drowned", "constant", "zero"):
            network = self._network(kind, x.shape[1], int(y.max()) + 1)
            before = network.dense[0].weights.copy()
            optimizer = SGD(self.learning_rate)
            self.history_[0][f"silent_{kind}"] = silent_share(network, x)
            for epoch in range(1, self.epochs + 1):
                network.loss_and_gradients(x, y)
                optimizer.step(network.dense)
                self.history_[epoch][f"silent_{kind}"] = silent_share(network, x)
            weights = network.dense[0].weights
            self.rows_.append(
                {
                    "first_weights": kind,
                    "silent": silent_share(network, x),
                    "spread": float(np.ptp(weights, axis=1).max()),
                    "moved": float(np.abs(weights - before).max()),
                    "accuracy": float(np.mean(network.forward(x).argmax(axis=1) == y)),
                }
            )
        return self

    def _network(self, kind: str, inputs: int, classes: int) -> Network:
        random = np.random.default_rng(self.seed)
        network = feed_forward(
            [inputs, self.hidden, classes], "relu", SoftmaxCrossEntropy(), random
        )
        if kind == "drowned":
            network.dense[0].biases[:] = self.drowned
        if kind in ("constant", "zero"):
            for layer in network.dense:
                layer.weights[:] = self.constant if kind == "constant" else 0
        return network

    def measure(self, data: Any) -> dict[str, float]:
        """`train/KIND/WHAT` for each kind of first weights, see `rows_`."""
        return {
            f"train/{row['first_weights']}/{what}": row[what]
            for row in self.rows_
            for what in ("silent", "spread", "moved", "accuracy")
        }
