"""The decision regions of each variant in the plane, with the training samples.

For `phytotron.models.classic.variants.Variants` and data with two inputs.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from sklearn.base import BaseEstimator

from phytotron.evaluation.trained import Trained
from phytotron.figures.plane import input_names, plane_around
from phytotron.figures.theme import COLOURS, MARKERS
from phytotron.training.model_folder import class_names

_COLUMNS = 2
_MOST = 4  # as many as can be compared at a glance


def draw(trained: Trained) -> Figure:
    """A panel for each of the first four variants, in the order of the config."""
    names = list(trained.model.variants)[:_MOST]
    rows = -(-len(names) // _COLUMNS)
    figure = Figure(figsize=(9, 3.8 * rows), layout="constrained")
    panels = figure.subplots(rows, _COLUMNS, squeeze=False).flat
    for name, axes in zip(names, panels, strict=False):
        _regions(axes, trained.model.estimators_[name], trained)
        axes.set_title(f"{name}: {trained.model.scores_[name].mean():.3f} in cross-validation")
    for axes in list(panels)[len(names) :]:
        axes.remove()
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=7)
    return figure


def _regions(axes: Axes, estimator: BaseEstimator, trained: Trained) -> None:
    inputs, targets = (np.asarray(tensor) for tensor in trained.data.train)
    names = class_names(trained.data)
    plane = plane_around(inputs)
    axes.pcolormesh(
        plane.x,
        plane.y,
        plane.folded(estimator.predict(plane.places)),
        cmap=ListedColormap(COLOURS[: len(names)]),
        vmin=0,
        vmax=len(names) - 1,
        alpha=0.25,
    )
    for label, (name, colour, marker) in enumerate(zip(names, COLOURS, MARKERS, strict=False)):
        x, y = inputs[targets == label].T
        axes.scatter(x, y, s=18, color=colour, marker=marker, label=name)
    x_name, y_name = input_names(trained.data)
    axes.set(xlabel=x_name, ylabel=y_name)
