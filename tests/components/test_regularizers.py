"""Penalties, dropout and ensembles."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from phytotron.config.components import component_names
from phytotron.config.compose import compose_experiment
from phytotron.models.text.transformer import TransformerClassifier
from phytotron.scratch.dropout import WeightScalingDropout, dropout
from phytotron.scratch.ensembles import arithmetic_mean, geometric_mean

pytestmark = [
    pytest.mark.usefixtures("exact"),
    pytest.mark.catalogue("D32", "D33", "D34", "D35", "D36"),
]


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


def weights(network: nn.Module) -> torch.Tensor:
    return torch.cat([network[index].weight.flatten() for index in (0, 2)])


PENALTIES = {
    "l2": ({"l2": 0.3}, lambda w: 0.15 * (w**2).sum(), lambda w: 0.3 * w),
    "l2_keras": ({}, lambda w: 0.01 * (w**2).sum(), lambda w: 0.02 * w),
    "l1": ({"l1": 0.3}, lambda w: 0.3 * w.abs().sum(), lambda w: 0.3 * w.sign()),
    "elastic": (
        {},
        lambda w: 1e-5 * w.abs().sum() + 1e-4 * (w**2).sum(),
        lambda w: 1e-5 * w.sign() + 2e-4 * w,
    ),
}


@pytest.mark.parametrize("name", PENALTIES)
def test_the_penalty_and_its_gradient(make, network, name):
    changes, formula, slope = PENALTIES[name]
    penalty = make("regularizer", name, **changes)(network)
    assert_close(penalty, formula(weights(network)))
    penalty.backward()
    for index in (0, 2):
        assert_close(network[index].weight.grad, slope(network[index].weight.detach()))
        assert network[index].bias.grad is None
    assert network[1].weight.grad is None


def test_every_regularizer_is_tested(at_the_root):
    assert set(component_names("regularizer")) == PENALTIES.keys()


def test_l2_shrinks_weights_as_the_weight_decay_of_sgd_does(make, network):
    before = network[0].weight.detach().clone()
    make("regularizer", "l2", l2=0.3)(network).backward()
    torch.optim.SGD([network[0].weight], lr=0.5).step()
    assert_close(network[0].weight.detach(), (1 - 0.5 * 0.3) * before)


def test_a_network_without_weights_has_no_penalty(make):
    assert make("regularizer", "elastic")(nn.ReLU()).item() == 0


# --- dropout -----------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.1, 0.2, 0.5])
def test_what_stays_is_divided_by_the_probability_of_keeping_it(rate):
    torch.manual_seed(0)
    values = dropout(rate)(torch.ones(200_000))
    kept = values[values != 0]
    assert_close(kept, torch.full_like(kept, 1 / (1 - rate)))
    assert len(kept) / len(values) == pytest.approx(1 - rate, abs=0.005)
    assert float(values.mean()) == pytest.approx(1, abs=0.01)  # the mean is preserved


def test_evaluation_changes_nothing():
    values = torch.randn(5)
    assert torch.equal(dropout(0.4).eval()(values), values)


@pytest.mark.parametrize(("spatial", "shape"), [(1, (50, 8, 6)), (2, (50, 8, 3, 2))])
def test_features_are_left_out_as_a_whole(spatial, shape):
    torch.manual_seed(0)
    kept = (dropout(0.5, spatial)(torch.ones(shape)) != 0).flatten(2).double().mean(-1)
    assert set(kept.unique().tolist()) == {0.0, 1.0}


def test_weight_scaling_has_the_same_mean_in_both_modes():
    torch.manual_seed(0)
    layer, values = WeightScalingDropout(0.2), torch.full((200_000,), 3.0)
    assert float(layer(values).mean()) == pytest.approx(2.4, abs=0.02)
    assert float(layer.eval()(values)[0]) == pytest.approx(2.4)


# --- settings that go together -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("experiment", "expected"),
    [
        ("router/transformer", 0.1),
        ("generative/mnist_gan", 0.3),
        ("graph/gcn", 0.5),
        ("graph/graphsage", 0.5),
    ],
)
def test_the_usual_dropout_of_a_network(at_the_root, experiment, expected):
    assert compose_experiment(experiment).config.model.dropout == expected


def test_the_usual_normalization_of_a_network(at_the_root):
    model = compose_experiment("vision/cifar10_cnn_regularised").config.model
    assert model.normalization._target_.endswith("batch_norm")
    assert model.drop_maps
    sizes = {"channels": 4, "layers": 1, "heads": 2, "feedforward": 8, "positions": 6}
    network = TransformerClassifier(vocabulary=5, num_classes=2, dropout=0.1, **sizes)
    # Two in each layer and one at the end.
    assert sum(isinstance(module, nn.LayerNorm) for module in network.modules()) == 3


# --- ensembles ---------------------------------------------------------------------------------


def test_means_of_two_models_with_two_classes():
    p = torch.tensor([[[0.9, 0.1]], [[0.4, 0.6]]])
    assert_close(arithmetic_mean(p), torch.tensor([[0.65, 0.35]]))
    roots = torch.tensor([0.36, 0.06]).sqrt()
    assert_close(geometric_mean(p), (roots / roots.sum()).unsqueeze(0))


def test_the_geometric_mean_over_all_masks_is_the_weight_scaling_rule():
    """Exactly so for a softmax layer: dropout's evaluation is an ensemble of 2^n networks."""
    torch.manual_seed(0)
    layer, x = nn.Linear(6, 3), torch.randn(4, 6)
    masks = [torch.tensor(mask) for mask in itertools.product([0.0, 1.0], repeat=6)]
    members = torch.stack([layer(mask * x).softmax(-1) for mask in masks])
    assert len(members) == 2**6
    assert_close(geometric_mean(members), layer(0.5 * x).softmax(-1))
    assert (arithmetic_mean(members) - layer(0.5 * x).softmax(-1)).abs().max() > 1e-4


def test_an_ensemble_is_better_than_its_members():
    """Of members that err independently of each other, each right 70 times of 100."""
    generator = torch.Generator().manual_seed(0)
    classes = torch.randint(0, 3, (5000,), generator=generator)
    right = torch.rand(7, 5000, generator=generator) < 0.7
    wrong = (classes + torch.randint(1, 3, (7, 5000), generator=generator)) % 3
    chosen = torch.where(right, classes, wrong)
    p = 0.1 + 0.7 * nn.functional.one_hot(chosen, 3).double()
    best = max((member.argmax(-1) == classes).double().mean() for member in p)
    for mean in (arithmetic_mean, geometric_mean):
        assert (mean(p).argmax(-1) == classes).double().mean() > best + 0.1
