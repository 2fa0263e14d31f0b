"""A network on the autograd trains as one on PyTorch's does."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from matplotlib.text import Annotation
from torch.nn import functional as F

from phytotron.data.arrays import ArrayDataModule
from phytotron.data.iris import read_iris
from phytotron.data.synthetic import moons
from phytotron.evaluation.trained import Trained
from phytotron.figures.scratch.computation_graph import draw, layout
from phytotron.scratch.autograd_network import AutogradNetwork, cross_entropy, scores
from phytotron.scratch.graph import Tensor
from phytotron.scratch.update_rules import RULES

X, Y = moons(samples=60, noise=0.2, generator_seed=0)


def network(**settings):
    chosen = {"hidden": [5, 4], "rule": "sgd", "learning_rate": 0.5, "epochs": 20, "seed": 0}
    return AutogradNetwork(**chosen | settings)


@pytest.mark.parametrize(
    ("rule", "rate", "optimizer_of"),
    [("sgd", 0.5, torch.optim.SGD), ("adam", 0.02, torch.optim.Adam)],
)
def test_it_trains_as_pytorch_does(rule, rate, optimizer_of):
    start = network(epochs=0).fit(X, Y).parameters_
    parameters = [torch.tensor(values, requires_grad=True) for values in start]
    optimizer = optimizer_of(parameters, rate)
    expected = []
    for _ in range(20):
        w1, b1, w2, b2, w3, b3 = parameters
        hidden = torch.tanh(torch.tensor(X, dtype=torch.float64) @ w1 + b1)
        z = torch.tanh(hidden @ w2 + b2) @ w3 + b3
        loss = F.cross_entropy(z, torch.tensor(Y))
        right = (z.argmax(1) == torch.tensor(Y)).double().mean()
        expected.append((loss.item(), right.item()))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model = network(rule=rule, learning_rate=rate).fit(X, Y)
    found = [(row["train_loss"], row["train_accuracy"]) for row in model.history_]
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    for ours, theirs in zip(model.parameters_, parameters, strict=True):
        np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-9, atol=1e-12)


def test_the_first_weights_have_the_deviation_of_their_layer():
    first, _, second, _ = network(hidden=[3000], epochs=0).fit(X, Y).parameters_
    assert first.std() == pytest.approx(1 / np.sqrt(2), rel=0.03)
    assert second.std() == pytest.approx(1 / np.sqrt(3000), rel=0.03)


@pytest.mark.parametrize("rule", sorted(RULES.keys() - {"gradient_ascent"}))
def test_each_optimizer_lowers_the_loss(rule):
    rate = {"adadelta": 10.0, "sgd": 0.3, "momentum": 0.1, "nesterov": 0.1}.get(rule, 0.02)
    history = network(rule=rule, learning_rate=rate, epochs=60).fit(X, Y).history_
    assert history[-1]["train_loss"] < 0.8 * history[0]["train_loss"]


def test_gradient_ascent_raises_it():
    history = network(rule="gradient_ascent", epochs=20).fit(X, Y).history_
    assert history[-1]["train_loss"] > history[0]["train_loss"]


def test_it_separates_the_moons():
    model = network(hidden=[16], rule="adam", learning_rate=0.05, epochs=200).fit(X, Y)
    assert model.score(X, Y) > 0.95
    assert [row["epoch"] for row in model.history_] == list(range(200))


def test_probabilities_are_the_softmax_of_the_scores():
    model = network().fit(X, Y)
    z = scores(Tensor(X), [Tensor(values) for values in model.parameters_]).data
    expected = torch.softmax(torch.tensor(z), dim=1).numpy()
    np.testing.assert_allclose(model.predict_proba(X), expected, rtol=1e-12)


def test_the_cross_entropy_of_large_scores_is_finite():
    y = np.eye(2)[[0, 1]]
    with np.errstate(all="raise", under="ignore"):
        loss = cross_entropy(Tensor([[1e4, 0], [0, 800.0]]), y)
        loss.backward()
    assert loss.data == 0


def test_iris_with_the_network_of_vasilev_2023():
    """4-5-3 with 43 parameters, and hardly an error."""
    inputs, species = read_iris().train
    model = network(hidden=[5], rule="momentum", learning_rate=0.1, epochs=300).fit(inputs, species)
    assert sum(values.size for values in model.parameters_) == 43
    assert model.score(inputs, species) > 0.95


# The drawing


def drawn(model):
    data = ArrayDataModule((X, Y), batch_size=None, seed=0)
    return draw(Trained(model, None, data, [], {}, {}, None)).axes[0]


def test_the_drawing_has_each_tensor_and_each_link():
    model = network(hidden=[3]).fit(X, Y)
    axes, loss = drawn(model), model.loss(X, Y)
    notes = [text for text in axes.texts if isinstance(text, Annotation)]
    names = [text.get_text() for text in axes.texts if not isinstance(text, Annotation)]
    links = sum(len(tensor.links) for tensor in loss.ancestors())
    assert sum(note.arrow_patch is not None for note in notes) == links
    assert len(names) == len(loss.ancestors())
    assert {"inputs", "W1", "b1", "W2", "b2", "targets", "max", "tanh", "60"} <= set(names)
    assert [note.get_text() for note in notes].count("60×3") == 3  # @, + and tanh


def test_parents_are_left_of_their_children_and_no_place_is_used_twice():
    loss = network(hidden=[3, 3]).fit(X, Y).loss(X, Y)
    places = layout(loss)
    assert len(set(places.values())) == len(places) == len(loss.ancestors())
    for tensor, (x, _) in places.items():
        assert all(places[parent][0] < x for parent, _ in tensor.links)


def test_the_drawn_loss_is_the_loss():
    model = network(hidden=[3]).fit(X, Y)
    assert model.loss(X, Y).data == pytest.approx(
        F.nll_loss(torch.tensor(model.predict_proba(X)).log(), torch.tensor(Y)).item()
    )
