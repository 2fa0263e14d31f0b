"""Node classification: a mask says whose classes the loss knows."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torchmetrics.classification import MulticlassAccuracy

from phytotron.data.hyperlink_graph import graph_module, read_help_graph
from phytotron.models.graph.gcn import GCN
from phytotron.tasks.node_classification import NodeClassification


def data(batch_size=None):
    return graph_module(
        read_help_graph(sources=[], features=8, tiny=True),
        train_share=0.4,
        validation_share=0.2,
        split_seed=0,
        seed=0,
        batch_size=batch_size,
    )


@pytest.fixture
def task():
    torch.manual_seed(0)
    return NodeClassification(
        GCN(input_shape=(8,), num_outputs=3, hidden=(4,), dropout=0.0),
        optimizer={"_target_": "torch.optim.SGD", "lr": 0.1},
        loss=F.cross_entropy,
        metrics={"accuracy": partial(MulticlassAccuracy, 3, average="micro")},
    )


def test_only_the_classes_of_training_nodes_are_in_the_loss(task):
    graph = data().train
    loss = task.objective(graph)
    others = graph._replace(targets=torch.where(graph.train, graph.targets, 0))
    assert torch.equal(task.objective(others), loss)
    changed = graph._replace(targets=torch.where(graph.train, 0, graph.targets))
    assert not torch.equal(task.objective(changed), loss)


def test_validation_and_test_measure_their_own_nodes(task):
    graph = data().train
    logits = task.network(graph.inputs, graph.edges, torch.arange(len(graph.targets)))
    right = logits.argmax(dim=1) == graph.targets
    task.validation_step(graph, 0)
    found = task.validation_metrics()["val_accuracy"].item()
    assert found == pytest.approx(right[graph.validation].double().mean().item())
    task.test_step(graph, 0)
    found = task.test_metrics.take()["accuracy"].item()
    assert found == pytest.approx(right[graph.test].double().mean().item())


def test_batches_of_nodes_are_all_training_nodes_in_another_order_each_epoch():
    module = data(batch_size=6)
    batches = module.train_dataloader()
    assert [int(graph.train.sum()) for graph in batches] == [6] * len(batches)
    first = [graph.train for graph in batches]
    assert torch.equal(torch.stack(first).any(dim=0), module.train.train)
    batches.start_at(epoch=1, batch=0)
    second = [graph.train for graph in batches]
    assert not torch.equal(torch.stack(first), torch.stack(second))
    batches.start_at(epoch=1, batch=2)
    assert torch.equal(torch.stack([g.train for g in batches]), torch.stack(second[2:]))


def test_without_a_batch_size_the_batch_is_the_graph():
    module = data()
    (graph,) = module.train_dataloader()
    assert torch.equal(graph.train, module.train.train)
