"""Loss (left axis, blue) and accuracy (right axis, red) over the epochs, in one figure."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from phytotron.evaluation.trained import Trained
from phytotron.figures.theme import BLUE

RED = "#C1121F"


def draw(trained: Trained) -> Figure:
    """Of the training samples where the history has them, else of the validation samples."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    left = figure.subplots()
    right = left.twinx()
    for axes, name, colour, style in ((left, "loss", BLUE, "-"), (right, "accuracy", RED, "--")):
        key = next((f"{s}_{name}" for s in ("train", "val") if _has(trained, f"{s}_{name}")), None)
        if key is None:
            continue
        rows = [row for row in trained.history if key in row]
        epochs = [row["epoch"] for row in rows]
        axes.plot(epochs, [row[key] for row in rows], style, color=colour)
        axes.set_ylabel(key.replace("_", " "), color=colour)
        axes.tick_params(axis="y", colors=colour)
    left.set(xlabel="epoch")
    right.yaxis.set_major_formatter(PercentFormatter(1))
    return figure


def _has(trained: Trained, key: str) -> bool:
    return any(key in row for row in trained.history)
