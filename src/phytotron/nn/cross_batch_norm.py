"""Batch normalization whose statistics come from more than one small batch."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phytotron.nn.shapes import Float

# What autograd calls a linear layer with and without bias, and a convolution.
_WEIGHTED = ("AddmmBackward0", "MmBackward0", "ConvolutionBackward0")


class _BatchStatistics(nn.Module):
    """What both kinds share: scale and shift, running statistics, and how a batch is normalized.

    In evaluation they are batch normalization with the running statistics.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, features: int, *, momentum: float, eps: float) -> None:
        super().__init__()
        self.momentum = momentum
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(features))
        self.bias = nn.Parameter(torch.zeros(features))
        self.register_buffer("running_mean", torch.zeros(features))
        self.register_buffer("running_var", torch.ones(features))

    def forward(
        self, inputs: Float[Tensor, "batch features *positions"]
    ) -> Float[Tensor, "batch features *positions"]:
        """Shape (batch, features, ...), in and out."""
        if not self.training:
            return F.batch_norm(
                inputs, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        mean, variance, count = self.statistics(inputs)
        with torch.no_grad():
            unbiased = variance * count / (count - 1)
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(unbiased, self.momentum)
        shape = (-1,) + (1,) * (inputs.ndim - 2)  # beside (batch, features, ...)
        scale = self.weight / (variance + self.eps).sqrt()
        return (inputs - mean.view(shape)) * scale.view(shape) + self.bias.view(shape)

    def statistics(
        self, inputs: Float[Tensor, "batch features *positions"]
    ) -> tuple[Float[Tensor, " features"], Float[Tensor, " features"], int]:
        """Mean and biased variance, each of shape (features,), and over how many values."""
        raise NotImplementedError


class CrossBatchNorm(_BatchStatistics):
    """Batch normalization over the last batches (CBN).

    Yao et al., "Cross-Iteration Batch Normalization", 2021: mean and mean square of a feature are
    averaged over the current batch and the `window` − 1 before it. Those were made by older
    weights of the layer below, so they are carried over to its present weights by a Taylor series
    of first order (equations 7 to 10). Gradients go through the statistics of the current batch
    alone.

    The layer below is found in autograd's graph: a linear layer or convolution whose output comes
    here directly. Below anything else the old statistics are used as they were.

    `past` grows while the first batches come, so an average of the weights (`callbacks.ema`)
    cannot follow it.

    Args:
        features: the size of dimension 1.
        window: batches, with the current one; 1 is batch normalization.
        momentum: share of the new statistics in the running ones.
        eps: added to the variance.

    Attributes:
        past: what the batches before left, the latest first, shape (batches, features, 2, 1 +
            weights of a feature). [..., 0, :] is of the mean and [..., 1, :] of the mean square:
            for weights w, it is c + g·w with c the first value and g the rest.
    """

    past: Tensor

    def __init__(self, features: int, *, window: int, momentum: float, eps: float) -> None:
        super().__init__(features, momentum=momentum, eps=eps)
        if window < 1:
            raise ValueError(f"window is {window}; it must be at least 1")
        self.window = window
        self.register_buffer("past", torch.empty(0, features, 2, 1))

    def statistics(
        self, inputs: Float[Tensor, "batch features *positions"]
    ) -> tuple[Float[Tensor, " features"], Float[Tensor, " features"], int]:
        over = [dimension for dimension in range(inputs.ndim) if dimension != 1]
        variance, mean = torch.var_mean(inputs, dim=over, correction=0)
        weights = _weights_below(inputs)  # (features, weights)
        flat = mean.new_empty(len(mean), 0) if weights is None else weights.detach().flatten(1)
        size = (len(mean), 2, 1 + flat.shape[1])
        terms = self.past if self.past.shape[1:] == size else self.past.new_empty(0, *size)
        values = terms[..., 0] + (terms[..., 1:] * flat.unsqueeze(1)).sum(-1)  # (batches, f, 2)
        means = torch.cat([mean.unsqueeze(0), values[..., 0]])
        # Carried too far, a mean square can fall below the square of its mean.
        spreads = (values[..., 1] - values[..., 0].square()).clamp(min=0)
        pooled = means.mean(dim=0)
        # The mean of the squares minus the square of the mean, without its cancellation.
        spread = torch.cat([variance.unsqueeze(0), spreads]) + (means - pooled).square()
        self._remember(mean, variance + mean.square(), weights, flat, terms)
        return pooled, spread.mean(dim=0), len(means) * (inputs.numel() // len(mean))

    def _remember(
        self, mean: Tensor, square: Tensor, weights: Tensor | None, flat: Tensor, terms: Tensor
    ) -> None:
        """Put the current batch in front of `past`, with the gradients for its Taylor series."""
        if self.window == 1:
            return
        lines = []
        for value in (mean, square):
            gradient = torch.zeros_like(flat)
            if weights is not None and weights.requires_grad:
                # A feature depends on its own weights alone: the gradient of the sum has a row
                # for each of them.
                (found,) = torch.autograd.grad(value.sum(), weights, retain_graph=True)
                gradient = found.flatten(1)
            constant = value.detach() - (gradient * flat).sum(-1)
            lines.append(torch.cat([constant.unsqueeze(-1), gradient], dim=-1))
        newest = torch.stack(lines, dim=1).unsqueeze(0)  # (1, features, 2, 1 + weights)
        self.past = torch.cat([newest, terms])[: self.window - 1]

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *others: Any) -> None:
        if (saved := state_dict.get(f"{prefix}past")) is not None:
            self.past = self.past.new_empty(saved.shape)
        super()._load_from_state_dict(state_dict, prefix, *others)


def _weights_below(inputs: Tensor) -> Tensor | None:
    """The weight of the linear layer or convolution that made a tensor, if one did.

    Its first dimension is the features; None below anything else.
    """
    node = inputs.grad_fn
    if node is None or type(node).__name__ not in _WEIGHTED:
        return None
    for parent, _ in node.next_functions:
        # A linear layer's weight is transposed on its way.
        if type(parent).__name__ == "TBackward0":
            parent = parent.next_functions[0][0]  # type: ignore[union-attr]
        weight = getattr(parent, "variable", None)
        if weight is not None and weight.ndim >= 2 and len(weight) == inputs.shape[1]:
            return weight
    return None


class CrossMiniBatchNorm(_BatchStatistics):
    """Batch normalization over the mini-batches of one update so far (CmBN).

    Bochkovskiy et al., "YOLOv4: Optimal Speed and Accuracy of Object Detection", 2020, section
    3.3: where gradients are accumulated over several mini-batches, the weights are the same for
    all of them, so their statistics can be put together as they are. With the update they begin
    anew. Gradients go through the statistics of the current mini-batch alone.

    Args:
        features: the size of dimension 1.
        mini_batches: of one update; 1 is batch normalization.
        momentum: share of the new statistics in the running ones.
        eps: added to the variance.

    Attributes:
        sums: of this update so far, shape (3, features): values, their sum, their squares' sum.
        seen: mini-batches of this update so far.
    """

    sums: Tensor
    seen: Tensor

    def __init__(self, features: int, *, mini_batches: int, momentum: float, eps: float) -> None:
        super().__init__(features, momentum=momentum, eps=eps)
        if mini_batches < 1:
            raise ValueError(f"mini_batches is {mini_batches}; it must be at least 1")
        self.mini_batches = mini_batches
        self.register_buffer("sums", torch.zeros(3, features))
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))

    def statistics(
        self, inputs: Float[Tensor, "batch features *positions"]
    ) -> tuple[Float[Tensor, " features"], Float[Tensor, " features"], int]:
        over = [dimension for dimension in range(inputs.ndim) if dimension != 1]
        variance, mean = torch.var_mean(inputs, dim=over, correction=0)
        own = inputs.numel() // len(mean)
        before, total, squares = self.sums.unbind() if self.seen else torch.zeros_like(self.sums)
        count = before + own
        pooled = (total + own * mean) / count
        # Σ (x − pooled)² = Σ x² − n pooled², for this mini-batch without its cancellation.
        spread = own * (variance + (mean - pooled).square())
        spread = spread + squares - 2 * pooled * total + before * pooled.square()
        with torch.no_grad():
            self.seen.add_(1).remainder_(self.mini_batches)
            square = own * (variance + mean.square())
            self.sums = torch.stack([count, total + own * mean, squares + square]).detach()
        return pooled, spread / count, int(count[0])
