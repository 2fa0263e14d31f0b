"""Generated samples of the right shape: what the `tiny` variant of a data set consists of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def tiny_images(
    shape: tuple[int, int, int], classes: int, samples: int, seed: int = 0
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Noisy copies of one picture per class, as easy to learn as they can be.

    Args:
        shape: channels, height and width.
        classes: the classes follow each other: 0, 1, ..., 0, 1, ...
        samples: how many.
        seed: of the noise; the pictures of the classes are always the same.

    Returns:
        Images, shape (samples, *shape), and class ids, shape (samples,).
    """
    pictures = np.random.default_rng(0).integers(0, 2, (classes, *shape)) * 160 + 32
    labels = np.arange(samples) % classes
    noise = np.random.default_rng([1, seed]).integers(-32, 32, (samples, *shape))
    return (pictures[labels] + noise).astype(np.uint8), labels


def tiny_table(
    features: int, samples: int, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Normal features, shape (samples, features), and a smooth function of them, shape (samples,).

    The function has median 0, so its sign gives two classes of equal size.
    """
    inputs = np.random.default_rng([2, seed]).normal(size=(samples, features))
    return inputs.astype(np.float32), np.tanh(inputs.sum(axis=1)).astype(np.float32)
