"""The greedy policy and the values of a tabular agent in each state of a grid."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

from phytotron.evaluation.trained import Trained
from phytotron.figures.theme import GREY

# Of Gymnasium's FrozenLake: the directions of actions 0 to 3 as (x, y), y down.
_ARROWS = [(-1, 0), (0, 1), (1, 0), (0, -1)]
_LENGTH = 0.3
_END = "GH"


def draw(trained: Trained) -> Figure:
    """The map with greedy actions as arrows on their values; and returns while learning."""
    with trained.data.make() as environment:
        letters = np.char.decode(environment.unwrapped.desc)
    values = trained.model.q_.max(axis=1).reshape(letters.shape)
    actions = trained.model.q_.argmax(axis=1).reshape(letters.shape)
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    grid, curve = figure.subplots(1, 2, width_ratios=(1, 1.1))
    ends = np.isin(letters, list(_END))
    colours = colormaps["viridis"].with_extremes(bad="white")
    image = grid.imshow(np.ma.masked_where(ends, values), cmap=colours, vmin=0)
    figure.colorbar(image, ax=grid, label="value of the greedy action")
    for (row, column), letter in np.ndenumerate(letters):
        if letter in _END:
            grid.text(column, row, letter, ha="center", va="center", weight="bold")
            continue
        x, y = _ARROWS[actions[row, column]]
        grid.annotate(
            "",
            xy=(column + _LENGTH * x, row + _LENGTH * y),
            xytext=(column - _LENGTH * x, row - _LENGTH * y),
            arrowprops={"arrowstyle": "-|>", "color": "white", "linewidth": 1.5},
        )
        if letter == "S":
            grid.text(column - 0.45, row - 0.25, letter, color="white", weight="bold")
    grid.set(xticks=[], yticks=[], title="greedy policy (S start, G goal, H hole)")

    steps = [row["step"] for row in trained.history]
    curve.plot(steps, [row["train_return"] for row in trained.history], label="mean return")
    epsilons = [row["epsilon"] for row in trained.history]
    curve.plot(steps, epsilons, color=GREY, linestyle="--", label="epsilon")
    curve.set(xlabel="steps", ylim=(-0.03, 1.03), title="learning, with random actions")
    curve.legend()
    return figure
