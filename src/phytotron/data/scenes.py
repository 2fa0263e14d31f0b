"""Scenes for object detection: MNIST's digits, coloured, of any size, on CIFAR-10's photographs.

They are composed because no free set of small scenes with boxes is published as a package. The
training scenes are made of training images and the test scenes of test images: no digit and no
photograph of the test has been seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torchvision.ops import box_iou

from phytotron.data import cifar10, mnist
from phytotron.data.arrays import Splits
from phytotron.data.images import Images, tiny_images
from phytotron.data.sources import fetch

_INK = 96  # grey value from which a pixel belongs to the digit
_DIMMED = 0.6  # brightness of the photographs
_MAX_OVERLAP = 0.05  # intersection over union of two digits
_ATTEMPTS = 50  # to find a free place for a digit, which is left out if there is none


class Scenes(NamedTuple):
    """Images and the objects in them.

    Attributes:
        images: float32 in [0, 1], shape (scenes, 3, side, side).
        boxes: left, top, right, bottom in pixels, right and bottom exclusive, float32, shape
            (scenes, max objects, 4); 0 where there is no object.
        classes: class ids, int64, shape (scenes, max objects); -1 where there is no object.
    """

    images: Tensor
    boxes: Tensor
    classes: Tensor


def read_scenes(
    *,
    digits: Sequence[Mapping[str, str]],
    photographs: Sequence[Mapping[str, str]],
    training_samples: int,
    test_samples: int,
    side: int,
    max_objects: int,
    object_heights: Sequence[int],
    generator_seed: int,
    tiny: bool = False,
    cache: Path | None = None,
) -> Splits:
    """`Scenes`; the dimensions are `input_shape`, `num_classes` and `max_objects`.

    Args:
        digits, photographs: sources of MNIST and of CIFAR-10; see `phytotron.data.sources`.
        training_samples: scenes composed for training, those for validation included.
        test_samples: scenes composed for the test.
        side: height and width of a scene, in pixels.
        max_objects: the largest number of digits in a scene; the least is 1.
        object_heights: the least and the greatest height of a digit, in pixels.
        generator_seed: seed of all random choices.
        tiny: compose 60 and 30 scenes of generated images.
        cache: the folder of the archives; None: the user's cache.
    """
    parts: dict[str, tuple[Images, NDArray[np.uint8]]] = {}
    if tiny:
        training_samples, test_samples = 60, 30
        for name in ("train", "test"):
            parts[name] = tiny_images((1, 28, 28), 10, 30), tiny_images((3, 32, 32), 3, 6)[0]
    else:
        digit_archive, photograph_archive = fetch(digits, cache), fetch(photographs, cache)
        for name, digit_split, photograph_split in (
            ("train", "train", "data"),
            ("test", "t10k", "test"),
        ):
            parts[name] = (
                mnist.read_split(digit_archive, digit_split),
                cifar10.read_split(photograph_archive, photograph_split)[0],
            )
    train, test = (
        compose(
            *parts[name],
            count=count,
            side=side,
            max_objects=max_objects,
            heights=(object_heights[0], object_heights[1]),
            random=np.random.default_rng([generator_seed, number]),
        )
        for number, (name, count) in enumerate(
            {"train": training_samples, "test": test_samples}.items()
        )
    )
    return Splits(
        train,
        test,
        dimensions={"input_shape": (3, side, side), "num_classes": 10, "max_objects": max_objects},
    )


def compose(
    digits: Images,
    photographs: NDArray[np.uint8],
    *,
    count: int,
    side: int,
    max_objects: int,
    heights: tuple[int, int],
    random: np.random.Generator,
) -> Scenes:
    """Scenes of digits, shape (samples, 1, 28, 28), on photographs, shape (samples, 3, ...)."""
    images = np.empty((count, 3, side, side), np.float32)
    boxes = np.zeros((count, max_objects, 4), np.float32)
    classes = np.full((count, max_objects), -1, np.int64)
    for scene in range(count):
        images[scene] = _background(photographs[random.integers(len(photographs))], side)
        for place in range(random.integers(1, max_objects + 1)):
            which = random.integers(len(digits[0]))
            ink = _resized(digits[0][which, 0], int(random.integers(*heights, endpoint=True)))
            box = _free_box(ink.shape, side, boxes[scene, :place], random)
            if box is None:
                break
            left, top, right, bottom = box.astype(int)
            colour = random.uniform(0.5, 1, 3)
            colour[random.integers(3)] = 1
            under = images[scene, :, top:bottom, left:right]
            under += ink * (colour[:, None, None] - under)
            boxes[scene, place], classes[scene, place] = box, digits[1][which]
    return Scenes(torch.from_numpy(images), torch.from_numpy(boxes), torch.from_numpy(classes))


def _background(photograph: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    image = Image.fromarray(photograph.transpose(1, 2, 0)).resize(
        (side, side), Image.Resampling.BILINEAR
    )
    return np.asarray(image, np.float32).transpose(2, 0, 1) * (_DIMMED / 255)


def _resized(digit: NDArray[np.uint8], height: int) -> NDArray[np.float32]:
    """The digit without its empty border, `height` high, in [0, 1]."""
    rows, columns = np.nonzero(digit >= _INK)
    tight = digit[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    width = max(1, round(tight.shape[1] * height / tight.shape[0]))
    image = Image.fromarray(tight).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(image, np.float32) / np.float32(255)


def _free_box(
    shape: tuple[int, ...], side: int, taken: NDArray[np.float32], random: np.random.Generator
) -> NDArray[np.float32] | None:
    """A place where a digit hardly overlaps those in `taken`; None: none was found."""
    height, width = shape
    if max(height, width) > side:
        return None
    for _ in range(_ATTEMPTS):
        left, top = random.integers(side - width + 1), random.integers(side - height + 1)
        box = np.array([left, top, left + width, top + height], np.float32)
        overlaps = box_iou(torch.from_numpy(box[None]), torch.from_numpy(taken))
        if not (overlaps > _MAX_OVERLAP).any():
            return box
    return None
