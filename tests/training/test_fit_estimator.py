"""Estimators from a config to a model folder, and back."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from tests.fixtures.settings import shipped

from phytotron.errors import UserError
from phytotron.files import read_json, sha256
from phytotron.models.classic.variants import Variants
from phytotron.tracking import journal
from phytotron.tracking.watch import watched
from phytotron.training.fit import fit
from phytotron.training.fit_estimator import fit_estimator, learned_arrays
from phytotron.training.model_folder import load_trained

IRIS = {
    "_target_": "phytotron.data.tables.table_module",
    "read": {"_target_": "phytotron.data.iris.read_iris"},
    "batch_size": None,
    "validation": 0,
    "seed": 0,
    "test_samples": 30,
    "split_seed": 0,
}
SUPERVISED = {
    "_target_": "phytotron.tasks.estimators.SupervisedEstimator",
    "metrics": {"accuracy": {"_target_": "sklearn.metrics.accuracy_score", "_partial_": True}},
}
FOREST = {"_target_": "sklearn.ensemble.RandomForestClassifier", "n_estimators": 5}
PIPELINE = {
    "_target_": "sklearn.pipeline.Pipeline",
    "steps": [
        ["scale", {"_target_": "sklearn.preprocessing.StandardScaler"}],
        ["classify", {"_target_": "sklearn.svm.SVC", "gamma": 0.7}],
    ],
}
GRID = {
    "_target_": "phytotron.data.environments.Environment",
    "id": "FrozenLake-v1",
    "options": {"desc": ["SFG"], "is_slippery": False},
}
AGENT = {
    "_target_": "phytotron.models.reinforcement.q_learning.QLearning",
    "episodes": 10,
    "learning_rate": 0.5,
    "discount": 0.9,
    "epsilon_start": 1.0,
    "epsilon_end": 0.1,
}
CHAIN = {
    "_target_": "phytotron.models.sampling.gibbs.Gibbs",
    "target": {
        "_target_": "phytotron.models.sampling.targets.Normal",
        "mean": [0.0, 0.0],
        "covariance": [[1.0, 0.7], [0.7, 1.0]],
    },
    "samples": 50,
    "burn_in": 0,
    "thin": 1,
    "start": [0.0, 0.0],
}
SELF_MEASURED = {"_target_": "phytotron.tasks.estimators.SelfMeasured"}


def config(model: dict, data: dict | None = IRIS, task: dict = SUPERVISED) -> dict:
    groups = {"model": model, "data": data, "task": task}
    return {"seed": 0, "checkpoint": shipped("checkpoint/default"), **groups}


@pytest.mark.parametrize("model", [PIPELINE, FOREST | {"random_state": 0}])
def test_scikit_learn_s_own_are_used_as_they_are(model, tmp_path):
    fitted = fit(config(model), tmp_path / "model", tmp_path / "scratch")
    loaded = load_trained(tmp_path / "model", {})
    inputs = fitted.data.test.inputs.numpy()
    assert (loaded.predict(inputs) == fitted.model.predict(inputs)).all()
    assert loaded.score(inputs, fitted.data.test.targets.numpy()) > 0.8


@pytest.mark.parametrize(
    "settings",
    [
        config(FOREST | {"random_state": 0}),
        config(PIPELINE),
        config(AGENT, GRID, SELF_MEASURED),
        config(CHAIN, None, SELF_MEASURED),
    ],
    ids=["forest", "pipeline", "agent", "chain"],
)
def test_the_same_config_gives_the_same_bytes(settings, tmp_path):
    contents = []
    for name in ("first", "second"):
        fit(settings, tmp_path / name, tmp_path / "scratch")
        contents.append({path.name: sha256(path) for path in (tmp_path / name).iterdir()})
    assert contents[0] == contents[1]
    assert "model.skops" in contents[0]


def test_even_an_estimator_without_a_seed_follows_the_experiment_s():
    trees = [fit_estimator(config(FOREST) | {"seed": seed}).model for seed in (0, 0, 1)]
    first, again, other = ([tree.tree_.threshold.tolist() for tree in m.estimators_] for m in trees)
    assert first == again != other


def test_a_model_without_data_and_one_in_an_environment():
    for settings in (config(CHAIN, None, SELF_MEASURED), config(AGENT, GRID, SELF_MEASURED)):
        fitted = fit_estimator(settings)
        assert fitted.samples == 0
        assert fitted.steps == fitted.model.n_iter_
        assert fitted.best == fitted.history[-1]


def test_the_history_is_a_table_with_what_was_measured(tmp_path):
    fit(config(AGENT, GRID, SELF_MEASURED), tmp_path / "model", tmp_path / "scratch")
    with (tmp_path / "model/history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 10
    assert {"epoch", "step", "train_return", "epsilon"} <= set(rows[0])
    assert read_json(tmp_path / "model/training.json")["steps"] == int(rows[-1]["step"])


class Steps(BaseEstimator):
    """Measures itself without saying when."""

    def fit(self, data: object = None) -> Steps:
        self.n_iter_ = 40
        self.history_ = [{"train_loss": 1 / loss} for loss in (1, 2, 4, 8)]
        return self

    def measure(self, data: object = None) -> dict[str, float]:
        return {"test/loss": 0.1}


def test_all_that_was_measured_meanwhile_is_written_down(tmp_path, monkeypatch):
    """Each row after its own step: a later value of a step that is there would be left out."""
    monkeypatch.chdir(tmp_path)
    node = {"_target_": f"{__name__}.Steps"}
    tracking = {"uri": "sqlite:///mlflow.db", "artifacts": "mlartifacts", "experiment": "tests"}
    with watched("tests/steps", "steps", {}, tracking):
        fitted = fit_estimator(config(node, None, SELF_MEASURED))
    assert [(row["epoch"], row["step"]) for row in fitted.history] == [
        (0, 10),
        (1, 20),
        (2, 30),
        (3, 40),
    ]
    records = [record for record, _ in journal.read(journal.FOLDER / "steps" / journal.FILE)]
    losses = {r["step"]: r["values"]["train_loss"] for r in records if r["event"] == "metrics"}
    assert losses == {10: 1, 20: 0.5, 30: 0.25, 40: 0.125}


def test_learned_numbers_are_counted_once_and_samples_are_none():
    inputs, targets = np.array([[0.0], [0.1], [1.0], [1.1]]), np.array([0, 0, 1, 1])
    machine = SVC(kernel="linear").fit(inputs, targets)
    vectors = len(machine.support_)
    # vectors, their coefficients, the intercept, and the weights of both classes
    assert sum(array.size for array in learned_arrays(machine)) == 2 * vectors + 1 + 2
    two = Variants(variants={"a": SVC(kernel="linear"), "b": SVC(kernel="linear")}, folds=2)
    found = [array.size for array in learned_arrays(two.fit(inputs, targets))]
    assert sum(found) == 2 * (2 * vectors + 1 + 2) + 2 * 2  # and the scores of two folds each
    chain = fit_estimator(config(CHAIN, None, SELF_MEASURED))
    assert chain.parameters == 0


def test_mistakes_in_the_config_are_answered(tmp_path):
    for model, message in [
        ({"_target_": "sklearn.svm.SVM"}, "SVC|no 'SVM'"),
        ({"_target_": "sklearn.svm.SVC", "kernal": "rbf"}, "kernal"),
    ]:
        with pytest.raises(UserError, match=message):
            fit(config(model), tmp_path / "model", tmp_path / "scratch")
    with pytest.raises(UserError, match="an estimator needs a task"):
        fit(config(PIPELINE) | {"task": None}, tmp_path / "model", tmp_path / "scratch")
    assert not (tmp_path / "model").exists()


def test_a_tree_is_served_without_pickle(tmp_path):
    tree = {"_target_": "sklearn.tree.DecisionTreeClassifier", "random_state": 0}
    fit(config(tree), tmp_path / "model", tmp_path / "scratch")
    assert isinstance(load_trained(tmp_path / "model", {}), DecisionTreeClassifier)
