"""Configs that are composed without Hydra and OmegaConf are what the two make of the same files."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phytotron.config import merge, overrides
from phytotron.config.compose import compose_experiment, compose_one
from phytotron.config.experiments import Params, experiment_ids
from phytotron.errors import UserError

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def at_the_root(request, monkeypatch):
    if "project" not in request.fixturenames:
        monkeypatch.chdir(ROOT)


@pytest.fixture
def by_hydra(monkeypatch):
    """`by_hydra(compose)`: what Hydra and OmegaConf make of it."""

    def answer(compose):
        def rare(*_):
            raise merge.Rare

        with monkeypatch.context() as patch:
            patch.setattr(merge, "_plain_file", rare)
            patch.setattr(merge, "_is_plain", lambda _: False)
            patch.setattr(overrides.Change, "set_in", lambda *_: False)
            patch.setattr(overrides, "_COMMON", re.compile("(?!)"))
            return compose()

    return answer


def result(compose):
    try:
        return compose()
    except UserError as error:
        return str(error)


@pytest.fixture
def no_hydra(monkeypatch):
    """Let a composition fail that asks Hydra or OmegaConf."""
    monkeypatch.setitem(sys.modules, "phytotron.config.hydra_internals", None)


def test_every_experiment_composes_without_hydra(no_hydra):
    for experiment in experiment_ids():
        compose_experiment(experiment)


# All of them take a minute.
@pytest.mark.parametrize("experiment", ["dense/mnist_mlp", "router/tfidf", "router/textcnn"])
def test_hydra_composes_the_same(by_hydra, experiment):
    assert compose_experiment(experiment) == by_hydra(lambda: compose_experiment(experiment))


@pytest.mark.slow
def test_hydra_composes_the_same_of_every_experiment(by_hydra):
    def compose():
        return [compose_experiment(experiment) for experiment in experiment_ids()]

    assert compose() == by_hydra(compose)


def test_hydra_composes_the_same_pipeline(by_hydra):
    params = Params("example", ("router/textcnn",), ("clean=minimal", "trainer.max_epochs=1"), 3)
    assert compose_one(params, "pipeline") == by_hydra(lambda: compose_one(params, "pipeline"))


@pytest.mark.parametrize(
    "asked",
    [
        ["trainer.max_epochs=2"],
        ["trainer=gpu", "trainer.max_epochs=-1"],
        ["trainer=null"],
        ["trainer=null", "trainer.max_epochs=2"],
        ["model.dropout=1e-1", "model.width=0"],
        ["model.dropout=true"],
        ["model=3"],
        ["model.width=007"],
        ["seed=nan"],
        ["model.width=NULL"],
        ["model.width=???"],
        ["model.width=${seed}"],
        ["model.width=[1]"],
        ["model={width: 3}"],
        ["+model.depth=3"],
        ["~model.width"],
        ["trainer.devices=1_000"],
    ],
)
def test_an_override_means_what_it_means_to_hydra(project, by_hydra, asked):
    def compose():
        return compose_experiment("router/cnn", asked)

    assert result(compose) == by_hydra(lambda: result(compose))


LISTS = st.sampled_from(
    [
        "",
        "defaults: [_self_]",
        "defaults: [forest]",
        "defaults: [forest, _self_]",
        "defaults: [_self_, inner/deep]",
        "defaults: [/trainer/cpu, _self_]",
        "defaults: [{override /trainer: gpu}]",
        "defaults: [{/trainer: gpu}, _self_]",
        "defaults: [{trainer: gpu}, _self_]",
        "defaults: [{override /trainer: null}]",
        "defaults: [optional nothing, _self_]",
        "defaults: [forest@other, _self_]",
        "defaults: [nothing]",
        "defaults: {a: b}",
        "defaults: [cnn]",
    ]
)
CONTENTS = st.sampled_from(
    [
        "",
        "width: 3",
        "trees: {a: 1}",
        "trees: [1]",
        "trees: ${seed}",
        "trees: a ${seed}",
        "trees: ${model.nothing}",
        "trees: ${model}",
        "trees: ???",
        "trees: null",
        "1: 2",
        "trees: {}",
    ]
)
HEADERS = st.sampled_from(
    ["", "# @package _global_\n", "# @package model\n", "# @package a.b\n", "# a\n# @package a\n"]
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(HEADERS, LISTS, CONTENTS, HEADERS, CONTENTS)
def test_files_of_any_form_mean_what_they_mean_to_hydra(
    project, by_hydra, head, listed, content, inner_head, inner
):
    (project / "conf/model/inner").mkdir(exist_ok=True)
    (project / "conf/model/inner/deep.yaml").write_text(f"{inner_head}{inner}\n")
    (project / "conf/model/forest.yaml").write_text(f"{inner_head}{inner}\n")
    (project / "conf/model/cnn.yaml").write_text(
        f"{head}{listed}\n_target_: collections.OrderedDict\nwidth: 64\n{content}\n"
        if content != "width: 3"
        else f"{head}{listed}\n_target_: collections.OrderedDict\n{content}\n"
    )

    def compose():
        return compose_experiment("router/cnn")

    assert result(compose) == by_hydra(lambda: result(compose))
