"""Labelled images: from bytes to the tensors that a network reads; generated ones for `tiny`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from phytotron.data.arrays import ArrayDataModule, Splits, array_module
from phytotron.data.readers import ImageReader, prepared_images

Images = tuple[NDArray[np.uint8], NDArray[np.int64]]  # (samples, channels, height, width), labels


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
        scaling, size, border: see `phytotron.data.readers.prepared_images`.
        training_samples: use only the first ones, of which some are for validation; None: all.
        test_samples: use only the first ones; None: all.
        batch_size, validation, seed, tiny: see `ArrayDataModule`.

    Raises:
        UserError: there is no such scaling.
    """

    assert read.class_names is not None

    def prepared(split: Images, limit: int | None) -> tuple[NDArray, NDArray]:
        images, labels = split[0][:limit], split[1][:limit]
        return prepared_images(images, scaling, size, border), labels

    splits = replace(
        read,
        train=prepared(read.train, training_samples),
        test=prepared(read.test, test_samples),
        # Known although a small part of the images may lack some class.
        dimensions={"num_classes": len(read.class_names)},
    )
    data = array_module(splits, batch_size=batch_size, validation=validation, seed=seed, tiny=tiny)
    channels, height, width = read.train[0].shape[1:]
    data.image_reader = ImageReader(channels, height, width, scaling, size, border)
    return data


def tiny_images(
    shape: tuple[int, int, int], classes: int, samples: int, seed: int = 0
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Noisy copies of one image per class, as easy to learn as they can be.

    Args:
        shape: channels, height and width.
        classes: number of classes; the labels are 0, 1, ..., 0, 1, ...
        samples: number of images.
        seed: seed of the noise; the images of the classes are always the same.

    Returns:
        Images, shape (samples, *shape), and class ids, shape (samples,).
    """
    templates = np.random.default_rng(0).integers(0, 2, (classes, *shape)) * 160 + 32
    labels = np.arange(samples) % classes
    noise = np.random.default_rng([1, seed]).integers(-32, 32, (samples, *shape))
    return (templates[labels] + noise).astype(np.uint8), labels
