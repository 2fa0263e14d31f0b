"""Metrics on samples that can be counted by hand."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from phytotron.config.components import component_names
from phytotron.nn.metrics import Accuracy, cosine_distance, evaluate_accuracy

pytestmark = pytest.mark.catalogue("D67", "D68", "D69")

# Rows: what is; columns: what is said. Classes 0, 1, 2.
CONFUSION = torch.tensor([[5, 1, 0], [2, 3, 1], [0, 2, 6]])
ACTUAL = torch.repeat_interleave(torch.tensor([0, 0, 0, 1, 1, 1, 2, 2, 2]), CONFUSION.flatten())
SAID = torch.repeat_interleave(torch.tensor([0, 1, 2] * 3), CONFUSION.flatten())
LOGITS = nn.functional.one_hot(SAID, 3).float() * 4

PRECISION = [5 / 7, 3 / 6, 6 / 7]
RECALL = [5 / 6, 3 / 6, 6 / 8]
F1 = [2 * p * r / (p + r) for p, r in zip(PRECISION, RECALL, strict=True)]
SPECIFICITY = [12 / 14, 11 / 14, 11 / 12]


def mean(values):
    return sum(values) / len(values)


def measured(metric, outputs, targets, size: int = 7) -> float:
    """In batches, the last one smaller."""
    for some, right in zip(outputs.split(size), targets.split(size), strict=True):
        metric.update(some, right)
    return float(metric.compute())


MULTICLASS = {
    "accuracy": 14 / 20,
    "micro_f1": 14 / 20,
    "precision": mean(PRECISION),
    "recall": mean(RECALL),
    "specificity": mean(SPECIFICITY),
    "macro_f1": mean(F1),
}


@pytest.mark.parametrize("name", MULTICLASS)
def test_of_three_classes(make, name):
    metric = make("metric", name)(num_classes=3)
    assert measured(metric, LOGITS, ACTUAL) == pytest.approx(MULTICLASS[name], rel=1e-6)


# One class against the others: 12 positive, of which 9 are found, and 3 false alarms.
POSITIVE = torch.tensor([1.0] * 9 + [0.0] * 3 + [1.0] * 3 + [0.0] * 5)
IS_POSITIVE = torch.tensor([1.0] * 12 + [0.0] * 8)
BINARY = {
    "binary_accuracy": 14 / 20,
    "binary_precision": 9 / 12,
    "binary_recall": 9 / 12,
    "binary_specificity": 5 / 8,
    "binary_f1": 9 / 12,
}


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("shape", [(20,), (20, 1)])
def test_of_two_classes(make, name, shape):
    logits = (8 * POSITIVE - 4).view(shape)
    got = measured(make("metric", name)(), logits, IS_POSITIVE.view(shape).int())
    assert got == pytest.approx(BINARY[name], rel=1e-6)


def test_the_area_is_the_chance_of_the_right_order(make):
    values, positive = torch.tensor([0.9, 0.6, 0.3, 0.7, 0.2]), torch.tensor([1, 1, 1, 0, 0])
    assert measured(make("metric", "binary_auc")(), values, positive) == pytest.approx(4 / 6)
    perfect = make("metric", "auc")(num_classes=3)
    assert measured(perfect, nn.functional.one_hot(ACTUAL, 3).float(), ACTUAL) == 1


Y, T = torch.tensor([1.0, 2.0, 4.0]), torch.tensor([1.0, 1.0, 1.0]) * torch.tensor([1.0, 3.0, 2.0])
REAL = {"mse": 5 / 3, "rmse": (5 / 3) ** 0.5, "mae": 1.0, "r2": 1 - 5 / 2}


@pytest.mark.parametrize("name", REAL)
def test_of_real_values(make, name):
    assert measured(make("metric", name)(), Y, T, 2) == pytest.approx(REAL[name], rel=1e-6)


def test_every_metric_is_tested(at_the_root):
    tested = MULTICLASS.keys() | BINARY.keys() | REAL.keys()
    assert tested | {"auc", "binary_auc", "cosine_similarity"} <= set(component_names("metric"))


def test_f1_of_the_worked_example():
    precision, recall = 82.3, 76.7
    assert 2 * precision * recall / (precision + recall) == pytest.approx(79.40, abs=0.005)


def test_accuracy_of_the_worked_examples():
    p = torch.tensor([[0.7, 0.2, 0.1], [0.5, 0.1, 0.4], [0.02, 0.9, 0.08]])
    assert measured(Accuracy(3, average="micro"), p, torch.tensor([0, 1, 1])) == pytest.approx(
        2 / 3
    )
    p = torch.tensor([[0.1, 0.2, 0.7], [0.9, 0.1, 0.0], [0.3, 0.4, 0.3]])
    one_hot = nn.functional.one_hot(torch.tensor([0, 2, 1]), 3)
    for targets in (one_hot, one_hot.float()):
        metric = Accuracy(3, average="micro")
        assert measured(metric, p, targets) == pytest.approx(1 / 3)


@given(st.integers(1, 20))
def test_every_sample_counts_once_however_it_is_batched(size):
    metric = Accuracy(3, average="micro")
    assert measured(metric, LOGITS, ACTUAL, size) == pytest.approx(14 / 20)


def test_accuracy_over_batches_of_unequal_size_in_evaluation():
    network = nn.Sequential(nn.Dropout(0.99), nn.Identity()).train()
    batches = list(zip(LOGITS.split(8), ACTUAL.split(8), strict=True))
    assert evaluate_accuracy(network, batches) == 14 / 20  # dropout would leave little of it
    one_hot = [(x, nn.functional.one_hot(y, 3)) for x, y in batches]
    assert evaluate_accuracy(network, one_hot) == 14 / 20
    assert network.training
    with pytest.raises(ValueError, match="no batch"):
        evaluate_accuracy(network, [])


def test_cosine_similarity_and_distance(make):
    u, v = torch.tensor([[2.0, 3.0]]), torch.tensor([[4.0, 6.0]])
    assert measured(make("metric", "cosine_similarity")(), u, v) == pytest.approx(1)
    assert float(cosine_distance(u, v)) == pytest.approx(0, abs=1e-6)
    right_angle = cosine_distance(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 5.0]))
    assert float(right_angle) == pytest.approx(2)


def test_the_cosine_distance_is_the_squared_distance_at_length_one():
    u, v = torch.randn(2, 10, 4, generator=torch.Generator().manual_seed(0))
    units = [vectors / vectors.norm(dim=-1, keepdim=True) for vectors in (u, v)]
    torch.testing.assert_close(cosine_distance(u, v), (units[0] - units[1]).square().sum(-1))
