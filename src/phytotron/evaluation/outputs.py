"""What a trained model says of a split."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from phytotron.evaluation.trained import Trained
from phytotron.tasks.node_classification import NodeClassification

_AT_ONCE = 500  # samples


def class_scores(model: nn.Module, inputs: Tensor) -> Tensor:
    """Outputs of a network in evaluation mode for any number of samples, shape (samples, ...)."""
    with torch.no_grad():
        return torch.cat([model(part) for part in inputs.split(_AT_ONCE)])


def predicted_classes(trained: Trained, inputs: Any) -> NDArray[np.int64]:
    """The class id that a network or an estimator gives each sample, shape (samples,)."""
    if isinstance(trained.model, nn.Module):
        return class_scores(trained.model, inputs).argmax(1).numpy()
    return np.asarray(trained.model.predict(np.asarray(inputs)))


def test_classes(trained: Trained) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The right class id and the predicted one of each test sample, both of shape (samples,)."""
    if isinstance(trained.task, NodeClassification):
        graph = trained.data.test
        with torch.no_grad():
            outputs, targets = trained.task.outputs_and_targets(graph, graph.test)
        return targets.numpy(), outputs.argmax(1).numpy()
    inputs, targets = trained.data.test
    return np.asarray(targets), predicted_classes(trained, inputs)


def class_names(data: Any) -> list[str]:
    """What the classes are called; those without names by their ids."""
    names = getattr(data, "class_names", None)
    return [str(name) for name in names or range(data.dimensions["num_classes"])]
