"""The families of systems: one list for experiments, networks, figures and tests.

A family is the folder of its experiments, `conf/experiment/<family>/`. Its networks and estimators
are in `src/phytotron/models/<family>/`, its figures in `src/phytotron/figures/<family>/` and their
tests in `tests/models/<family>/`, each where there are any. Lessons without a framework are code
of the package `phytotron.scratch` instead. Text networks (`text`) have no experiments of their
own: the router's experiments use them.
"""

from __future__ import annotations

# In the order of the folder names. A description fits on a line of `phytotron list`.
FAMILIES: dict[str, str] = {
    "classic": "trees, support vector machines and clustering from scikit-learn",
    "components": "optimizers and other parts of a training, compared with each other",
    "dense": "multilayer perceptrons for tables and small images",
    "detection": "networks that find objects in images",
    "energy": "energy-based models",
    "generative": "networks that generate images",
    "graph": "networks on the nodes and edges of a graph",
    "reinforcement": "agents that learn from rewards",
    "router": "the demo: classifiers of documentation paragraphs, compared and registered",
    "sampling": "Markov chain Monte Carlo",
    "scratch": "networks in NumPy, each one lesson",
    "sequence": "translation of sentences",
    "style": "neural style transfer",
    "text": "networks and estimators that classify texts",
    "vision": "convolutional networks that classify images",
}


def family(experiment: str) -> str:
    """The family of an experiment: the first folder of its id, such as `dense/mnist_mlp`."""
    return experiment.partition("/")[0]
