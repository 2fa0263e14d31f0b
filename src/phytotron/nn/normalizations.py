"""Normalizations, one signature for all: `normalization(features, spatial)`.

`features` is the size of dimension 1 of what is normalized, `spatial` the number of dimensions
after it: 0 for (batch, features), 1 for (batch, features, length), 2 for (batch, features,
height, width). A network works with any of these functions.
"""

from __future__ import annotations

from torch import Tensor, nn

from phytotron.nn.cross_batch_norm import CrossBatchNorm, CrossMiniBatchNorm
from phytotron.nn.shapes import Float

_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm1d, nn.BatchNorm2d)


class PerPosition(nn.Module):
    """Applies a normalization of the last dimension to the features in dimension 1."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm

    def forward(
        self, inputs: Float[Tensor, "batch features *positions"]
    ) -> Float[Tensor, "batch features *positions"]:
        """Shape (batch, features, ...), in and out."""
        return self.norm(inputs.movedim(1, -1)).movedim(-1, 1)


def batch_norm(features: int, spatial: int = 0, *, momentum: float, eps: float) -> nn.Module:
    """Per feature, over the batch and all positions."""
    return _BATCH_NORMS[spatial](features, momentum=momentum, eps=eps)


def layer_norm(features: int, spatial: int = 0, *, eps: float) -> nn.Module:
    """Over the features of each position by itself."""
    return PerPosition(nn.LayerNorm(features, eps=eps))


def rms_norm(features: int, spatial: int = 0, *, eps: float) -> nn.Module:
    """As `layer_norm`, without subtracting the mean."""
    return PerPosition(nn.RMSNorm(features, eps=eps))


def group_norm(features: int, spatial: int = 0, *, groups: int, eps: float) -> nn.Module:
    """Over all positions and the features of a group, for each sample by itself."""
    return nn.GroupNorm(groups, features, eps=eps)


def instance_norm(features: int, spatial: int = 0, *, eps: float) -> nn.Module:
    """Over all positions, for each sample and each feature by itself.

    Raises:
        ValueError: there are no positions.
    """
    if spatial == 0:
        raise ValueError("instance normalization needs features that have positions")
    return (nn.InstanceNorm1d, nn.InstanceNorm2d)[spatial - 1](features, eps=eps, affine=True)


def cross_batch_norm(
    features: int, spatial: int = 0, *, window: int, momentum: float, eps: float
) -> nn.Module:
    """Per feature, over the last batches; see `CrossBatchNorm`."""
    return CrossBatchNorm(features, window=window, momentum=momentum, eps=eps)


def cross_mini_batch_norm(
    features: int, spatial: int = 0, *, mini_batches: int, momentum: float, eps: float
) -> nn.Module:
    """Per feature, over the mini-batches of one update; see `CrossMiniBatchNorm`."""
    return CrossMiniBatchNorm(features, mini_batches=mini_batches, momentum=momentum, eps=eps)
