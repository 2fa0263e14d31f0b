"""MNIST: handwritten digits, 60,000 for training and 10,000 for the test (LeCun et al., 1998).

Fashion-MNIST (Xiao et al., 2017) has the same format and the same sizes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from phytotron.data import archives
from phytotron.data.arrays import ArrayDataModule
from phytotron.data.images import image_module
from phytotron.data.sources import fetch
from phytotron.data.tiny import tiny_images
from phytotron.errors import UserError

_IMAGES, _LABELS = 0x803, 0x801  # what the original files begin with
_GZIP = b"\x1f\x8b"


def mnist(
    *,
    sources: Sequence[Mapping[str, str]],
    batch_size: int | None,
    validation: int,
    seed: int,
    scaling: str = "unit",
    border: int = 0,
    size: int | None = None,
    training_samples: int | None = None,
    test_samples: int | None = None,
    class_names: Sequence[str] = tuple("0123456789"),
    tiny: bool = False,
    folder: Path | None = None,
) -> ArrayDataModule:
    """Images of shape (samples, 1, height, width) and class ids of shape (samples,).

    Args:
        sources: see `phytotron.data.sources`; an archive with the four original files.
        border: empty pixels around the image: 2 makes 32 x 32 of 28 x 28.
        class_names: what the ten classes are.
        others: see `phytotron.data.images.image_module`.
        tiny: generated images instead of the real ones.
        folder: keeps the archive; None: the user's cache.
    """
    if tiny:
        train, test = (tiny_images((1, 28, 28), 10, samples, samples) for samples in (60, 30))
    else:
        archive = fetch(sources, folder)
        train, test = read_split(archive, "train"), read_split(archive, "t10k")
    return image_module(
        train,
        test,
        class_names=class_names,
        scaling=scaling,
        border=border,
        size=size,
        training_samples=training_samples,
        test_samples=test_samples,
        batch_size=batch_size,
        validation=validation,
        seed=seed,
        tiny=tiny,
    )


def read_split(archive: Path, name: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The images, shape (samples, 1, 28, 28), and labels, shape (samples,), of `train` or `t10k`.

    Raises:
        UserError: they are not in the archive, or not in the original format.
    """
    found = {}
    for file, content in archives.members(archive, f"*/{name}-*"):
        if content.startswith(_GZIP):
            content = archives.gunzipped(content, f"{archive}: {file}")
        found[int.from_bytes(content[:4], "big")] = content
    if not {_IMAGES, _LABELS} <= found.keys():
        raise UserError(f"there are no images and labels of '{name}'", where=str(archive))
    samples, height, width = np.frombuffer(found[_IMAGES], ">u4", count=3, offset=4).tolist()
    pixels = np.frombuffer(found[_IMAGES], np.uint8, offset=16)
    labels = np.frombuffer(found[_LABELS], np.uint8, offset=8)
    if pixels.size != samples * height * width or labels.size != samples:
        raise UserError(f"the files of '{name}' end too early", where=str(archive))
    return pixels.reshape(samples, 1, height, width), labels.astype(np.int64)
