"""The decision regions of a model in the plane, with the training samples.

For any model of two inputs, a network or an estimator. Each point of a mesh has the colour of its
most probable class.

Sources: Rajput 2023, ch. 7; Vasilev 2023, ch. 2
Catalogue: C16
"""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.figure import Figure

from phytotron.evaluation.evaluate import predicted_classes
from phytotron.evaluation.trained import Trained
from phytotron.figures.plane import input_names
from phytotron.figures.theme import COLOURS, MARKERS
from phytotron.training.model_folder import class_names

STEP = 0.02  # of the mesh
MARGIN = 0.5  # around the samples


def draw(trained: Trained) -> Figure:
    """Filled contours of the class, and the samples in colour and shape of their own class."""
    inputs, targets = (np.asarray(tensor) for tensor in trained.data.train)
    names = class_names(trained.data)
    low, high = inputs.min(axis=0) - MARGIN, inputs.max(axis=0) + MARGIN
    x, y = (np.arange(low[i], high[i], STEP, dtype=np.float32) for i in range(2))
    mesh = np.stack(np.meshgrid(x, y), axis=-1)
    decided = predicted_classes(trained, torch.from_numpy(mesh.reshape(-1, 2)))

    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.subplots()
    colours = COLOURS[: max(len(names), int(decided.max()) + 1)]
    levels = np.arange(len(colours) + 1) - 0.5
    axes.contourf(x, y, decided.reshape(mesh.shape[:2]), levels=levels, colors=colours, alpha=0.25)
    for label, name in enumerate(names):
        own = inputs[targets.ravel() == label]
        axes.scatter(
            own[:, 0],
            own[:, 1],
            s=18,
            color=colours[label],
            marker=MARKERS[label % len(MARKERS)],
            edgecolor="white",
            linewidth=0.5,
            label=f"class {name}",
        )
    x_name, y_name = input_names(trained.data)
    axes.set(xlabel=x_name, ylabel=y_name, aspect="equal")
    axes.legend(loc="upper right")
    return figure
