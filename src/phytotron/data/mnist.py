"""MNIST: handwritten digits, 60,000 for training and 10,000 for the test (LeCun et al., 1998)."""

from __future__ import annotations

import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from phytotron.data.arrays import ArrayDataModule
from phytotron.data.sources import fetch
from phytotron.errors import UserError

_IMAGES, _LABELS = 0x803, 0x801  # what the original files begin with


def mnist(
    *,
    sources: Sequence[Mapping[str, str]],
    batch_size: int,
    validation: int,
    seed: int,
    folder: Path | None = None,
) -> ArrayDataModule:
    """Images of shape (samples, 1, 28, 28) in [0, 1] and digits of shape (samples,).

    Args:
        sources: see `phytotron.data.sources`; a tar archive with the four original files.
        batch_size: images of a training batch in each process.
        validation: training images that are for validation.
        seed: see `ArrayDataModule`.
        folder: keeps the archive; None: the user's cache.
    """
    archive = fetch(sources, folder)
    return ArrayDataModule(
        read_split(archive, "train"),
        read_split(archive, "t10k"),
        batch_size=batch_size,
        validation=validation,
        seed=seed,
    )


def read_split(archive: Path, name: str) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The images and digits of `train` or `t10k`."""
    found = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            file = tar.extractfile(member) if f"/{name}-" in member.name else None
            if file:
                content = file.read()
                found[int.from_bytes(content[:4], "big")] = content
    if not {_IMAGES, _LABELS} <= found.keys():
        raise UserError(f"there are no images and labels of '{name}'", where=str(archive))
    samples, height, width = np.frombuffer(found[_IMAGES], ">u4", count=3, offset=4)
    pixels = np.frombuffer(found[_IMAGES], np.uint8, offset=16)
    images = pixels.astype(np.float32).reshape(samples, 1, height, width)
    digits = np.frombuffer(found[_LABELS], np.uint8, offset=8).astype(np.int64)
    return images / np.float32(255), digits
