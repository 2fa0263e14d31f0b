"""A small convolutional network: convolutions with pooling, then one wide dense layer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn


class SmallCNN(nn.Module):
    """For each stage a convolution that keeps the size, 2x2 max-pooling and ReLU; a dense layer.

    Args:
        input_shape: of one image: (channels, height, width).
        num_outputs: numbers that it gives for each image, such as logits of the classes.
        channels: of each convolution.
        kernel: height and width of a filter; odd.
        hidden: units of the dense layer.
        dropout: on the output of the dense layer.
    """

    def __init__(
        self,
        *,
        input_shape: Sequence[int],
        num_outputs: int,
        channels: Sequence[int],
        kernel: int,
        hidden: int,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        colours, height, width = input_shape
        stages: list[nn.Module] = []
        for before, filters in pairwise([colours, *channels]):
            stages += [
                nn.Conv2d(before, filters, kernel, padding="same"),
                nn.MaxPool2d(2),
                nn.ReLU(),  # gives the same before the pooling, where it has four times the work
            ]
        self.features = nn.Sequential(*stages)
        shrunk = 2 ** len(channels)
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(channels[-1] * (height // shrunk) * (width // shrunk), hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, num_outputs),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Images, shape (batch, channels, height, width), to logits, shape (batch, outputs)."""
        return self.classifier(self.features(images))
