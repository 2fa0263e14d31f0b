"""Names of components and figures, in experiment files and in overrides."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from phytotron.config.compose import compose_experiment
from phytotron.config.stage import plain
from phytotron.errors import UserError

ROOT = Path(__file__).parents[2]
EXPERIMENT = """\
# @package _global_
# A network on Iris.
defaults:
  - override /data: iris
  - override /model: mlp
  - override /task: classification
  - override /optimizer: sgd
  - override /trainer: default
model:
  activation: tanh
  normalization: null
task:
  metrics: [accuracy]
card:
  catalogue: []
  reference: "A text"
  metric: test/accuracy
  goal: max
  target: 0.9
  origin: catalogue
  choices: none
"""


@pytest.fixture
def experiment(tmp_path, monkeypatch):
    """`experiment(old, new)`: the config of the experiment above with a part of it replaced."""
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    path = tmp_path / "conf/experiment/my/iris.yaml"
    path.parent.mkdir()
    monkeypatch.chdir(tmp_path)

    def composed(old: str = "", new: str = "", *overrides: str) -> dict:
        assert old in EXPERIMENT
        path.write_text(EXPERIMENT.replace(old, new) if old else EXPERIMENT)
        return plain(compose_experiment("my/iris", overrides).config)

    return composed


def test_a_name_stands_for_its_file(experiment):
    config = experiment()
    assert config["model"]["activation"] == {"_target_": "torch.nn.Tanh", "_partial_": True}
    assert config["task"]["loss"]["_target_"] == "torch.nn.CrossEntropyLoss"
    assert list(config["task"]["metrics"]) == ["accuracy"]
    assert config["model"]["normalization"] is None


def test_a_component_may_have_its_own_values(experiment):
    config = experiment("activation: tanh", "activation: {name: leaky_relu, negative_slope: 0.2}")
    assert config["model"]["activation"]["negative_slope"] == 0.2
    config = experiment("metrics: [accuracy]", "metrics: [accuracy, {name: auc, average: null}]")
    assert config["task"]["metrics"]["auc"]["average"] is None


def test_an_override_may_name_a_component(experiment):
    config = experiment("", "", "model.activation=selu", "task.metrics=[macro_f1]")
    assert config["model"]["activation"]["_target_"] == "torch.nn.SELU"
    assert list(config["task"]["metrics"]) == ["macro_f1"]


def test_a_group_that_was_not_used_may_be_chosen(experiment):
    config = experiment("", "", "initializer=he_normal", "regularizer=l2")
    assert config["initializer"]["mode"] == "fan_in"
    assert config["regularizer"]


def test_an_override_may_set_a_key_of_what_another_one_chooses(experiment):
    config = experiment("", "", "optimizer=momentum", "optimizer.momentum=0.5")
    assert config["optimizer"]["momentum"] == 0.5


@pytest.mark.parametrize(
    ("old", "new", "answers"),
    [
        (
            "activation: tanh",
            "activation: tanhh",
            ("iris.yaml:10: model.activation: no activation 'tanhh'", "did you mean 'tanh'?"),
        ),
        (
            "activation: tanh",
            "activation: {name: leaky_relu, slope: 0.2}",
            ("iris.yaml:10: model.activation", "no key 'slope'", "allowed: negative_slope"),
        ),
        (
            "metrics: [accuracy]",
            "metrics: [acuracy]",
            ("iris.yaml:13: task.metrics: no metric 'acuracy'", "did you mean 'accuracy'?"),
        ),
        (
            "normalization: null",
            "normalisation: batch_norm",
            ("iris.yaml:11: unknown key 'model.normalisation'", "'model.normalization'"),
        ),
        (
            "/optimizer: sgd",
            "/optimizer: sdg",
            ("conf/experiment/my/iris.yaml:7: 'sdg' is not in conf/optimizer/", "mean 'sgd'?"),
        ),
        (
            "task:\n",
            "figures: [decision_region]\ntask:\n",
            ("iris.yaml:12: figures: no figure 'decision_region'", "mean 'decision_regions'?"),
        ),
        (
            "metric: test/accuracy",
            "metric: accuracy",
            ("iris.yaml:17: card.metric", "'test/accuracy'"),
        ),
    ],
)
def test_a_wrong_name_is_answered_with_its_line_and_the_nearest(experiment, old, new, answers):
    with pytest.raises(UserError) as caught:
        experiment(old, new)
    assert all(answer in str(caught.value) for answer in answers), str(caught.value)


def test_a_wrong_name_in_an_override_is_answered(experiment):
    with pytest.raises(UserError) as caught:
        experiment("", "", "model.activation=silu")
    assert "override 'model.activation=silu': no activation 'silu'" in str(caught.value)
