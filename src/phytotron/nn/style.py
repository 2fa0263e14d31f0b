"""Content and style costs between two images, from the feature maps of a network.

Gatys et al., "Image style transfer using convolutional neural networks", 2016.

Sources: Notes of several courses, Neural style transfer
Catalogue: I08
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from phytotron.nn.shapes import Float


def content_cost(
    given: Float[Tensor, "batch channels height width"],
    wanted: Float[Tensor, "batch channels height width"],
    *,
    half_sum: bool = False,
) -> Float[Tensor, ""]:
    """The squared difference of two sets of maps, a scalar.

    Args:
        given, wanted: shape (batch, channels, height, width).
        half_sum: half the sum, as in the paper, instead of the mean.
    """
    if half_sum:
        return F.mse_loss(given, wanted, reduction="sum") / 2
    return F.mse_loss(given, wanted)


def gram(
    maps: Float[Tensor, "batch channels height width"],
) -> Float[Tensor, "batch channels channels"]:
    """The Gram matrix of the channels: sums of products over all positions.

    Args:
        maps: shape (batch, channels, height, width).

    Returns:
        G with G[k, l] = sum of a[k] a[l], shape (batch, channels, channels).
    """
    flat = maps.flatten(2)
    return flat @ flat.mT


def style_cost(
    given: Float[Tensor, "batch channels height width"],
    wanted: Float[Tensor, "batch channels channels"],
) -> Float[Tensor, ""]:
    """The squared difference of two Gram matrices over (2 height width channels)², a scalar.

    Args:
        given: maps, shape (batch, channels, height, width).
        wanted: the Gram matrices of others of the same shape.
    """
    _, channels, height, width = given.shape
    return (gram(given) - wanted).square().sum() / (2 * height * width * channels) ** 2
