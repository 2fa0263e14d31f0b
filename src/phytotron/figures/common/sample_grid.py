"""Samples of a generative model, side by side."""

from __future__ import annotations

import torch
from matplotlib.figure import Figure

from phytotron.evaluation.trained import Trained
from phytotron.figures.image_grids import show_grid


def draw(trained: Trained) -> Figure:
    """As many as the task's `grid` of rows and columns has places."""
    rows, columns = trained.task.grid
    with torch.inference_mode():
        samples = trained.task.sample(rows * columns)
    figure = Figure(figsize=(0.6 * columns, 0.6 * rows))
    show_grid(figure.subplots(), samples, (rows, columns))
    return figure
