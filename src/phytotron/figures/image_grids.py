"""Many small images side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from torch import Tensor

_GAP = 1  # pixels between two images


def show_grid(axes: Axes, images: Tensor, grid: Sequence[int], title: str = "") -> None:
    """Show images in rows, the first at the top left.

    Args:
        axes: where.
        images: shape (images, channels, height, width), of 1 or 3 channels, whatever their range:
            the smallest value is shown as black and the largest as white.
        grid: rows and columns; what does not fit is left out.
        title: above the grid.
    """
    rows, columns = grid
    images = images[: rows * columns].detach().float().cpu()
    low, high = images.aminmax()
    pixels = ((images - low) / (high - low).clamp(min=1e-12)).movedim(1, -1).numpy()
    _, height, width, channels = pixels.shape
    canvas = np.ones(
        (rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, channels), np.float32
    )
    for number, image in enumerate(pixels):
        row, column = divmod(number, columns)
        top, left = row * (height + _GAP), column * (width + _GAP)
        canvas[top : top + height, left : left + width] = image
    axes.imshow(canvas.squeeze(-1) if channels == 1 else canvas, cmap="gray", vmin=0, vmax=1)
    axes.set_axis_off()
    if title:
        axes.set_title(title, loc="left", fontsize=10)
