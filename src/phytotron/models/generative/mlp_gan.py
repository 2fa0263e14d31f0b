"""A generator and a discriminator of dense layers (Goodfellow et al., 2014)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from phytotron.nn.shapes import Float


class MLPGAN(nn.Module):
    """Generates images from latent vectors, and tells them from real ones.

    Args:
        input_shape: of an image: (channels, height, width). Pixels are in [-1, 1].
        latent_dim: size of the latent vector, whose values are uniform in [-1, 1].
        generator: units of the generator's hidden layers.
        discriminator: units of the discriminator's hidden layers.
        dropout: on the output of each hidden layer of the discriminator.
    """

    def __init__(
        self,
        *,
        input_shape: Sequence[int],
        latent_dim: int,
        generator: Sequence[int],
        discriminator: Sequence[int],
        dropout: float,
    ) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        pixels = math.prod(input_shape)
        self.generator = nn.Sequential(
            *_hidden([latent_dim, *generator], 0.0),
            nn.Linear(generator[-1], pixels),
            nn.Tanh(),
            nn.Unflatten(1, tuple(input_shape)),
        )
        self.discriminator = nn.Sequential(
            nn.Flatten(),
            *_hidden([pixels, *discriminator], dropout),
            nn.Linear(discriminator[-1], 1),
            nn.Flatten(0),
        )

    def forward(self, images: Float[Tensor, "batch *image"]) -> Float[Tensor, " batch"]:
        """Images, shape (batch, *input_shape), to logits that they are real, shape (batch,)."""
        return self.discriminator(images)

    def sample(self, count: int) -> Float[Tensor, "{count} *image"]:
        """New images, shape (count, *input_shape)."""
        device = next(self.parameters()).device
        return self.generator(2 * torch.rand(count, self.latent_dim, device=device) - 1)


def _hidden(widths: Sequence[int], dropout: float) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for before, units in pairwise(widths):
        layers += [nn.Linear(before, units), nn.ReLU()]
        if dropout:
            layers.append(nn.Dropout(dropout))
    return layers
