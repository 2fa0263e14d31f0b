"""Groups of points with their centres, and to which group each place of the plane belongs."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from sklearn.decomposition import PCA

from phytotron.evaluation.trained import Trained
from phytotron.figures.plane import input_names, plane_around
from phytotron.figures.theme import COLOURS, MARKERS


def draw(trained: Trained) -> Figure:
    """The training points; with more than two inputs, in the plane of their principal axes."""
    model = trained.model
    points, centres = np.asarray(trained.data.train.inputs), model.cluster_centers_
    names = input_names(trained.data)
    axes_of_all = PCA(2).fit(points) if points.shape[1] > 2 else None
    if axes_of_all:
        points, centres = axes_of_all.transform(points), axes_of_all.transform(centres)
        shares = axes_of_all.explained_variance_ratio_
        names = [f"principal axis {i + 1} ({share:.0%})" for i, share in enumerate(shares)]
    plane = plane_around(points)
    places = axes_of_all.inverse_transform(plane.places) if axes_of_all else plane.places

    colours = [COLOURS[group % len(COLOURS)] for group in range(len(centres))]
    figure = Figure(figsize=(6.5, 5), layout="constrained")
    axes = figure.subplots()
    regions = plane.folded(model.predict(places))
    axes.pcolormesh(plane.x, plane.y, regions, cmap=ListedColormap(colours), alpha=0.2)
    for group, colour in enumerate(colours):
        marker = MARKERS[group % len(MARKERS)]
        x, y = points[model.labels_ == group].T
        axes.scatter(x, y, s=18, color=colour, marker=marker)
    x, y = centres.T
    axes.scatter(x, y, s=169, color="black", marker="x", linewidth=2, label="centres")
    axes.set(xlabel=names[0], ylabel=names[1], aspect="equal")
    axes.legend(loc="upper right")
    return figure
