"""The figures of these systems show what they say."""

from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex
from torch import nn

from phytotron.data.arrays import ArrayDataModule
from phytotron.data.synthetic import xor
from phytotron.evaluation.trained import Trained
from phytotron.figures.common import (
    decision_regions,
    first_layer_weights,
    history_twin,
    study_table,
)
from phytotron.figures.scratch import feasible_region
from phytotron.figures.theme import BLUE
from phytotron.scratch.perceptron import Perceptron
from phytotron.scratch.tanh_network import TanhNetwork
from phytotron.scratch.vanishing_gradients import VanishingGradients

pytestmark = pytest.mark.catalogue("C16", "C38")


def trained(model, data=None, history=()):
    return Trained(model, None, data, list(history), {}, {}, Path())


def points():
    return ArrayDataModule(xor(), batch_size=None, seed=0)


def network():
    return nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2)).eval()


def estimator():
    return TanhNetwork(hidden=[2], learning_rate=0.1, epochs=1, steps_per_epoch=5, seed=0).fit(
        *xor()
    )


@pytest.mark.parametrize("model", [network(), estimator()], ids=["network", "estimator"])
def test_decision_regions_cover_all_samples_with_a_margin(model):
    axes = decision_regions.draw(trained(model, points())).axes[0]
    assert np.allclose([axes.get_xlim(), axes.get_ylim()], [(-0.5, 1.5)] * 2, atol=0.03)
    shown = np.concatenate([dots.get_offsets() for dots in axes.collections[1:]])
    assert sorted(map(tuple, shown)) == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_decision_regions_are_the_model_s_decisions():
    """Each place has the colour of the class that a network of known answers gives it."""
    half = nn.Linear(2, 2)
    with torch.no_grad():
        half.weight[:] = torch.tensor([[-1.0, 0], [1, 0]])  # class 1 right of x = 0
        half.bias[:] = 0
    contours = decision_regions.draw(trained(half, points())).axes[0].collections[0]
    left, right = (path.vertices[:, 0] for path in contours.get_paths())
    assert left.max() <= 0.02
    assert right.min() >= -0.02


def test_loss_is_blue_on_the_left_and_accuracy_red_on_the_right():
    history = [{"epoch": n, "train_loss": 1 / (n + 1), "train_accuracy": n / 5} for n in range(5)]
    left, right = history_twin.draw(trained(None, history=history)).axes
    assert to_hex(left.lines[0].get_color()) == BLUE.lower()
    assert left.lines[0].get_ydata().tolist() == [row["train_loss"] for row in history]
    assert to_hex(right.lines[0].get_color()) == history_twin.RED.lower()
    assert right.yaxis.get_label_position() == "right"
    assert right.lines[0].get_ydata().tolist() == [row["train_accuracy"] for row in history]


def test_a_history_without_accuracy_shows_its_loss():
    history = [{"epoch": 0, "val_loss": 1.0}, {"epoch": 1, "val_loss": 0.5}]
    left, right = history_twin.draw(trained(None, history=history)).axes
    assert left.get_ylabel() == "val loss"
    assert not right.lines


def test_feasible_weights_are_the_intersection_of_half_planes():
    """Of two samples without bias: (1, 0) must be 1, (0, 1) must be 0."""
    weights = np.array([[0, 1, -1], [0, 1, 1], [0, -1, -1], [0, -1, 1]], float)
    found = feasible_region.feasible(weights, np.eye(2), np.array([1, 0]))
    assert found.tolist() == [True, False, False, False]


def test_no_weights_are_feasible_for_xor():
    model = Perceptron(passes=5, order=None, weight_std=0, seed=0).fit(*xor())
    mesh = feasible_region.draw(trained(model, points())).axes[0].collections[0]
    assert not mesh.get_array().any()


def test_first_layer_weights_are_a_grid_of_images():
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))
    images = torch.zeros(4, 1, 28, 28), torch.arange(4)
    data = ArrayDataModule(images, batch_size=None, seed=0)
    canvas = first_layer_weights.draw(trained(model, data)).axes[0].images[0].get_array()
    weights = model[1].weight.detach().numpy()
    scaled = (weights - weights.min()) / (weights.max() - weights.min())
    assert canvas.shape == (10 * 29 - 1,) * 2
    assert np.allclose(canvas[:28, :28], scaled[0].reshape(28, 28), atol=1e-6)
    assert np.allclose(canvas[29:57, :28], scaled[10].reshape(28, 28), atol=1e-6)


def test_a_study_s_rows_are_its_table():
    study = VanishingGradients(
        depth=2, width=3, gains=[1.0], activations=["tanh"], norms=[1.0], seed=0
    ).fit()
    rows = study_table.draw(trained(study))
    assert [row["layer"] for row in rows] == [1, 2]
