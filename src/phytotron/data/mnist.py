"""MNIST: handwritten digits, 60,000 for training and 10,000 for the test (LeCun et al., 1998).

Fashion-MNIST (Xiao et al., 2017) has the same format and the same sizes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from phytotron.data import archives
from phytotron.data.arrays import Splits
from phytotron.data.images import Images, tiny_images
from phytotron.data.sources import fetch
from phytotron.errors import UserError

_IMAGES, _LABELS = 0x803, 0x801  # the first four bytes of the original files
_GZIP = b"\x1f\x8b"


def read_mnist(
    *,
    sources: Sequence[Mapping[str, str]],
    class_names: Sequence[str] = tuple("0123456789"),
    tiny: bool = False,
    cache: Path | None = None,
) -> Splits:
    """Images as bytes, shape (samples, 1, 28, 28), and class ids, shape (samples,).

    Args:
        sources: see `phytotron.data.sources`; an archive with the four original files.
        class_names: of the ten classes.
        tiny: generate a few images instead of reading the archive.
        cache: the folder of the archive; None: the user's cache.
    """
    if tiny:
        train, test = (tiny_images((1, 28, 28), 10, samples, samples) for samples in (60, 30))
    else:
        archive = fetch(sources, cache)
        train, test = read_split(archive, "train"), read_split(archive, "t10k")
    return Splits(train, test, class_names=class_names)


def read_split(archive: Path, name: str) -> Images:
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
