"""A convolutional variational autoencoder (Kingma and Welling, 2014)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from phytotron.nn.shapes import Float

_SHRUNK = 8  # three convolutions of stride 2
_FIRST = 8  # height and width of the first map of the decoder
_SLOPE = 0.3  # of the leaky ReLUs


class ConvolutionalVAE(nn.Module):
    """Three convolutions to a normal distribution of codes, and from a code back to an image.

    The encoder halves the image three times and gives mean and log variance of each code. The
    decoder makes an 8 x 8 map with two dense layers, refines it with a transposed convolution
    of stride 2 and two of stride 1, and ends in a dense layer or a transposed convolution.

    Args:
        input_shape: of an image, (1, height, width): 32 x 32 for an output by convolution, else
            any multiple of 8. Pixels are in [0, 1].
        latent_dim: size of a latent code.
        channels: of each convolution.
        output: `dense`: one weight for each pair of feature and pixel, nearly all of the network;
            `convolution`: one filter for all pixels.

    Raises:
        ValueError: unsupported images or output.
    """

    def __init__(
        self,
        *,
        input_shape: Sequence[int],
        latent_dim: int = 8,
        channels: int = 64,
        output: str = "dense",
    ) -> None:
        super().__init__()
        in_channels, height, width = input_shape
        if in_channels != 1 or height % _SHRUNK or width % _SHRUNK:
            raise ValueError(f"images are {tuple(input_shape)}, not grey with sides of 8, 16, ...")
        self.latent_dim = latent_dim
        self.encoder = nn.Sequential(
            *_halving(in_channels, channels),
            *_halving(channels, channels),
            *_halving(channels, channels),
            nn.Flatten(),
        )
        features = channels * (height // _SHRUNK) * (width // _SHRUNK)
        self.mean = nn.Linear(features, latent_dim)
        self.log_variance = nn.Linear(features, latent_dim)
        side = 2 * _FIRST
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, 32),
            nn.LeakyReLU(_SLOPE),
            nn.Linear(32, _FIRST**2),
            nn.LeakyReLU(_SLOPE),
            nn.Unflatten(1, (1, _FIRST, _FIRST)),
            nn.ConvTranspose2d(1, channels, 4, stride=2, padding=1),
            nn.ReLU(),
            # With stride 1 a transposed convolution is a convolution with mirrored filters.
            nn.ZeroPad2d((1, 2, 1, 2)),
            nn.Conv2d(channels, channels, 4),
            nn.ReLU(),
            nn.ZeroPad2d((1, 2, 1, 2)),
            nn.Conv2d(channels, channels, 4),
            nn.ReLU(),
        )
        if output == "dense":
            self.decoder.extend(
                [
                    nn.Flatten(),
                    nn.Linear(channels * side**2, height * width),
                    nn.Unflatten(1, (1, height, width)),
                ]
            )
        elif output == "convolution" and height == width == 2 * side:
            self.decoder.append(nn.ConvTranspose2d(channels, 1, 4, stride=2, padding=1))
        else:
            raise ValueError(
                f"the output is '{output}'; it can be dense, or for 32 x 32 convolution"
            )
        self.decoder.append(nn.Sigmoid())

    def forward(
        self, images: Float[Tensor, "batch 1 height width"]
    ) -> tuple[
        Float[Tensor, "batch 1 height width"],
        Float[Tensor, "batch latent_dim"],
        Float[Tensor, "batch latent_dim"],
    ]:
        """Reconstructions through codes that are drawn, and mean and log variance of the codes.

        Args:
            images: shape (batch, 1, height, width).

        Returns:
            Images of the same shape, and two tensors of shape (batch, latent_dim).
        """
        mean, log_variance = self.encode(images)
        # The reparameterization trick (section 2.4).
        codes = mean + (log_variance / 2).exp() * torch.randn_like(mean)
        return self.decode(codes), mean, log_variance

    def encode(
        self, images: Float[Tensor, "batch 1 height width"]
    ) -> tuple[Float[Tensor, "batch latent_dim"], Float[Tensor, "batch latent_dim"]]:
        """Mean and log variance of the codes, both of shape (batch, latent_dim)."""
        features = self.encoder(images)
        return self.mean(features), self.log_variance(features)

    def decode(
        self, codes: Float[Tensor, "batch latent_dim"]
    ) -> Float[Tensor, "batch 1 height width"]:
        """Codes, shape (batch, latent_dim), to images, shape (batch, 1, height, width)."""
        return self.decoder(codes)

    def sample(self, count: int) -> Float[Tensor, "{count} 1 height width"]:
        """Images of codes from the prior N(0, I), shape (count, 1, height, width)."""
        return self.decode(torch.randn(count, self.latent_dim, device=self.mean.weight.device))


def _halving(before: int, channels: int) -> list[nn.Module]:
    return [
        nn.Conv2d(before, channels, 4, stride=2, padding=1),
        nn.BatchNorm2d(channels),
        nn.LeakyReLU(_SLOPE),
    ]
