"""A sigmoid unit's two numbers: the weight is the steepness, -bias / weight the step's place."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from phytotron.evaluation.trained import Trained
from phytotron.figures.theme import COLOURS
from phytotron.scratch.boxcar import LEFT, RIGHT, unit

PANELS: dict[str, list[tuple[float, float]]] = {
    "weight: steepness": [(0.5, 0), (1, 0), (3, 0), (100, 0)],
    "bias: place, at -b / w": [(1, 5), (1, 0), (1, -5)],
    "negative weight: mirrored": [(1, 0), (-1, 0)],
}


def draw(trained: Trained) -> Figure:
    """Units by hand; no model is needed for it."""
    x = np.linspace(LEFT, RIGHT, 500)
    figure = Figure(figsize=(10, 3), layout="constrained")
    for axes, (title, units) in zip(
        figure.subplots(1, len(PANELS), sharey=True), PANELS.items(), strict=True
    ):
        for (weight, bias), colour in zip(units, COLOURS, strict=False):
            axes.plot(x, unit(x, weight, bias), color=colour, label=f"w {weight}, b {bias}")
        axes.set(title=title, xlabel="x")
        axes.legend(fontsize=8)
    return figure
