"""One box from two sigmoids, and a function from more and more boxes.

For `phytotron.scratch.boxcar.BoxcarStudy`.
"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from phytotron.evaluation.trained import Trained
from phytotron.figures.theme import BLUE, GREY, ORANGE
from phytotron.scratch.boxcar import LEFT, RIGHT, wave

_PANELS = 3  # sums, besides the box


def draw(trained: Trained) -> Figure:
    """The single box, and the shortest sums of boxes with the function."""
    study = trained.model
    x = np.linspace(LEFT, RIGHT, 2000)
    figure = Figure(figsize=(11, 3), layout="constrained")
    first, *others = figure.subplots(1, 1 + _PANELS)
    first.plot(x, study.box()(x), color=BLUE)
    first.set(title="two sigmoids: a box", xlabel="x")
    for axes, row in zip(others, study.rows_, strict=False):
        axes.plot(x, wave(x), color=GREY, linestyle="--")
        axes.plot(x, study.approximation(row["boxes"])(x), color=ORANGE)
        axes.set(title=f"{row['boxes']} boxes: error {row['error']:.2f}", xlabel="x")
    return figure
