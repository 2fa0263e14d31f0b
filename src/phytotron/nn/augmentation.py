"""Random changes of images that leave their class what it is, for whole batches at once."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from phytotron.nn.shapes import Float


class RandomFlips(nn.Module):
    """Mirrors some of the images of a batch, each by a throw of its own.

    Args:
        horizontal: how likely an image has left and right exchanged.
        vertical: how likely it has top and bottom exchanged.
    """

    def __init__(self, horizontal: float, vertical: float) -> None:
        super().__init__()
        self.chances = {-1: horizontal, -2: vertical}  # by the dimension that is turned round

    def forward(
        self, images: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """Shape (batch, channels, height, width), in and out."""
        for dimension, chance in self.chances.items():
            if chance:
                thrown = torch.rand(len(images), 1, 1, 1, device=images.device)
                images = torch.where(thrown < chance, images.flip(dimension), images)
        return images
