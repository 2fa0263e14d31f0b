"""Test images beside their reconstructions by an autoencoder or an energy model.

The first 20 test images, 4 x 5, and their reconstructions in the same places.
"""

from __future__ import annotations

import torch
from matplotlib.figure import Figure

from phytotron.evaluation.trained import Trained
from phytotron.figures.image_grids import show_grid

_GRID = (4, 5)


def draw(trained: Trained) -> Figure:
    """Images on the left, `task.reconstruct(images)` on the right."""
    images = trained.data.test[0][: _GRID[0] * _GRID[1]]
    with torch.inference_mode():
        reconstructions = trained.task.reconstruct(images)
    figure = Figure(figsize=(7, 3), layout="constrained")
    left, right = figure.subplots(1, 2)
    show_grid(left, images, _GRID, "test images")
    show_grid(right, reconstructions, _GRID, "reconstructions")
    return figure
