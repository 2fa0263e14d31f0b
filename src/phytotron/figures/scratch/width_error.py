"""The error of one hidden layer against its width, and the functions that several widths learn.

For `phytotron.scratch.width_study.WidthStudy`.
"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from phytotron.evaluation.trained import Trained
from phytotron.figures.theme import BLUE, GREY, ORANGE
from phytotron.scratch.width_study import chirp


def draw(trained: Trained) -> Figure:
    """The error, both axes logarithmic; beside it narrowest, middle and widest layer."""
    study = trained.model
    widths = [row["width"] for row in study.rows_]
    figure = Figure(figsize=(10, 5), layout="constrained")
    shown = sorted({0, len(widths) // 2, len(widths) - 1})
    halves = figure.add_gridspec(1, 2)
    left, right = (figure.add_subfigure(halves[number]) for number in range(2))
    axes = left.subplots()
    axes.loglog(widths, [row["error"] for row in study.rows_], "o-", color=BLUE)
    axes.set(xlabel="hidden units", ylabel="root mean square error")
    axes.set_xticks(widths, [str(width) for width in widths])
    axes.minorticks_off()
    places = np.linspace(-1, 1, study.points)
    between = (places[1:] + places[:-1]) / 2
    panels = right.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
    for panel, number in zip(panels, shown, strict=True):
        panel.plot(between, chirp(between), color=GREY, linestyle="--")
        panel.plot(between, study.curves_[number], color=ORANGE)
        panel.set_title(f"{widths[number]} units")
    panels[-1].set_xlabel("x")
    return figure
