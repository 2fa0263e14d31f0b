"""The share of ReLUs that are silent for every sample, from each kind of first weights.

For `phytotron.scratch.dead_units.DeadUnits`.
"""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from phytotron.evaluation.trained import Trained
from phytotron.figures.theme import COLOURS

STYLES = ["-", "--", ":", "-."]


def draw(trained: Trained) -> Figure:
    """A line per kind, over the epochs."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    epochs = [row["epoch"] for row in trained.history]
    kinds = [row["first_weights"] for row in trained.model.rows_]
    for kind, colour, style in zip(kinds, COLOURS, STYLES, strict=False):
        shares = [row[f"silent_{kind}"] for row in trained.history]
        axes.plot(epochs, shares, style, color=colour, label=kind)
    axes.set(xlabel="epoch", ylabel="silent units")
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    figure.legend(title="first weights", loc="outside right upper")  # lines are at 0 and 100 %
    return figure
