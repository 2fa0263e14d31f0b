"""Sets of labelled images: from bytes to what a network sees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from phytotron.data.arrays import ArrayDataModule
from phytotron.errors import UserError, did_you_mean

Images = tuple[NDArray[np.uint8], NDArray[np.int64]]  # (samples, channels, height, width), labels

SCALINGS = {
    "unit": lambda pixels: pixels / np.float32(255),
    "signed": lambda pixels: pixels / np.float32(127.5) - 1,
    "binary": lambda pixels: (pixels > 127).astype(np.float32),
    "raw": lambda pixels: pixels.astype(np.float32),
}


def image_module(
    train: Images,
    test: Images,
    *,
    class_names: Sequence[str],
    scaling: str,
    training_samples: int | None,
    test_samples: int | None,
    batch_size: int | None,
    validation: int,
    seed: int,
    border: int = 0,
    size: int | None = None,
    tiny: bool = False,
) -> ArrayDataModule:
    """Images as float32 of shape (samples, channels, height, width), and class ids.

    Args:
        train, test: the images as bytes, and their labels.
        class_names: of the class ids 0, 1, ...
        scaling: of the pixels: `unit` to [0, 1], `signed` to [-1, 1], `binary` to 0 or 1, `raw`
            leaves them in [0, 255].
        training_samples: only the first so many, those for validation included; None: all.
        test_samples: only the first so many; None: all.
        border: empty pixels around the image.
        size: height and width to which images are resized first, bilinearly; None: not at all.
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

    def prepared(given: Images, limit: int | None) -> tuple[NDArray, NDArray]:
        images, labels = given[0][:limit], given[1][:limit]
        if size is not None:
            pixels = torch.from_numpy(images.astype(np.float32))
            images = F.interpolate(pixels, (size, size), mode="bilinear").numpy()
        edges = (border, border)
        return SCALINGS[scaling](np.pad(images, ((0, 0), (0, 0), edges, edges))), labels

    return ArrayDataModule(
        prepared(train, training_samples),
        prepared(test, test_samples),
        batch_size=batch_size,
        validation=validation,
        seed=seed,
        tiny=tiny,
        dimensions={"num_classes": len(class_names)},
        class_names=class_names,
    )
