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
from phytotron.data.sources import fetch
from phytotron.data.tiny import tiny_images
from phytotron.errors import UserError, did_you_mean

_IMAGES, _LABELS = 0x803, 0x801  # what the original files begin with
_GZIP = b"\x1f\x8b"

# From a byte to what a network sees.
SCALINGS = {
    "unit": lambda pixels: pixels / np.float32(255),
    "signed": lambda pixels: pixels / np.float32(127.5) - 1,
    "binary": lambda pixels: (pixels > 127).astype(np.float32),
    "raw": lambda pixels: pixels.astype(np.float32),
}


def mnist(
    *,
    sources: Sequence[Mapping[str, str]],
    batch_size: int | None,
    validation: int,
    seed: int,
    scaling: str = "unit",
    border: int = 0,
    training_samples: int | None = None,
    test_samples: int | None = None,
    tiny: bool = False,
    folder: Path | None = None,
) -> ArrayDataModule:
    """Images of shape (samples, 1, height, width) and class ids of shape (samples,).

    Args:
        sources: see `phytotron.data.sources`; an archive with the four original files.
        batch_size: images of a training batch in each process; None: all in one.
        validation: training images that are for validation.
        seed: see `ArrayDataModule`.
        scaling: of the pixels: `unit` to [0, 1], `signed` to [-1, 1], `binary` to 0 or 1, `raw`
            leaves them in [0, 255].
        border: empty pixels around the image: 2 makes 32 x 32 of 28 x 28.
        training_samples: only the first so many, those for validation included; None: all.
        test_samples: only the first so many; None: all.
        tiny: generated images instead of the real ones.
        folder: keeps the archive; None: the user's cache.
    """
    if scaling not in SCALINGS:
        raise UserError(
            f"unknown scaling '{scaling}'",
            where="data.scaling",
            allowed=", ".join(SCALINGS),
            hint=did_you_mean(scaling, SCALINGS),
        )

    def prepared(images: NDArray[np.uint8], labels: NDArray[np.int64], limit: int | None):
        edges = (border, border)
        images = np.pad(images[:limit], ((0, 0), (0, 0), edges, edges))
        return SCALINGS[scaling](images), labels[:limit]

    if tiny:
        train, test = (tiny_images((1, 28, 28), 10, samples, samples) for samples in (60, 30))
    else:
        archive = fetch(sources, folder)
        train, test = read_split(archive, "train"), read_split(archive, "t10k")
    return ArrayDataModule(
        prepared(*train, training_samples),
        prepared(*test, test_samples),
        batch_size=batch_size,
        validation=validation,
        seed=seed,
        tiny=tiny,
        dimensions={"classes": 10},
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
