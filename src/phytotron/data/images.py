"""Sets of labelled images: from bytes to what a network sees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from phytotron.data.arrays import ArrayDataModule
from phytotron.data.readers import ImageReader, prepared_images

Images = tuple[NDArray[np.uint8], NDArray[np.int64]]  # (samples, channels, height, width), labels


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
        scaling, size, border: see `phytotron.data.readers.prepared_images`.
        training_samples: only the first so many, those for validation included; None: all.
        test_samples: only the first so many; None: all.
        batch_size, validation, seed, tiny: see `ArrayDataModule`.

    Raises:
        UserError: there is no such scaling.
    """

    def prepared(given: Images, limit: int | None) -> tuple[NDArray, NDArray]:
        images, labels = given[0][:limit], given[1][:limit]
        return prepared_images(images, scaling, size, border), labels

    data = ArrayDataModule(
        prepared(train, training_samples),
        prepared(test, test_samples),
        batch_size=batch_size,
        validation=validation,
        seed=seed,
        tiny=tiny,
        dimensions={"num_classes": len(class_names)},
        class_names=class_names,
    )
    data.image_reader = ImageReader(*train[0].shape[1:], scaling, size, border)
    return data
