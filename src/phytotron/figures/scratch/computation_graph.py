"""The graph of operations that a network's loss has recorded, from the parameters to the loss.

For `phytotron.scratch.autograd_network.AutogradNetwork`.
"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from phytotron.evaluation.trained import Trained
from phytotron.figures.theme import BLUE, GREY, ORANGE
from phytotron.scratch.graph import Tensor

_SPACING = (1.0, 0.7)  # inches between columns and between rows


def draw(trained: Trained) -> Figure:
    """Operations in orange, values in blue, each with the shape of its array."""
    loss = trained.model.loss(*(np.asarray(part) for part in trained.data.train))
    places = layout(loss)
    x, y = np.array(list(places.values())).T
    size = (_SPACING[0] * (np.ptp(x) + 1.2), _SPACING[1] * (np.ptp(y) + 1.6))
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    for tensor, place in places.items():
        for parent, _ in tensor.links:
            # A link that skips columns is bent around what is between.
            bend = 0.25 if place[0] - places[parent][0] > 1 else 0.0
            arrow = {"arrowstyle": "->", "color": GREY, "shrinkA": 16, "shrinkB": 16}
            arrow["connectionstyle"] = f"arc3,rad={bend}"
            axes.annotate("", xy=place, xytext=places[parent], arrowprops=arrow)
        colour = ORANGE if tensor.links else BLUE
        name = tensor.name or f"{tensor.data.item():.3g}"  # only numbers have no name
        shape = "×".join(map(str, tensor.data.shape))
        axes.text(*place, name, ha="center", va="center", color=colour, weight="bold", size=11)
        axes.annotate(
            shape,
            xy=place,
            xytext=(0, -13),
            textcoords="offset points",
            ha="center",
            va="center",
            color=GREY,
            size=7,
        )
    axes.set(xlim=(x.min() - 0.6, x.max() + 0.6), ylim=(y.min() - 0.8, y.max() + 0.8))
    axes.axis("off")
    return figure


def layout(output: Tensor) -> dict[Tensor, tuple[float, float]]:
    """Where each tensor of a graph is drawn: parents left of their children.

    The column is the longest way to the output; in a column, tensors are one apart in the order of
    their children, around the mean height of these.
    """
    order = output.ancestors()
    children: dict[Tensor, list[Tensor]] = {tensor: [] for tensor in order}
    column = dict.fromkeys(order, 0)
    for tensor in reversed(order):
        for parent, _ in tensor.links:
            children[parent].append(tensor)
            column[parent] = max(column[parent], column[tensor] + 1)
    height = {output: 0.0}
    for number in range(1, max(column.values()) + 1):
        members = [tensor for tensor in order if column[tensor] == number]
        wanted = {t: float(np.mean([height[child] for child in children[t]])) for t in members}
        members.sort(key=lambda tensor: (wanted[tensor], not tensor.links))
        middle = np.mean(list(wanted.values())) - (len(members) - 1) / 2
        height |= {tensor: float(middle + place) for place, tensor in enumerate(members)}
    return {tensor: (float(-column[tensor]), height[tensor]) for tensor in order}
