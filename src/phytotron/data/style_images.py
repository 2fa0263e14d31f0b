"""The data of style transfer: a content image, a style image, and a pretrained network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_sample_image
from torch import Tensor

from phytotron.data.arrays import ArrayDataModule
from phytotron.data.vgg16 import Convolution, random_convolutions, vgg16_convolutions
from phytotron.errors import UserError, did_you_mean

IMAGES = ("china", "flower", "waves")


class StyleImages(NamedTuple):
    """Content and style, float32 in [0, 1], both of shape (1, 3, side, side)."""

    content: Tensor
    style: Tensor


class StyleData(ArrayDataModule):
    """One sample of `StyleImages`, which is the training and the test split.

    Its dimensions include `content`, so that a network can start from the content image.

    Args:
        read: the two images, and the convolutions of VGG16.
        seed: not used: there is one sample.
        tiny: changes nothing here: what is read is small.

    Attributes:
        convolutions: see `phytotron.data.vgg16.vgg16_convolutions`.
    """

    def __init__(
        self, read: tuple[StyleImages, list[Convolution]], *, seed: int, tiny: bool = False
    ) -> None:
        images, convolutions = read
        dimensions = {
            "input_shape": tuple(images.content.shape[1:]),
            "content": images.content[0],
        }
        super().__init__(images, images, batch_size=None, seed=seed, dimensions=dimensions)
        self.convolutions = convolutions


def read_style_images(
    *,
    weights: Sequence[Mapping[str, str]],
    content: str,
    style: str,
    side: int,
    tiny: bool = False,
    cache: Path | None = None,
) -> tuple[StyleImages, list[Convolution]]:
    """A content image, a style image and the convolutions that compare them.

    Args:
        weights: sources of the network's weights; see `phytotron.data.sources`.
        content, style: `china` (a palace) or `flower`, photographs of scikit-learn, or `waves`,
            generated bands of colour.
        side: height and width of both, in pixels.
        tiny: images of 32 x 32 and convolutions with random weights, without a download.
        cache: the folder of the weights; None: the user's cache.
    """
    side = 32 if tiny else side
    convolutions = random_convolutions() if tiny else vgg16_convolutions(weights, cache)
    return StyleImages(square_image(content, side), square_image(style, side)), convolutions


def square_image(name: str, side: int) -> Tensor:
    """The largest square in the middle of an image, shape (1, 3, side, side), in [0, 1].

    Raises:
        UserError: there is no image of this name.
    """
    if name not in IMAGES:
        raise UserError(
            f"there is no image '{name}'",
            where="data.read.content, data.read.style",
            allowed=", ".join(IMAGES),
            hint=did_you_mean(name, IMAGES),
        )
    image = _waves() if name == "waves" else Image.fromarray(load_sample_image(f"{name}.jpg"))
    square = min(image.size)
    left, top = (image.width - square) // 2, (image.height - square) // 2
    cut = image.crop((left, top, left + square, top + square))
    small = cut.resize((side, side), Image.Resampling.LANCZOS)
    pixels = np.asarray(small, np.float32).transpose(2, 0, 1) / np.float32(255)
    return torch.from_numpy(np.ascontiguousarray(pixels))[None]


def _waves(side: int = 512) -> Image.Image:
    """Curved bands in blue, cream and orange: a style that no photograph has."""
    y, x = np.mgrid[0:side, 0:side] / side
    swirl = x + 0.15 * np.sin(7 * y + 3 * np.sin(4 * x)) + 0.1 * np.cos(11 * y)
    band = (np.sin(40 * swirl) > 0).astype(int) + (np.sin(17 * (x - y) + 4 * swirl) > 0.3)
    colours = np.array([[24, 60, 140], [244, 226, 190], [230, 110, 40]], np.uint8)
    return Image.fromarray(colours[band])
