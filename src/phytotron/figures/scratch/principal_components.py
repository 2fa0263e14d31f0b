"""Points in the plane with their principal components, and the points projected on each.

For `phytotron.scratch.pca_study.PCAStudy`.
"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from phytotron.evaluation.trained import Trained
from phytotron.figures.theme import BLUE, COLOURS, ORANGE


def draw(trained: Trained) -> Figure:
    """Left the points, each component as long as two standard deviations along it; right the
    coordinates on both components."""
    points, pca = trained.model.samples_, trained.model.pca_
    figure = Figure(figsize=(10, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.scatter(*points.T, s=10, color=BLUE, alpha=0.4)
    pairs = zip(pca.components_, pca.explained_variance_, COLOURS[1:], strict=False)
    for number, (component, variance, colour) in enumerate(pairs, start=1):
        end = pca.mean_ + 2 * np.sqrt(variance) * component
        left.plot(*np.stack([pca.mean_, end]).T, color=colour, linewidth=3, label=str(number))
    left.set(xlabel="input 1", ylabel="input 2", aspect="equal")
    left.legend(title="component")
    right.scatter(*pca.transform(points).T, s=10, color=ORANGE, alpha=0.4)
    shares = [f"{share:.0%}" for share in pca.explained_variance_ratio_]
    right.set(
        xlabel=f"component 1 ({shares[0]} of the variance)",
        ylabel=f"component 2 ({shares[1]})",
        aspect="equal",
    )
    return figure
