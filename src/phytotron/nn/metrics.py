"""Metrics beside those of torchmetrics; conf/metric/ lists all that can be chosen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchmetrics.classification import MulticlassAccuracy

from phytotron.nn.shapes import Float


class Accuracy(MulticlassAccuracy):
    """torchmetrics' accuracy, which takes one-hot targets too.

    It keeps counts, so every sample counts once, however it was batched and wherever it ran.
    """

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Count a batch.

        Args:
            preds: logits or probabilities, shape (batch, classes), or class ids, shape (batch,).
            target: class ids, shape (batch,), or one-hot, shape (batch, classes).
        """
        if target.is_floating_point() or target.ndim == preds.ndim > 1:
            target = target.argmax(dim=1)
        super().update(preds, target)


@torch.no_grad()
def evaluate_accuracy(network: nn.Module, batches: Iterable[tuple[Any, Tensor]]) -> float:
    """The share of all samples whose most probable class is the right one.

    Args:
        network: from inputs to logits of shape (batch, classes); comes back in the mode it was in.
        batches: of inputs and targets, of any sizes.

    Raises:
        ValueError: there is no batch.
    """
    training, correct, count = network.training, 0, 0
    network.eval()
    for inputs, targets in batches:
        classes = targets.argmax(dim=1) if targets.ndim > 1 else targets
        correct += int((network(inputs).argmax(dim=1) == classes).sum())
        count += len(classes)
    network.train(training)
    if count == 0:
        raise ValueError("there is no batch to measure on")
    return correct / count


def cosine_distance(
    first: Float[Tensor, "*shape size"], second: Float[Tensor, "*shape size"]
) -> Float[Tensor, "*shape"]:
    """2 (1 − cos) over the last dimension: the squared distance of the vectors at length 1."""
    return 2 * (1 - F.cosine_similarity(first, second, dim=-1))
