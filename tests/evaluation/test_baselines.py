"""Baselines: what they predict, and in which metric they are measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from torchmetrics import MeanSquaredError, R2Score

from phytotron.data.arrays import ArrayDataModule
from phytotron.errors import UserError
from phytotron.evaluation.baselines import BASELINES, check_baselines, measure_baselines


@dataclass
class Data:
    """What a baseline takes of a trained model."""

    data: ArrayDataModule


def trained(train: tuple[Any, Any], test: tuple[Any, Any]) -> Any:
    return Data(ArrayDataModule(train, test, batch_size=4, seed=0))


def classes() -> Any:
    """Three points of class 0 near 0, two of class 1 near 10; the test has one and two."""
    train = np.array([[0.0], [1.0], [2.0], [9.0], [10.0]], np.float32), np.array([0, 0, 0, 1, 1])
    return trained(train, (np.array([[0.5], [8.0], [11.0]], np.float32), np.array([0, 1, 1])))


def line() -> Any:
    """y = 2x + 1, and a second output that is noise around it."""
    inputs = np.arange(6, dtype=np.float32)[:, None]
    targets = np.concatenate([2 * inputs + 1, inputs**2], axis=1)
    asked = np.array([[6.0], [7.0]], np.float32)
    wanted = np.concatenate([2 * asked + 1, asked**2], axis=1)
    return trained((inputs, targets), (asked, wanted))


def test_classes_are_predicted_by_majority_line_and_neighbour() -> None:
    found = measure_baselines(list(BASELINES), "test/accuracy", classes())
    assert found == {"majority": pytest.approx(1 / 3), "linear": 1.0, "nearest_neighbour": 1.0}


def test_the_metric_is_measured_on_its_split() -> None:
    assert measure_baselines(["majority"], "train/accuracy", classes()) == {"majority": 0.6}


def test_values_are_predicted_by_mean_line_and_neighbour() -> None:
    model = line()
    found = measure_baselines(list(BASELINES), "test/rmse", model)
    wanted = model.data.test.targets.numpy()

    def rmse(predicted: NDArray[Any]) -> float:
        return float(np.sqrt(np.mean((wanted - predicted) ** 2)))

    mean = model.data.train.targets.numpy().mean(axis=0)
    assert found["majority"] == pytest.approx(rmse(mean), rel=1e-5)
    last = model.data.train.targets.numpy()[-1]
    assert found["nearest_neighbour"] == pytest.approx(rmse(last), rel=1e-5)
    # The first output is a line, the second its square: the best line of 0 to 25 is 5x - 10/3.
    second = np.array([6.0, 7.0]) * 5 - 10 / 3
    line_of_both = np.stack([[13.0, 15.0], second], axis=1)
    assert found["linear"] == pytest.approx(rmse(line_of_both), rel=1e-4)


@pytest.mark.parametrize(
    ("metric", "reference"),
    [("test/rmse", MeanSquaredError(squared=False)), ("test/r2", R2Score())],
)
def test_several_outputs_are_measured_as_the_model_is(metric: str, reference: Any) -> None:
    """By torchmetrics, which networks are measured with."""
    model = line()
    found = measure_baselines(["majority"], metric, model)["majority"]
    targets = model.data.test.targets
    mean = model.data.train.targets.mean(dim=0).expand_as(targets).contiguous()
    assert found == pytest.approx(float(reference(mean, targets)), rel=1e-4)


@pytest.mark.parametrize(
    ("names", "metric", "said"),
    [
        (["lineer"], "test/accuracy", "did you mean 'linear'"),
        (["linear"], "test/bleu", "baselines cannot be measured in 'test/bleu'"),
    ],
)
def test_what_cannot_be_measured_is_answered(names: list[str], metric: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        check_baselines(names, metric, "dense/line")


def test_nothing_is_asked_of_a_card_without_baselines() -> None:
    check_baselines([], "test/bleu", "sequence/translator")
