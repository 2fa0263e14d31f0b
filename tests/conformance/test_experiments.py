"""What every experiment of `conf/experiment/` can do, on its tiny variant.

An experiment opts out of a check in its card, with the reason: `card.skip: {overfit: "..."}`.
"""

from __future__ import annotations

import functools
import math
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

from phytotron.config.experiments import experiment_ids, read_experiment
from phytotron.data.arrays import ArrayDataModule, take
from phytotron.data.tiny_paragraphs import tiny
from phytotron.errors import Interrupted
from phytotron.evaluation.trained import Trained, measure_saved
from phytotron.figures.draw import draw
from phytotron.files import sha256
from phytotron.training.build import build_data, build_network, build_task
from phytotron.training.fit import fit
from phytotron.training.model_folder import is_estimator
from phytotron.training.reproducibility import make_deterministic
from phytotron.training.result import TrainingResult
from phytotron.training.trainer import build_trainer
from phytotron.zoo.tiny import tiny_config

ROOT = Path(__file__).parents[2]
EXPERIMENTS = experiment_ids()
CARDS = {name: read_experiment(name).get("card") or {} for name in EXPERIMENTS}

# Steps in which one batch must be learned so well that its loss is half of what it was.
STEPS = 100


def over(check: str, condition=lambda name: True) -> pytest.MarkDecorator:
    """The experiments that a check is for, the others skipped with their reason."""

    def one(name: str):
        reason = (CARDS[name].get("skip") or {}).get(check)
        marks = [pytest.mark.xdist_group(name)]  # one process, so that they share a first run
        if reason:
            marks.append(pytest.mark.skip(reason=reason))
        return pytest.param(name, marks=marks)

    return pytest.mark.parametrize("name", [one(name) for name in EXPERIMENTS if condition(name)])


@pytest.fixture(scope="session")
def paragraphs(tmp_path_factory) -> Path:
    """A tiny folder of what the pipeline's experiments read."""
    return tiny(tmp_path_factory.mktemp("data") / "processed")


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch):
    """Configs are found."""
    monkeypatch.chdir(ROOT)


def is_network(name: str) -> bool:
    """Whether an experiment trains with Lightning: only then it says how in a group of its own."""
    return any("/trainer" in key for entry in _defaults(name) for key in entry)


def _defaults(name: str) -> list[dict]:
    return [entry for entry in read_experiment(name).get("defaults", []) if isinstance(entry, dict)]


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: sha256(path) for path in sorted(folder.iterdir()) if path.is_file()}


@dataclass
class Run:
    """A tiny variant from end to end."""

    config: dict
    model: Path
    fitted: TrainingResult
    trained: Trained


@pytest.fixture(scope="session")
def runs(paragraphs, tmp_path_factory):
    """`runs(name)`: the first run of an experiment, for all checks that only look at it."""

    @functools.cache
    def run(name: str) -> Run:
        folder = tmp_path_factory.mktemp("run")
        config = tiny_config(name)
        if "folder" in (config["data"] or {}):
            config["data"]["folder"] = str(paragraphs)
        fitted = fit(config, folder / "model", folder / "scratch")
        trained = measure_saved(config, folder / "model", fitted)
        return Run(config, folder / "model", fitted, trained)

    return run


@over("tiny")
def test_it_runs_from_end_to_end_and_gives_its_metric_and_figures(name, runs, tmp_path):
    trained, figures = runs(name).trained, runs(name).config["figures"]
    assert trained.metrics.keys() >= {CARDS[name]["metric"]}
    assert all(math.isfinite(value) for value in trained.metrics.values())
    drawn = draw(figures, trained, tmp_path / "drawn")
    assert [path.stem for path in drawn] == list(figures)
    assert all(path.stat().st_size > 0 for path in drawn)


@over("reload")
def test_what_is_loaded_is_what_was_trained(name, runs):
    run = runs(name)
    again = measure_saved(run.config, run.model, run.fitted)
    assert again.metrics == run.trained.metrics
    if not is_estimator(run.fitted.model):
        before, after = run.fitted.model.state_dict(), again.model.state_dict()
        assert before.keys() == after.keys()
        assert all(torch.equal(before[key], after[key]) for key in before)


@over("repeat")
def test_the_same_seed_gives_the_same_bytes(name, runs, tmp_path):
    first = runs(name)
    fit(first.config, tmp_path / "model", tmp_path / "scratch")
    assert hashes(tmp_path / "model") == hashes(first.model)


@over("resume", is_network)
def test_interrupted_and_started_again_it_ends_with_the_same_bytes(name, runs, tmp_path):
    undisturbed = runs(name)
    config, steps = undisturbed.config, undisturbed.fitted.steps
    taken = 0

    def interrupt(*_) -> None:
        nonlocal taken
        taken += 1
        if taken == max(1, steps // 2):
            signal.raise_signal(signal.SIGINT)

    hook = register_optimizer_step_post_hook(interrupt)
    try:
        with pytest.raises(Interrupted):
            fit(config, tmp_path / "resumed", tmp_path / "scratch")
    finally:
        hook.remove()
    assert not (tmp_path / "resumed").exists()
    fit(config, tmp_path / "resumed", tmp_path / "scratch")
    assert hashes(tmp_path / "resumed") == hashes(undisturbed.model)


@over("gradient", is_network)
def test_every_trainable_parameter_receives_a_gradient(name, runs, tmp_path):
    config = runs(name).config
    make_deterministic(config["seed"], threads=1)
    data = build_data(config)
    network = build_network(config, data)
    task = build_task(config, network, data)
    moved = set()

    def look(*_) -> None:
        for key, parameter in network.named_parameters():
            if parameter.grad is not None and parameter.grad.any():
                moved.add(key)

    # Just before an update, whoever has put the gradients there.
    hook = register_optimizer_step_pre_hook(look)
    try:
        build_trainer(config["trainer"], [], tmp_path, limit_val_batches=0).fit(task, data)
    finally:
        hook.remove()
    trainable = {key for key, parameter in network.named_parameters() if parameter.requires_grad}
    assert trainable - moved == set()


@over("overfit", is_network)
def test_it_learns_one_batch_by_heart(name, runs, tmp_path):
    config = runs(name).config
    make_deterministic(config["seed"], threads=1)
    data = build_data(config)
    if isinstance(data, ArrayDataModule):
        rows = next(iter(data.train_dataloader().order))
        data.train = take(data.train, rows)
    task = build_task(config, build_network(config, data), data)
    losses = []

    def note(*_) -> None:
        losses.append(float(task.take_train_loss()["train_loss"]))

    task.on_train_epoch_end = note
    one = {"limit_val_batches": 0, "limit_train_batches": 1, "max_epochs": STEPS}
    build_trainer(config["trainer"], [], tmp_path, **one).fit(task, data)
    assert min(losses) < 0.5 * losses[0]


@over("export", lambda name: "exports" in CARDS[name])
def test_an_exported_network_gives_the_same(name, runs):
    network, inputs = runs(name).trained.model, runs(name).fitted.data.train.inputs[:4]
    exported = torch.export.export(network, (inputs,)).module()
    assert torch.equal(exported(inputs), network(inputs))
