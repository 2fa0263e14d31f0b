"""The norm of the gradient in each layer, and the fixed point of repeated sigmoids.

For `phytotron.scratch.vanishing_gradients.VanishingGradients`.
"""

from __future__ import annotations

from itertools import groupby

from matplotlib.figure import Figure

from phytotron.evaluation.trained import Trained
from phytotron.figures.theme import BLUE, COLOURS, MARKERS


def draw(trained: Trained) -> Figure:
    """A panel per activation, a line per gain of the first weights; then the repeated sigmoid."""
    study = trained.model
    figure = Figure(figsize=(3.6 * (1 + len(study.activations)), 3.6), layout="constrained")
    *panels, last = figure.subplots(1, 1 + len(study.activations))
    for axes, name in zip(panels, study.activations, strict=True):
        rows = [row for row in study.rows_ if row["activation"] == name]
        lines = groupby(rows, key=lambda row: row["gain"])
        for (gain, line), colour, marker in zip(lines, COLOURS, MARKERS, strict=False):
            points = [(row["layer"], row["gradient_norm"]) for row in line]
            axes.semilogy(
                *zip(*points, strict=True),
                color=colour,
                marker=marker,
                markersize=3,
                label=f"gain {gain:g}",
            )
        axes.set(title=name, xlabel="layer (1: next to the inputs)")
        axes.legend(fontsize=8)
    panels[0].set_ylabel("norm of the gradient")
    last.plot(range(len(study.squashed_) + 1), [2, *study.squashed_], "o-", color=BLUE)
    last.set(title=f"repeated sigmoid: {study.squashed_[-1]:.3f}", xlabel="times")
    return figure
