"""Studies: what they measure is what theory says."""

import numpy as np
import pytest
import torch
from sklearn.base import clone

from phytotron.data.iris import read_iris
from phytotron.data.tables import table_module
from phytotron.scratch.boxcar import BoxcarStudy, BoxNetwork, unit
from phytotron.scratch.dead_units import DeadUnits
from phytotron.scratch.sweep import Sweep
from phytotron.scratch.vanishing_gradients import VanishingGradients, product_norm, squashed
from phytotron.scratch.width_study import WidthStudy
from phytotron.training.skops_file import load_estimator, save_estimator

X = np.linspace(-10, 10, 401)


def test_a_sigmoid_unit_is_a_step_that_can_be_placed():
    assert unit(3, weight=2, bias=-6) == pytest.approx(0.5)  # the step is at -b / w
    assert np.allclose(unit(X, -2, 6), unit(6 - X, 2, -6))  # a negative weight mirrors it
    hard = unit(X, 1000, 0)
    assert np.allclose(hard[X != 0], (X > 0)[X != 0])


def test_two_steep_sigmoids_make_a_box():
    box = BoxNetwork([-5, 5], [5], steepness=100)
    assert box.output_weights.tolist() == [5, -5]
    inside, outside = np.abs(X) < 4.9, np.abs(X) > 5.1
    assert np.allclose(box(X[inside]), 5, atol=1e-3)
    assert np.allclose(box(X[outside]), 0, atol=1e-3)


def test_more_boxes_come_closer_to_a_function():
    study = BoxcarStudy(boxes=[10, 20, 40, 80], steepness=200, points=501).fit()
    errors = [row["error"] for row in study.rows_]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.2
    assert study.measure()["test/box_error"] < 1e-3


def test_repeated_sigmoids_end_at_one_place():
    assert squashed(2, 3) == pytest.approx([0.8808, 0.7070, 0.6698], abs=1e-4)
    assert (
        squashed(2, 50)[-1] == pytest.approx(squashed(-7, 50)[-1]) == pytest.approx(0.659, abs=1e-3)
    )


def test_products_of_matrices_grow_only_above_norm_1():
    random = np.random.default_rng(0)
    for norm in (0.5, 1.0, 2.0):
        assert product_norm(10, 8, norm, random) == pytest.approx(norm**10)


def test_gradients_vanish_through_sigmoids_and_explode_with_large_weights():
    study = VanishingGradients(
        depth=10,
        width=32,
        gains=[0.5, 1.0, 3.0],
        activations=["sigmoid", "relu"],
        norms=[0.5, 2.0],
        seed=0,
    )
    measured = study.fit().measure()
    assert measured["test/reaches_first/sigmoid/1"] < 1e-4
    assert measured["test/reaches_first/relu/0.5"] < 0.01
    assert measured["test/reaches_first/relu/3"] > 100
    assert measured["test/squashed"] == pytest.approx(0.659, abs=1e-3)
    assert len(study.rows_) == 2 * 3 * 10


def test_wider_layers_fit_better():
    study = WidthStudy(widths=[2, 8, 32], starts=2, iterations=300, points=129, seed=0).fit()
    errors = [row["error"] for row in study.rows_]
    assert errors == sorted(errors, reverse=True)
    measured = study.measure()
    assert measured["test/worst_ratio"] == max(errors[1] / errors[0], errors[2] / errors[1]) < 1
    assert measured["test/widest_error"] == errors[-1]


def points(classes=2):
    random = np.random.default_rng(0)
    labels = random.integers(classes, size=200)
    inputs = random.normal(size=(200, 2)) + 2 * labels[:, None]
    return table_module(
        (inputs.astype(np.float32), labels), batch_size=None, validation=0, seed=0, split_seed=0
    )


def test_constant_first_weights_leave_one_neuron_and_zeros_none():
    study = DeadUnits(
        hidden=16, constant=0.5, drowned=-20.0, learning_rate=0.1, epochs=50, seed=0
    ).fit(points())
    rows = {row["first_weights"]: row for row in study.rows_}
    assert rows["constant"]["spread"] < 1e-9 < 0.1 < rows["he"]["spread"]
    assert rows["constant"]["moved"] > 1e-3  # it learns, but all units the same
    assert rows["zero"]["moved"] == 0
    assert rows["zero"]["silent"] == rows["drowned"]["silent"] == 1
    assert rows["drowned"]["moved"] == 0
    assert rows["he"]["silent"] < 0.5
    assert rows["he"]["accuracy"] > 0.9
    assert study.history_[0]["silent_zero"] == 1
    assert len(study.history_) == 51
    assert study.measure(points())["train/constant/spread"] == rows["constant"]["spread"]


def flowers():
    return table_module(
        read_iris(),
        batch_size=None,
        validation=20,
        seed=0,
        test_samples=30,
        split_seed=1234,
        standardise=True,
    )


def test_a_sweep_varies_one_thing_at_a_time():
    data = flowers()
    base = {"hidden": 5, "learning_rate": 0.1, "epochs": 50}
    study = Sweep(
        base=base,
        hidden=[1, 5],
        learning_rates=[1e-4, 0.1],
        epochs=[1, 50],
        momentum=0.9,
        seed=0,
    ).fit(data)
    assert len(study.rows_) == 6
    for row in study.rows_:
        assert sum(row[name] != value for name, value in base.items()) <= 1
        assert row[row["varied"]] is not None
    runs = {(row["varied"], row[row["varied"]]): row for row in study.rows_}
    assert runs["learning_rate", 1e-4]["train_loss"] > runs["learning_rate", 0.1]["train_loss"]
    assert runs["epochs", 1]["train_loss"] > runs["epochs", 50]["train_loss"]
    assert runs["hidden", 5]["test_loss"] == runs["epochs", 50]["test_loss"]  # both are the base
    best = min(study.rows_, key=lambda row: row["validation_loss"])
    assert study.measure()["test/accuracy"] == best["test_accuracy"] > 0.9


def test_a_sweep_leaves_the_global_generator_alone():
    data = flowers()
    base = {"hidden": 2, "learning_rate": 0.1, "epochs": 1}
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    Sweep(base=base, hidden=[2], learning_rates=[], epochs=[], momentum=0.9, seed=0).fit(data)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize(
    "study",
    [
        BoxcarStudy(boxes=[5], steepness=50, points=50),
        WidthStudy(widths=[2, 3], starts=1, iterations=5, points=20, seed=0),
        VanishingGradients(
            depth=3, width=4, gains=[1.0], activations=["tanh"], norms=[1.0], seed=0
        ),
        DeadUnits(hidden=4, constant=0.5, drowned=-3.0, learning_rate=0.1, epochs=2, seed=0),
    ],
    ids=lambda study: type(study).__name__,
)
def test_studies_repeat_themselves_and_survive_being_saved(study, tmp_path):
    study.fit(points())
    save_estimator(study, tmp_path / "model.skops")
    for other in (clone(study).fit(points()), load_estimator(tmp_path / "model.skops")):
        assert other.rows_ == study.rows_
        assert other.measure(points()) == study.measure(points())
