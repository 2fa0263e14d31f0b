"""The weights of a network's first layer as images, one for each unit.

Sources: Vasilev 2023, ch. 3
Catalogue: C38
"""

from __future__ import annotations

from matplotlib.figure import Figure
from torch import nn

from phytotron.evaluation.trained import Trained
from phytotron.figures.image_grids import show_grid

_GRID = 10, 10


def draw(trained: Trained) -> Figure:
    """The first hundred units of a network whose inputs are images of one channel, in grey."""
    height, width = trained.data.dimensions["input_shape"][-2:]
    first = next(layer for layer in trained.model.modules() if isinstance(layer, nn.Linear))
    figure = Figure(figsize=(8, 8), layout="constrained")
    show_grid(figure.subplots(), first.weight.reshape(-1, 1, height, width), _GRID)
    return figure
