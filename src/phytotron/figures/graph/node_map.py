"""Where a graph network puts the nodes before its last layer, in two dimensions."""

from __future__ import annotations

import torch
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from sklearn.manifold import TSNE

from phytotron.evaluation.trained import Trained
from phytotron.figures.theme import COLOURS, GREY, MARKERS
from phytotron.training.model_folder import class_names

_SEED = 0
_COLOURS = [*COLOURS, GREY]


def draw(trained: Trained) -> Figure:
    """t-SNE of the network's `embed(inputs, edges)`, coloured by class.

    Below are the links; filled are the nodes whose class was known while training.
    """
    graph = trained.data.test
    with torch.no_grad():
        states = trained.model.embed(graph.inputs, graph.edges).numpy()
    perplexity = min(30, (len(states) - 1) / 3)
    points = TSNE(perplexity=perplexity, init="pca", random_state=_SEED).fit_transform(states)

    figure = Figure(figsize=(7.2, 6), layout="constrained")
    axes = figure.add_subplot()
    links = points[graph.edges.T.numpy()]
    axes.add_collection(LineCollection(links, colors=GREY, linewidths=0.3, alpha=0.15))
    known, targets = graph.train.numpy(), graph.targets.numpy()
    for label, name in enumerate(class_names(trained.data)):
        # More classes than colours: the markers tell those of one colour apart.
        colour = _COLOURS[label % len(_COLOURS)]
        marker = MARKERS[(label + label // len(_COLOURS)) % len(MARKERS)]
        belongs = targets == label
        for part, face in ((belongs & ~known, "none"), (belongs & known, colour)):
            axes.scatter(
                points[part, 0],
                points[part, 1],
                s=14,
                marker=marker,
                facecolors=face,
                edgecolors=colour,
                linewidths=0.6,
                label=name if face == colour else None,
            )
    axes.set_title("Nodes before the last layer (t-SNE); filled: class known in training")
    axes.set_xticks([])
    axes.set_yticks([])
    figure.legend(loc="outside right upper", frameon=False)
    return figure
