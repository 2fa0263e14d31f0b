"""Labelled images: from bytes to the tensors that a network reads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from phytotron.data.arrays import ArrayDataModule, Splits, array_module
from phytotron.errors import UserError, did_you_mean

Images = tuple[NDArray[np.uint8], NDArray[np.int64]]  # (samples, channels, height, width), labels

SCALINGS = {
    "unit": lambda pixels: pixels / np.float32(255),
    "signed": lambda pixels: pixels / np.float32(127.5) - 1,
    "binary": lambda pixels: (pixels > 127).astype(np.float32),
    "raw": lambda pixels: pixels.astype(np.float32),
}


def image_module(
    read: Splits,
    *,
    scaling: str,
    training_samples: int | None = None,
    test_samples: int | None = None,
    batch_size: int | None,
    validation: int,
    seed: int,
    border: int = 0,
    size: int | None = None,
    tiny: bool = False,
) -> ArrayDataModule:
    """Images as float32 of shape (samples, channels, height, width), and class ids.

    Args:
        read: `Images` as train and test, and the names of all classes.
        scaling: of the pixels: `unit` to [0, 1], `signed` to [-1, 1], `binary` to 0 or 1, `raw`
            leaves them in [0, 255].
        training_samples: use only the first ones, of which some are for validation; None: all.
        test_samples: use only the first ones; None: all.
        border: empty pixels on each side of the image, added after resizing.
        size: height and width to which images are resized, bilinearly; None: they keep their size.
        batch_size, validation, seed, tiny: see `ArrayDataModule`.

    Raises:
        UserError: there is no such scaling.
    """
    if scaling not in SCALINGS:
        raise UserError(
            f"unknown scaling '{scaling}'",
            where="data.scaling",
            allowed=", ".join(SCALINGS),
            hint=did_you_mean(scaling, SCALINGS),
        )

    assert read.class_names is not None

    def prepared(split: Images, limit: int | None) -> tuple[NDArray, NDArray]:
        images, labels = split[0][:limit], split[1][:limit]
        if size is not None:
            pixels = torch.from_numpy(images.astype(np.float32))
            images = F.interpolate(pixels, (size, size), mode="bilinear").numpy()
        edges = (border, border)
        return SCALINGS[scaling](np.pad(images, ((0, 0), (0, 0), edges, edges))), labels

    splits = replace(
        read,
        train=prepared(read.train, training_samples),
        test=prepared(read.test, test_samples),
        # Known although a small part of the images may lack some class.
        dimensions={"num_classes": len(read.class_names)},
    )
    return array_module(splits, batch_size=batch_size, validation=validation, seed=seed, tiny=tiny)
