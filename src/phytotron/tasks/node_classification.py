"""Learning the classes of nodes of one graph of which some are known."""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor, nn

from phytotron.tasks.supervised import Measures, Supervised


class Graph(Protocol):
    """A graph with masks that say which nodes are for what; see `phytotron.data.hyperlink_graph`.

    Attributes:
        inputs: features of the nodes, shape (nodes, features).
        edges: from and to which node, shape (2, edges).
        targets: class ids, shape (nodes,).
        train, validation, test: bool, shape (nodes,).
    """

    inputs: Tensor
    edges: Tensor
    targets: Tensor
    train: Tensor
    validation: Tensor
    test: Tensor


class NodeClassification(Supervised):
    """Supervised training whose batch is a graph: a mask says whose classes count.

    `network(inputs, edges, nodes)` gives the logits of some nodes, of shape (wanted, classes). It
    may look at the features and links of all nodes, also while training, but the loss knows the
    classes of the training nodes alone.
    """

    def objective(self, batch: Graph) -> Tensor:  # type: ignore[override]
        return self.loss(*self.outputs_and_targets(batch, batch.train))

    def validation_step(self, batch: Graph, index: int) -> None:  # type: ignore[override]
        self._measure_nodes(self.val_metrics, batch, batch.validation)

    def test_step(self, batch: Graph, index: int) -> None:  # type: ignore[override]
        self._measure_nodes(self.test_metrics, batch, batch.test)

    @torch.inference_mode()
    def test_outputs(self, model: nn.Module, data: Any) -> tuple[Tensor, Tensor]:
        graph = data.test
        nodes = graph.test.nonzero().squeeze(1)
        return model(graph.inputs, graph.edges, nodes), graph.targets[nodes]

    def _measure_nodes(self, measures: Measures, batch: Graph, mask: Tensor) -> None:
        self.measure(measures, *self.outputs_and_targets(batch, mask))

    def outputs_and_targets(self, graph: Graph, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (nodes, classes) and class ids (nodes,) of the nodes of a mask."""
        nodes = mask.nonzero().squeeze(1)
        return self(graph.inputs, graph.edges, nodes), graph.targets[nodes]
