"""How the width, the learning rate and the number of epochs of a small network matter.

One of them varies at a time, the others stay at the base. Every run is the plain loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator
from torch import nn

from phytotron.scratch.plain_loop import test_epoch, train_epoch


class Sweep(BaseEstimator):
    """Flatten, linear, ReLU, linear; cross-entropy; SGD with momentum.

    Args:
        base: `hidden` (units), `learning_rate` and `epochs` of the run from which the others
            differ in one thing.
        hidden: units to try.
        learning_rates: to try.
        epochs: to try.
        momentum: of all runs.
        seed: of the first weights, the same in all runs.

    Attributes:
        rows_: of each run what was `varied`, `hidden`, `learning_rate`, `epochs`, `train_loss` (of
            the last epoch), and loss and accuracy of `validation` and `test`.
    """

    def __init__(
        self,
        *,
        base: dict[str, Any],
        hidden: Sequence[int],
        learning_rates: Sequence[float],
        epochs: Sequence[int],
        momentum: float,
        seed: int,
    ) -> None:
        self.base = base
        self.hidden = hidden
        self.learning_rates = learning_rates
        self.epochs = epochs
        self.momentum = momentum
        self.seed = seed

    def fit(self, data: Any) -> Sweep:
        """A data module with train, validation and test splits."""
        varied = {
            "hidden": self.hidden,
            "learning_rate": self.learning_rates,
            "epochs": self.epochs,
        }
        self.rows_ = [
            self._run(data, name, **(self.base | {name: value}))
            for name, values in varied.items()
            for value in values
        ]
        return self

    def _run(
        self, data: Any, varied: str, *, hidden: int, learning_rate: float, epochs: int
    ) -> dict[str, Any]:
        inputs = int(np.prod(data.dimensions["input_shape"]))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            network = nn.Sequential(
                nn.Flatten(),
                nn.Linear(inputs, hidden),
                nn.ReLU(),
                nn.Linear(hidden, data.dimensions["num_classes"]),
            )
        loss = nn.CrossEntropyLoss()
        optimizer = torch.optim.SGD(network.parameters(), learning_rate, self.momentum)
        batches = data.train_dataloader()
        for epoch in range(epochs):
            batches.start_at(epoch, 0)
            trained = train_epoch(network, loss, optimizer, batches)
        validation = test_epoch(network, loss, data.val_dataloader())
        test = test_epoch(network, loss, data.test_dataloader())
        return {
            "varied": varied,
            "hidden": hidden,
            "learning_rate": learning_rate,
            "epochs": epochs,
            "train_loss": trained.loss,
            "validation_loss": validation.loss,
            "validation_accuracy": validation.accuracy,
            "test_loss": test.loss,
            "test_accuracy": test.accuracy,
        }

    def measure(self, data: Any = None) -> dict[str, float]:
        """Of the run with the lowest validation loss; and how far apart the runs are."""
        best = min(self.rows_, key=lambda row: row["validation_loss"])
        accuracies = [row["test_accuracy"] for row in self.rows_]
        return {
            "test/accuracy": best["test_accuracy"],
            "test/loss": best["test_loss"],
            "test/worst_accuracy": min(accuracies),
        }
