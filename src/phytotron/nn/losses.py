"""Losses with a choice of reduction, and losses that PyTorch lacks.

conf/loss/ lists all that can be chosen.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phytotron.nn.shapes import Float, Shaped

REDUCTIONS = ("mean", "sum", "batch_mean")


class Elementwise(nn.Module):
    """A loss that compares each output with one target: squared error, Huber, cross-entropy, ...

    Outputs and targets must have one shape. PyTorch's own losses broadcast: a mistake such as
    (n,) against (n, 1) then gives the mean over n² differences.

    Args:
        function: of `torch.nn.functional`, such as `mse_loss`.
        reduction: `mean` over all elements, `sum`, or `batch_mean`: the sum over each sample, the
            mean of that over the batch.
        weight: factor on the loss.
        options: of the function, such as `delta` of `huber_loss`.

    Raises:
        ValueError: an unknown reduction or function.
    """

    def __init__(
        self, function: str, reduction: str = "mean", weight: float = 1.0, **options: Any
    ) -> None:
        super().__init__()
        if reduction not in REDUCTIONS:
            raise ValueError(f"reduction is '{reduction}'; it can be {', '.join(REDUCTIONS)}")
        if not hasattr(F, function):
            raise ValueError(f"torch.nn.functional has no '{function}'")
        self.function = getattr(F, function)
        self.reduction = reduction
        self.weight = weight
        self.options = options

    def forward(self, outputs: Tensor, targets: Tensor) -> Float[Tensor, ""]:
        """A scalar, of two tensors of shape (batch, ...).

        Raises:
            ValueError: the shapes differ.
        """
        if outputs.shape != targets.shape:
            raise ValueError(
                f"outputs have the shape {tuple(outputs.shape)} and targets the shape "
                f"{tuple(targets.shape)}; they must be the same"
            )
        reduction = "mean" if self.reduction == "mean" else "sum"
        loss = self.function(outputs, targets, reduction=reduction, **self.options)
        return self.weight * (loss / len(outputs) if self.reduction == "batch_mean" else loss)


class CategoricalCrossEntropy(nn.Module):
    """−Σ t log p over the classes, for probabilities instead of logits.

    Args:
        reduction: `mean` over the batch, or `sum`.
    """

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        if reduction not in ("mean", "sum"):
            raise ValueError(f"reduction is '{reduction}'; it can be mean or sum")
        self.reduction = reduction

    def forward(
        self,
        probabilities: Float[Tensor, "batch classes"],
        targets: Shaped[Tensor, "batch classes"],
    ) -> Float[Tensor, ""]:
        """A scalar, of probabilities and targets of shape (batch, classes)."""
        # `xlogy` is 0 where the target is 0, whatever the probability.
        losses = -torch.special.xlogy(targets, probabilities).sum(dim=-1)
        return losses.mean() if self.reduction == "mean" else losses.sum()


class Hinge(nn.Module):
    """max(0, 1 − t y), the mean over the batch (Cortes and Vapnik, 1995).

    Args:
        power: 1, or 2 for the squared hinge.
    """

    def __init__(self, power: int = 1) -> None:
        super().__init__()
        self.power = power

    def forward(
        self, outputs: Float[Tensor, "*shape"], targets: Shaped[Tensor, "*shape"]
    ) -> Float[Tensor, ""]:
        """A scalar, of outputs and targets of one shape; targets above 0 are the positive class."""
        signs = torch.where(targets > 0, 1.0, -1.0)
        return (1 - signs * outputs).clamp(min=0).pow(self.power).mean()
