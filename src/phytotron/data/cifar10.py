"""CIFAR-10: small photographs, 50,000 for training and 10,000 for the test (Krizhevsky, 2009)."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from phytotron.data import archives
from phytotron.data.arrays import ArrayDataModule
from phytotron.data.images import Images, image_module
from phytotron.data.sources import fetch
from phytotron.data.tiny import tiny_images
from phytotron.errors import UserError

CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
_SIDE = 32  # pixels


def cifar10(
    *,
    sources: Sequence[Mapping[str, str]],
    batch_size: int | None,
    validation: int,
    seed: int,
    scaling: str = "unit",
    classes: Sequence[int] | None = None,
    training_samples: int | None = None,
    test_samples: int | None = None,
    tiny: bool = False,
    folder: Path | None = None,
) -> ArrayDataModule:
    """Images of shape (samples, 3, 32, 32) and class ids of shape (samples,); see `CLASSES`.

    Each class has 5,000 training and 1,000 test images. As floats they take 740 MB.

    Args:
        sources: see `phytotron.data.sources`; an archive in which each split is PNG files, an image
            a row.
        classes: only these, which become 0, 1, ... in this order: [3, 5] are cats and dogs; None:
            all.
        others: see `phytotron.data.images.image_module`.
        tiny: generated images instead of the real ones.
        folder: keeps the archive; None: the user's cache.
    """
    if tiny:
        train, test = (tiny_images((3, 32, 32), 10, samples, samples) for samples in (60, 30))
    else:
        archive = fetch(sources, folder)
        train, test = read_split(archive, "data"), read_split(archive, "test")
    if classes is not None:
        train, test = _only(train, classes), _only(test, classes)
    return image_module(
        train,
        test,
        class_names=CLASSES if classes is None else [CLASSES[old] for old in classes],
        scaling=scaling,
        training_samples=training_samples,
        test_samples=test_samples,
        batch_size=batch_size,
        validation=validation,
        seed=seed,
        tiny=tiny,
    )


def read_split(archive: Path, name: str) -> Images:
    """The images, shape (samples, 3, 32, 32), and class ids, shape (samples,).

    Args:
        archive: what was fetched.
        name: `data` (the training images) or `test`.

    Raises:
        UserError: they are not in the archive, or there are more or fewer labels than images.
    """
    pictures = dict(archives.members(archive, f"*/{name}_batch*.png"))
    labels_file = f"*/{'train' if name == 'data' else name}_lables.json"  # as it is spelt there
    labels = np.array(json.loads(archives.member(archive, labels_file)), np.int64)
    rows = [np.asarray(Image.open(io.BytesIO(pictures[file]))) for file in sorted(pictures)]
    if not rows or sum(map(len, rows)) != len(labels):
        raise UserError(f"there is not an image for each label of '{name}'", where=str(archive))
    images = np.concatenate(rows).reshape(-1, _SIDE, _SIDE, 3)
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2)), labels


def _only(given: Images, classes: Sequence[int]) -> Images:
    images, labels = given
    new = np.full(len(CLASSES), -1)
    new[list(classes)] = np.arange(len(classes))
    wanted = new[labels] >= 0
    return images[wanted], new[labels[wanted]]
