"""Random changes of images that leave their class what it is, for whole batches at once."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from phytotron.nn.shapes import Float


class RandomFlips(nn.Module):
    """Mirrors some of the images of a batch, each independently of the others.

    Args:
        horizontal: probability that an image is mirrored left to right.
        vertical: probability that it is mirrored top to bottom.
    """

    def __init__(self, horizontal: float, vertical: float) -> None:
        super().__init__()
        self.probabilities = {-1: horizontal, -2: vertical}  # by the dimension that is flipped

    def forward(
        self, images: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """Shape (batch, channels, height, width), in and out."""
        for dimension, probability in self.probabilities.items():
            if probability:
                uniform = torch.rand(len(images), 1, 1, 1, device=images.device)
                images = torch.where(uniform < probability, images.flip(dimension), images)
        return images
