"""Generated samples of the right shape, for the `tiny` variant of a data set."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


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


def tiny_measures(
    features: int, outputs: int, samples: int = 64
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Normal features, shape (samples, features), and functions of them, (samples, outputs)."""
    inputs = np.random.default_rng(2).normal(size=(samples, features))
    weights = np.cos(np.outer(np.arange(features), np.arange(1, outputs + 1)))
    return inputs.astype(np.float32), np.tanh(inputs @ weights).astype(np.float32)


def tiny_classes(
    features: int, classes: int, samples: int = 64
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Normal features, shape (samples, features), and classes of equal size, shape (samples,)."""
    inputs, values = tiny_measures(features, 1, samples)
    rank = values[:, 0].argsort().argsort()
    return inputs, rank * classes // samples
