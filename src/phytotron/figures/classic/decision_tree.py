"""A decision tree of scikit-learn: the test and the impurity of each node."""

from __future__ import annotations

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sklearn.tree import plot_tree

from phytotron.evaluation.trained import Trained
from phytotron.figures.plane import input_names
from phytotron.training.model_folder import class_names

_INCHES = 1.9  # of a leaf


def draw(trained: Trained) -> Figure:
    """The tree itself, or the first one of several variants."""
    model = trained.model
    tree = next(iter(model.estimators_.values())) if hasattr(model, "variants") else model
    width = min(20.0, max(5.0, _INCHES * tree.get_n_leaves()))
    figure = Figure(figsize=(width, 1.3 * (tree.get_depth() + 1)), layout="constrained")
    FigureCanvasAgg(figure)  # scikit-learn asks it how long its texts are
    plot_tree(
        tree,
        feature_names=input_names(trained.data),
        class_names=class_names(trained.data),
        filled=True,
        rounded=True,
        precision=3,
        fontsize=8,
        ax=figure.subplots(),
    )
    return figure
