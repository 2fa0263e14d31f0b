"""The weights that classify every sample correctly: an intersection of half-spaces.

In the space of a perceptron's weights each sample is a hyperplane, w · (1, x) = 0, and the weights
on one side of it are right for that sample. What is right for all of them is a cone, which is empty
if no line separates the classes.

Sources: Pattanayak 2023, ch. 2
Catalogue: C03
"""

from __future__ import annotations

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from phytotron.evaluation.trained import Trained
from phytotron.figures.theme import BLUE, COLOURS, GREY

_SIDE = 400  # places along each axis
_MOST = 40  # lines; more of them hide the region


def feasible(
    weights: NDArray[np.float64], inputs: NDArray[np.float64], targets: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether each row of weights, shape (places, 1 + features), is right for every sample.

    Args:
        weights: bias first.
        inputs: shape (samples, features).
        targets: 1 where w · (1, x) must be above 0, shape (samples,).
    """
    sums = weights[:, :1] + weights[:, 1:] @ inputs.T
    return ((sums > 0) == (targets == 1)).all(axis=1)


def draw(trained: Trained) -> Figure:
    """A plane through the weights of a perceptron with two inputs: the bias is the learned one."""
    inputs, targets = (np.asarray(tensor) for tensor in trained.data.train)
    inputs = inputs.astype(np.float64)
    bias, *learned = trained.model.weights_
    reach = 2 * max(np.abs(learned).max(), 1e-9)
    side = np.linspace(-reach, reach, _SIDE)
    places = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    right = feasible(np.column_stack([np.full(len(places), bias), places]), inputs, targets)

    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.subplots()
    axes.pcolormesh(
        side,
        side,
        right.reshape(_SIDE, _SIDE),
        cmap=ListedColormap(["white", BLUE]),
        vmin=0,
        vmax=1,
        alpha=0.3,
    )
    nearest = np.argsort(np.abs(bias + inputs @ learned))[:_MOST]
    for x, target in zip(inputs[nearest], targets[nearest], strict=True):
        _line(axes, x, bias, side, COLOURS[target])
    axes.plot(*learned, "*", color="black", markersize=12, label="learned weights")
    axes.set(
        xlim=(-reach, reach),
        ylim=(-reach, reach),
        xlabel="weight of input 1",
        ylabel="weight of input 2",
        title="blue: right for every sample; a line: a sample on the boundary",
    )
    axes.axhline(0, color=GREY, linewidth=0.5)
    axes.axvline(0, color=GREY, linewidth=0.5)
    axes.legend(loc="upper right")
    return figure


def _line(axes, x, bias, side, colour) -> None:
    """w1 x1 + w2 x2 + b = 0, along whichever weight it is not parallel to."""
    if not x.any():  # the bias alone decides: there is no line
        return
    if abs(x[1]) >= abs(x[0]):
        axes.plot(side, -(bias + side * x[0]) / x[1], color=colour, linewidth=0.6)
    else:
        axes.plot(-(bias + side * x[1]) / x[0], side, color=colour, linewidth=0.6)
