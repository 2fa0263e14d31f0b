"""How estimators are fitted and measured."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, adjusted_rand_score, log_loss
from sklearn.svm import SVC

from phytotron.data.arrays import ArrayDataModule, Samples, array_module
from phytotron.data.iris import read_iris
from phytotron.data.points import six_points
from phytotron.data.tables import table_module
from phytotron.tasks.estimators import Clustering, SelfMeasured, SupervisedEstimator


@pytest.fixture
def supervised() -> SupervisedEstimator:
    return SupervisedEstimator({"accuracy": accuracy_score})


def flowers(**settings) -> ArrayDataModule:
    usual = {"batch_size": None, "validation": 0, "seed": 0, "test_samples": 30, "split_seed": 0}
    return table_module(read_iris(), **(usual | settings))


def test_every_split_that_is_there_is_measured(supervised):
    data, model = flowers(validation=20), LogisticRegression(max_iter=500)
    history = supervised.fit(model, data)
    measured = supervised.test(model, data)
    assert set(measured) == {
        f"{split}/{name}" for split in ("train", "val", "test") for name in ("accuracy", "loss")
    }
    inputs, targets = map(np.asarray, data.test)
    assert measured["test/accuracy"] == model.score(inputs, targets)
    assert measured["test/loss"] == pytest.approx(log_loss(targets, model.predict_proba(inputs)))
    [row] = history
    assert row["val_accuracy"] == measured["val/accuracy"]


def test_without_validation_and_test_training_alone_is_measured(supervised):
    data, model = flowers(test_samples=0), SVC()
    assert supervised.fit(model, data) == []
    assert set(supervised.test(model, data)) == {"train/accuracy"}  # an SVC has no probabilities


def test_the_test_is_never_fitted_on(supervised):
    data, seen = flowers(validation=20), LogisticRegression(max_iter=500)
    supervised.fit(seen, data)
    alone = LogisticRegression(max_iter=500).fit(*map(np.asarray, data.train))
    assert np.array_equal(seen.coef_, alone.coef_)


def test_a_class_that_training_lacks_is_a_mistake_and_not_a_breakdown(supervised):
    train = Samples(torch.tensor([[0.0], [0.1], [1.0], [1.1]]), torch.tensor([0, 0, 1, 1]))
    test = Samples(torch.tensor([[0.0], [9.0]]), torch.tensor([0, 2]))
    data = ArrayDataModule(train, test, batch_size=None, seed=0)
    model = LogisticRegression()
    supervised.fit(model, data)
    assert supervised.test(model, data)["test/accuracy"] == 0.5


def test_what_a_model_measured_while_it_was_fitted_is_its_history(supervised):
    class Slow(LogisticRegression):
        def fit(self, inputs, targets):
            self.history_ = [{"epoch": epoch, "train_loss": 1 / (1 + epoch)} for epoch in range(3)]
            return super().fit(inputs, targets)

    history = supervised.fit(Slow(), flowers(validation=20))
    assert [row["train_loss"] for row in history] == [1, 1 / 2, 1 / 3]


def test_groups_are_compared_with_the_classes():
    data, model = flowers(test_samples=0), KMeans(3, n_init=5, random_state=0)
    Clustering().fit(model, data)
    measured = Clustering().test(model, data)
    assert measured["train/inertia"] == pytest.approx(model.inertia_, rel=1e-5)
    expected = adjusted_rand_score(data.train.targets.numpy(), model.labels_)
    assert measured["train/adjusted_rand_index"] == expected
    assert measured["train/clusters"] == 3
    assert not any(name.startswith("test/") for name in measured)


def test_points_without_classes_can_be_grouped_and_new_ones_measured():
    data = array_module(six_points(), batch_size=None, validation=0, seed=0)
    model = KMeans(2, n_init=5, random_state=0)
    Clustering().fit(model, data)
    assert Clustering().test(model, data) == pytest.approx(
        {
            "train/clusters": 2,
            "train/inertia": 16,
            "train/mean_distance": 4 / 3,
            "test/inertia": 10,
            "test/mean_distance": 5**0.5,
        }
    )


def test_a_model_may_measure_itself_without_data():
    class Dice(BaseEstimator):
        def fit(self, data):
            assert data is None
            self.mean_ = np.float64(3.5)
            return self

        def measure(self, data):
            return {"test/mean": self.mean_}

    dice = Dice()
    assert SelfMeasured().fit(dice, None) == []
    measured = SelfMeasured().test(dice, None)
    assert measured == {"test/mean": 3.5}
    assert type(measured["test/mean"]) is float
