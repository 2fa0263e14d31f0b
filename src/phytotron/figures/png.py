"""Small PNG files for the repository: a palette, and no more pixels than fit.

Git keeps every version of a figure, so only small versions of an experiment's first
figures are committed. A run's own folder has all of them as they were drawn.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

LIMIT = 40_000  # bytes of one image
MOST = 2  # images of one experiment
# Tried in this order. The median cut keeps light tints apart; the octree keeps rare hues.
_PALETTES = (
    (256, Image.Quantize.MEDIANCUT),
    (256, Image.Quantize.FASTOCTREE),
    (64, Image.Quantize.FASTOCTREE),
)
_WHITE = 236  # of 255: from here on a pixel counts as paper
_SHRINK = 0.9  # of the width and height, as often as it takes


def copy_for_repository(drawn: Sequence[Path], folder: Path) -> None:
    """Copy what a run drew: all tables, and small versions of the first images.

    Args:
        drawn: the files in the order of the experiment's `figures`.
        folder: where to.
    """
    images = [path for path in drawn if path.suffix == ".png"][:MOST]
    for path in drawn:
        if path in images:
            (folder / path.name).write_bytes(compact_png(Image.open(path)))
        elif path.suffix != ".png":
            shutil.copyfile(path, folder / path.name)


def compact_png(image: Image.Image, limit: int = LIMIT) -> bytes:
    """An image as a PNG of at most `limit` bytes.

    With as many colours as fit; where 64 of them do not, the image is made smaller. Transparent
    places become white.
    """
    opaque = Image.new("RGB", image.size, "white")
    opaque.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    while True:
        for colours, method in _PALETTES:
            data = _palette_png(opaque, colours, method)
            if len(data) <= limit:
                return data
        width, height = (max(1, round(side * _SHRINK)) for side in opaque.size)
        opaque = opaque.resize((width, height), Image.Resampling.LANCZOS)


def _palette_png(image: Image.Image, colours: int, method: Image.Quantize) -> bytes:
    # Without dithering: scattered pixels do not compress, and text looks dirty.
    few = image.quantize(colours, method, dither=Image.Dither.NONE)
    palette = few.getpalette() or []
    entries = [palette[start : start + 3] for start in range(0, len(palette), 3)]
    # The paper is the mean of nearly white pixels by now: make it white again.
    white = [[255] * 3 if min(entry) >= _WHITE else entry for entry in entries]
    few.putpalette([channel for entry in white for channel in entry])
    buffer = io.BytesIO()
    few.save(buffer, format="png", optimize=True)
    return buffer.getvalue()
