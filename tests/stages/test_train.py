"""The stage `train`, run as DVC runs it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file

from phytotron.config.compose import compose_experiment
from phytotron.config.stage import plain
from phytotron.data.tiny_paragraphs import tiny
from phytotron.files import read_json

ROOT = Path(__file__).parents[2]
EXPERIMENT = "router/textcnn"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with the files that the stage reads, and `project(*overrides)` to run it there."""
    shutil.copy(ROOT / "dvc.yaml", tmp_path)
    tiny(tmp_path / "data/processed")

    def run(*overrides: str, experiment: str = EXPERIMENT) -> subprocess.CompletedProcess:
        small = ["trainer.max_epochs=2", "trainer.threads=1", *overrides]
        with monkeypatch.context() as context:
            context.chdir(ROOT)
            config = plain(compose_experiment(EXPERIMENT, small).config)
        path = tmp_path / f"build/config/{EXPERIMENT}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(config))
        command = [sys.executable, "-m", "phytotron.stages.train", experiment]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=240)

    return run


def test_it_writes_the_model_and_beside_it_what_it_took(project, tmp_path):
    result = project("data.batch_size=16")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / f"build/models/{EXPERIMENT}/model.safetensors").is_file()
    timing = read_json(tmp_path / f"build/timing/train/{EXPERIMENT}.json")
    assert set(timing) == {
        "seconds",
        "samples_per_second",
        "peak_memory_mb",
        "hardware",
        "versions",
    }
    assert timing["seconds"] > 0
    assert timing["peak_memory_mb"] > 100
    epochs = [line for line in result.stdout.splitlines() if line.startswith("epoch ")]
    assert len(epochs) == 2
    assert all(f" {name} " in epochs[0] for name in ("train_loss", "val_accuracy", "val_macro_f1"))


@pytest.mark.slow
def test_two_processes_train_as_one_with_twice_the_batch(project, tmp_path):
    """Same samples in each step, gradients averaged: equal up to the rounding of sums."""
    model = tmp_path / f"build/models/{EXPERIMENT}"
    overrides = ["model.dropout=0", "optimizer._target_=torch.optim.SGD", "~optimizer.weight_decay"]
    overrides += ["optimizer.lr=0.5", "callbacks.best_weights=null"]
    weights, facts = [], []
    for own in (
        ["data.batch_size=16"],
        ["data.batch_size=8", "trainer.devices=2", "trainer.strategy=ddp"],
    ):
        result = project(*overrides, *own)
        assert result.returncode == 0, result.stderr
        weights.append(load_file(model / "model.safetensors"))
        facts.append(read_json(model / "training.json"))
        facts[-1].pop("key")
        assert result.stdout.count("epoch 1 ") == 1  # the second process is silent
        shutil.rmtree(model)
    assert facts[0] == facts[1]
    for name, alone in weights[0].items():
        assert torch.allclose(alone, weights[1][name], rtol=0, atol=1e-6), name


def test_a_mistake_ends_with_its_explanation(project, tmp_path):
    result = project(experiment="docs/unknown")
    assert result.returncode == 2
    assert "build/config/docs/unknown.yaml: does not exist" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "build/models").exists()


@pytest.mark.slow
def test_a_loss_that_is_no_number_ends_all_processes(project, tmp_path):
    result = project(
        "optimizer.lr=1e30",
        "trainer.gradient_clip_val=null",
        "data.batch_size=8",
        "trainer.devices=2",
        "trainer.strategy=ddp",
    )
    assert result.returncode == 2, result.stderr
    assert "the loss became" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "build/models").exists()
