"""The convolutions of VGG16, with fixed weights, as an extractor of features."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phytotron.data.vgg16 import MEAN_BGR, WIDTHS, Convolution
from phytotron.errors import UserError, did_you_mean
from phytotron.nn.shapes import Float

NAMES = [
    f"block{block}_conv{number}"
    for block, widths in enumerate(WIDTHS, start=1)
    for number in range(1, len(widths) + 1)
]


class VGG16Trunk(nn.Module):
    """3x3 convolutions with ReLU in five blocks, with pooling between them.

    Pooling takes the mean and not the maximum, as Gatys et al. (2016) do for smoother images.
    The weights are buffers outside of the state: a model whose loss they compute does not contain
    them.

    Args:
        convolutions: all 13 in their order; see `phytotron.data.vgg16`.
        layers: whose maps are wanted, such as `block4_conv2`; layers after the last of them are
            left out.

    Raises:
        UserError: there is no such layer.
    """

    mean: Tensor

    def __init__(self, convolutions: Sequence[Convolution], layers: Collection[str]) -> None:
        super().__init__()
        for layer in layers:
            if layer not in NAMES:
                raise UserError(
                    f"VGG16 has no layer '{layer}'",
                    where="task",
                    allowed=", ".join(NAMES),
                    hint=did_you_mean(layer, NAMES),
                )
        self.layers = set(layers)
        self.names = NAMES[: 1 + max(map(NAMES.index, layers))]
        for name, convolution in zip(self.names, convolutions, strict=False):
            self.register_buffer(f"{name}_kernel", convolution.kernel, persistent=False)
            self.register_buffer(f"{name}_bias", convolution.bias, persistent=False)
        self.register_buffer("mean", torch.tensor(MEAN_BGR).view(3, 1, 1), persistent=False)

    def forward(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> dict[str, Float[Tensor, "batch _ _ _"]]:
        """Images in [0, 1], shape (batch, 3, height, width), to the maps of the layers."""
        x = images.flip(1) * 255 - self.mean  # red, green, blue to blue, green, red
        found = {}
        for name in self.names:
            if name.endswith("conv1") and name != self.names[0]:
                x = F.avg_pool2d(x, 2)
            kernel, bias = (getattr(self, f"{name}_{part}") for part in ("kernel", "bias"))
            x = F.conv2d(x, kernel, bias, padding=1).relu()
            if name in self.layers:
                found[name] = x
        return found
