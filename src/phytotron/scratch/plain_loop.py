"""Training and testing a PyTorch network without a framework: one epoch in a dozen lines.

Everything else in this project trains with Lightning, which does the same and more; that the losses
of both are equal is a test.

Sources: Vasilev 2023, ch. 3; Notes of a neural-network module, NN-1 Introduction
Catalogue: C28
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

Batch = tuple[Tensor, Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]


class Result(NamedTuple):
    """Means over the samples of an epoch."""

    loss: float
    accuracy: float


def train_epoch(
    network: nn.Module, loss: Loss, optimizer: Optimizer, batches: Iterable[Batch]
) -> Result:
    """One update a batch; the result is that of the weights on the way, not at the end.

    Args:
        network: inputs of shape (batch, ...) to scores, shape (batch, classes).
        loss: the mean over a batch.
        optimizer: of the network's parameters.
        batches: inputs and class ids, of any size.
    """
    network.train()
    total, right, samples = 0.0, 0, 0
    for inputs, targets in batches:
        optimizer.zero_grad()
        scores = network(inputs)
        value = loss(scores, targets)
        value.backward()
        optimizer.step()
        total += value.item() * len(targets)  # the last batch may be smaller than the others
        right += int((scores.argmax(dim=1) == targets).sum())
        samples += len(targets)
    return Result(total / samples, right / samples)


@torch.no_grad()
def test_epoch(network: nn.Module, loss: Loss, batches: Iterable[Batch]) -> Result:
    """The same without gradients and updates, dropout and batch statistics off."""
    network.eval()
    total, right, samples = 0.0, 0, 0
    for inputs, targets in batches:
        scores = network(inputs)
        total += loss(scores, targets).item() * len(targets)
        right += int((scores.argmax(dim=1) == targets).sum())
        samples += len(targets)
    return Result(total / samples, right / samples)
