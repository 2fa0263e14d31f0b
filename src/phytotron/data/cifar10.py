"""CIFAR-10: small photographs, 50,000 for training and 10,000 for the test (Krizhevsky, 2009)."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from phytotron.data import archives
from phytotron.data.arrays import Splits
from phytotron.data.images import Images, tiny_images
from phytotron.data.sources import fetch
from phytotron.errors import UserError

CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
_SIDE = 32  # pixels


def read_cifar10(
    *,
    sources: Sequence[Mapping[str, str]],
    classes: Sequence[int] | None = None,
    tiny: bool = False,
    cache: Path | None = None,
) -> Splits:
    """Images as bytes, shape (samples, 3, 32, 32), and class ids, shape (samples,).

    Each class of `CLASSES` has 5,000 training and 1,000 test images.

    Args:
        sources: see `phytotron.data.sources`; an archive in which each split is PNG files, an image
            a row.
        classes: use only these, which become 0, 1, ... in this order: [3, 5] are cats and dogs;
            None: all.
        tiny: generate a few images instead of reading the archive.
        cache: the folder of the archive; None: the user's cache.
    """
    if tiny:
        train, test = (tiny_images((3, 32, 32), 10, samples, samples) for samples in (60, 30))
    else:
        archive = fetch(sources, cache)
        train, test = read_split(archive, "data"), read_split(archive, "test")
    if classes is not None:
        train, test = _select_classes(train, classes), _select_classes(test, classes)
    names = CLASSES if classes is None else [CLASSES[old] for old in classes]
    return Splits(train, test, class_names=names)


def read_split(archive: Path, name: str) -> Images:
    """The images, shape (samples, 3, 32, 32), and class ids, shape (samples,).

    Args:
        archive: the fetched file.
        name: `data` (the training images) or `test`.

    Raises:
        UserError: they are not in the archive, or the number of labels is not that of the images.
    """
    files = dict(archives.members(archive, f"*/{name}_batch*.png"))
    labels_file = f"*/{'train' if name == 'data' else name}_lables.json"  # as it is spelt there
    labels = np.array(json.loads(archives.member(archive, labels_file)), np.int64)
    rows = [np.asarray(Image.open(io.BytesIO(files[file]))) for file in sorted(files)]
    if not rows or sum(map(len, rows)) != len(labels):
        raise UserError(f"images and labels of '{name}' differ in number", where=str(archive))
    images = np.concatenate(rows).reshape(-1, _SIDE, _SIDE, 3)
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2)), labels


def _select_classes(split: Images, classes: Sequence[int]) -> Images:
    """The images of some classes, which become 0, 1, ... in the order of `classes`."""
    images, labels = split
    new = np.full(len(CLASSES), -1)
    new[list(classes)] = np.arange(len(classes))
    wanted = new[labels] >= 0
    return images[wanted], new[labels[wanted]]
