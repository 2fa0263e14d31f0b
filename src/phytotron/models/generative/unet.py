"""A U-Net that predicts the noise in an image (Ho et al., 2020)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phytotron.nn.shapes import Float, Int

_GROUPS = 8  # of a group norm; divides all numbers of channels


class UNet(nn.Module):
    """Residual blocks down to small maps and up again, with skip connections.

    Each level halves the image. All blocks get the step of the diffusion, and the smallest maps
    have self-attention.

    Args:
        input_shape: of an image: (channels, height, width); the sides are multiples of
            `patch * 2 ** (levels - 1)`.
        channels: of each level, from the largest image on; multiples of 8.
        blocks: residual blocks of each level, down and up.
        patch: side of the squares of pixels that become the channels of one position; 2 makes
            the network about four times as fast, and coarser.
        embedding: size of the embedding of the diffusion step; even.
        dropout: inside a residual block.
    """

    def __init__(
        self,
        *,
        input_shape: Sequence[int],
        channels: Sequence[int],
        blocks: int,
        patch: int,
        embedding: int,
        dropout: float,
    ) -> None:
        super().__init__()
        places = input_shape[0] * patch**2
        self.embed = nn.Sequential(
            StepEmbedding(embedding),
            nn.Linear(embedding, 2 * embedding),
            nn.SiLU(),
            nn.Linear(2 * embedding, 2 * embedding),
        )

        def block(before: int, after: int) -> ResidualBlock:
            return ResidualBlock(before, after, 2 * embedding, dropout)

        width = channels[0]
        self.first = nn.Sequential(nn.PixelUnshuffle(patch), nn.Conv2d(places, width, 3, padding=1))
        self.down, widths = nn.ModuleList(), [width]
        for level, after in enumerate(channels):
            if level:
                self.down.append(nn.Conv2d(width, width, 3, stride=2, padding=1))
                widths.append(width)
            for _ in range(blocks):
                self.down.append(block(width, after))
                widths.append(width := after)
        self.middle = nn.ModuleList([block(width, width), Attention(width), block(width, width)])
        self.up = nn.ModuleList()
        for level, after in reversed(list(enumerate(channels))):
            for _ in range(blocks + 1):  # one more than down: for the input of the level
                self.up.append(block(width + widths.pop(), after))
                width = after
            if level:
                self.up.append(nn.Sequential(nn.Upsample(scale_factor=2), _same(width, width)))
        self.last = nn.Sequential(
            nn.GroupNorm(_GROUPS, width), nn.SiLU(), _same(width, places), nn.PixelShuffle(patch)
        )

    def forward(
        self, images: Float[Tensor, "batch channels height width"], steps: Int[Tensor, " batch"]
    ) -> Float[Tensor, "batch channels height width"]:
        """Predict the noise in images.

        Args:
            images: shape (batch, *input_shape).
            steps: diffusion steps of the images, shape (batch,).

        Returns:
            Shape (batch, *input_shape).
        """
        embedded = self.embed(steps)
        x = self.first(images)
        passed = [x]
        for layer in self.down:
            x = layer(x, embedded) if isinstance(layer, ResidualBlock) else layer(x)
            passed.append(x)
        for layer in self.middle:
            x = layer(x, embedded) if isinstance(layer, ResidualBlock) else layer(x)
        for layer in self.up:
            if isinstance(layer, ResidualBlock):
                x = layer(torch.cat([x, passed.pop()], dim=1), embedded)
            else:
                x = layer(x)
        return self.last(x)


class StepEmbedding(nn.Module):
    """Sines and cosines of a step, at wavelengths from 2π to 20,000π (Vaswani et al., 2017).

    Args:
        size: of the embedding; even.
    """

    frequencies: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        frequencies = torch.exp(-math.log(10_000) * torch.arange(size // 2) / (size // 2))
        self.register_buffer("frequencies", frequencies, persistent=False)

    def forward(self, steps: Int[Tensor, " batch"]) -> Float[Tensor, "batch size"]:
        """Steps, shape (batch,), to shape (batch, size)."""
        angles = steps[:, None] * self.frequencies
        return torch.cat([angles.sin(), angles.cos()], dim=1)


class ResidualBlock(nn.Module):
    """Twice group norm, SiLU and convolution; the step is added between them.

    Args:
        before, after: input and output channels.
        embedding: size of the embedding of the step.
        dropout: before the second convolution.
    """

    def __init__(self, before: int, after: int, embedding: int, dropout: float) -> None:
        super().__init__()
        self.begin = nn.Sequential(nn.GroupNorm(_GROUPS, before), nn.SiLU(), _same(before, after))
        self.step = nn.Sequential(nn.SiLU(), nn.Linear(embedding, after))
        self.end = nn.Sequential(
            nn.GroupNorm(_GROUPS, after), nn.SiLU(), nn.Dropout(dropout), _same(after, after)
        )
        self.shortcut = nn.Identity() if before == after else nn.Conv2d(before, after, 1)

    def forward(
        self,
        images: Float[Tensor, "batch before height width"],
        embedded: Float[Tensor, "batch embedding"],
    ) -> Float[Tensor, "batch after height width"]:
        """Shapes (batch, before, height, width) and (batch, embedding)."""
        x = self.begin(images) + self.step(embedded)[:, :, None, None]
        return self.shortcut(images) + self.end(x)


class Attention(nn.Module):
    """Self-attention over the positions of a map, with one head and a residual connection."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(_GROUPS, channels)
        self.queries_keys_values = nn.Conv2d(channels, 3 * channels, 1)
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(
        self, images: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """Shape (batch, channels, height, width), before and after."""
        parts = self.queries_keys_values(self.norm(images)).flatten(2).transpose(1, 2)
        attended = F.scaled_dot_product_attention(*parts.chunk(3, dim=2))
        return images + self.out(attended.transpose(1, 2).view_as(images))


def _same(before: int, after: int) -> nn.Conv2d:
    return nn.Conv2d(before, after, 3, padding=1)
