"""A ReLU and a softmax of a sine wave: its positive half, and a distribution over its points."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from phytotron.evaluation.trained import Trained
from phytotron.figures.theme import BLUE, GREY, ORANGE
from phytotron.scratch.activations import Layer, ReLU, Softmax

POINTS = 100


def draw(trained: Trained) -> Figure:
    """The activations of the network; no model is needed for it."""
    x = np.linspace(0, 2 * np.pi, POINTS)
    wave = np.sin(x)[None]
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    layers: dict[str, tuple[Layer, str]] = {
        "ReLU": (ReLU(), BLUE),
        "softmax": (Softmax(), ORANGE),
    }
    for axes, (name, (layer, colour)) in zip(figure.subplots(1, 2), layers.items(), strict=True):
        axes.plot(x, wave[0], color=GREY, linestyle="--", label="sine")
        scaled = axes.twinx() if name == "softmax" else axes
        scaled.plot(x, layer.forward(wave)[0], color=colour, label=name)
        axes.set(xlabel="x", title=f"{name} of sin(x)")
    return figure
