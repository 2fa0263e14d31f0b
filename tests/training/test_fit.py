"""From a config and data to a model folder: the router's experiments, on tiny data."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from phytotron.data.paragraphs import load_split
from phytotron.errors import UserError
from phytotron.files import read_json, sha256
from phytotron.training.fit import fit, training_config
from phytotron.training.model_folder import load_model

NETWORKS = (
    "router/fasttext",
    "router/textcnn",
    "router/bilstm",
    "router/transformer",
    "router/wide_deep",
)


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: sha256(path) for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("experiment", ["router/tfidf", *NETWORKS])
def test_an_experiment_learns_the_tiny_data(experiment, compose, train, data):
    fast = ["optimizer.lr=2e-2", "trainer.max_epochs=6"] if experiment in NETWORKS else []
    folder = train(compose(experiment, *fast))
    test = load_split(data, "test")
    model = load_model(folder)
    probabilities = model.predict_proba(test.texts)
    assert probabilities.shape == (len(test), len(model.labels))
    assert abs(probabilities.sum(axis=1) - 1).max() < 1e-5
    assert (probabilities.argmax(axis=1) == test.labels).mean() > 0.8  # chance is 0.25


@pytest.mark.parametrize("experiment", ["router/tfidf", "router/textcnn"])
def test_the_model_folder_is_as_documented(experiment, compose, train, data):
    network = experiment in NETWORKS
    config = compose(experiment, *(["trainer.max_epochs=2"] if network else []))
    folder = train(config)
    own = {"model.safetensors", "tokenizer.json"} if network else {"model.skops"}
    shared = {"config.yaml", "inputs.json", "labels.json", "history.csv", "training.json"}
    assert set(hashes(folder)) == own | shared
    assert yaml.safe_load((folder / "config.yaml").read_text()) == training_config(config)

    facts = read_json(folder / "training.json")
    size = (folder / ("model.safetensors" if network else "model.skops")).stat().st_size
    assert facts["size_bytes"] == size
    assert facts["parameters"] > 1000
    with (folder / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == facts["epochs"] == (2 if network else 1)
    assert 0 <= facts["best_epoch"] < facts["epochs"]
    best = max(rows, key=lambda row: float(row["val_macro_f1"]))
    assert int(best["epoch"]) == facts["best_epoch"]
    assert int(rows[-1]["step"]) == facts["steps"]
    if network:
        samples = len(load_split(data, "train"))
        assert facts["steps"] == 2 * -(-samples // 16)
        assert facts["samples"] == facts["steps"] * 16
        assert facts["stopped"] == "max_epochs"
        assert float(rows[1]["train_loss"]) < float(rows[0]["train_loss"])
        assert float(rows[1]["learning_rate"]) < float(rows[0]["learning_rate"])


def test_the_model_is_that_of_the_best_epoch(compose, train, data):
    """By the largest training loss, the first epoch is the best and the last one is not."""
    best = ["callbacks.best_weights.monitor=train_loss", "trainer.max_epochs=3"]
    folder = train(compose("router/textcnn", *best))
    assert read_json(folder / "training.json")["best_epoch"] == 0
    with (folder / "history.csv").open() as file:
        first, *_, last = [float(row["val_loss"]) for row in csv.DictReader(file)]
    validation = load_split(data, "validation")
    probabilities = load_model(folder).predict_proba(validation.texts)
    loss = -np.log(probabilities[range(len(validation)), validation.labels]).mean()
    assert loss == pytest.approx(first, abs=1e-5)
    assert abs(loss - last) > 0.01


def test_early_stopping_ends_training_and_says_so(compose, train):
    overrides = ["trainer.max_epochs=9", "callbacks.early_stopping.patience=1", "optimizer.lr=0"]
    facts = read_json(train(compose("router/fasttext", *overrides)) / "training.json")
    assert facts["stopped"] == "early_stopping"
    assert facts["epochs"] == 2
    assert facts["best_epoch"] == 0


@pytest.mark.parametrize("experiment", ["router/tfidf", "router/bilstm"])
def test_the_same_config_and_data_give_the_same_bytes(experiment, compose, train):
    config = compose(experiment, *(["trainer.max_epochs=2"] if experiment in NETWORKS else []))
    assert hashes(train(config, "first")) == hashes(train(config, "second"))


def test_another_seed_gives_another_model(compose, train):
    first, second = (
        train(compose("router/fasttext", f"seed={seed}", "trainer.max_epochs=1"), f"model{seed}")
        for seed in (0, 1)
    )
    assert hashes(first)["model.safetensors"] != hashes(second)["model.safetensors"]


RUN = """
import json, sys
from phytotron.training.fit import fit, training_config
config, out, scratch = sys.argv[1:]
fit(json.loads(config), out, scratch)
"""


def test_killed_and_started_again_it_gives_the_same_bytes(compose, train, data, tmp_path):
    config = compose("router/textcnn", "trainer.max_epochs=3")
    undisturbed = hashes(train(config))
    out = tmp_path / "killed"
    command = [sys.executable, "-c", RUN, json.dumps(config), str(out)]
    process = subprocess.Popen(
        [*command, str(tmp_path / "scratch")], stdout=subprocess.PIPE, text=True
    )
    for line in process.stdout:
        if line.startswith("epoch 1"):
            break
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert not out.exists()
    assert list((tmp_path / "scratch").iterdir())  # it was in the middle of its work
    assert hashes(train(config, "killed")) == undisturbed
    assert not list((tmp_path / "scratch").iterdir())


def test_an_old_model_stays_when_training_fails(compose, train, tmp_path):
    before = hashes(train(compose("router/fasttext", "trainer.max_epochs=1")))
    with pytest.raises(UserError, match="the loss became"):
        train(compose("router/fasttext", "optimizer.lr=1e30"))
    assert hashes(tmp_path / "model") == before
    assert [path.name for path in tmp_path.iterdir() if ".part" in path.name] == []


def test_a_loss_that_is_no_number_stops_with_step_and_learning_rate(compose, train):
    overrides = ["optimizer.lr=1e30", "trainer.gradient_clip_val=null", "scheduler.warmup=0"]
    with pytest.raises(UserError, match=r"step \d+ \(epoch 0, learning rate \d.*e\+\d+\)"):
        train(compose("router/textcnn", *overrides))


def test_mistakes_in_the_config_are_answered(compose, data, tmp_path):
    with pytest.raises(UserError, match=r"'trainer\.precision' is '8-bit'"):
        compose("router/textcnn", "trainer.precision=8-bit")
    config = compose("router/textcnn")
    for change, message in [
        ({"model": None}, "no model"),
        ({"trainer": None}, "needs a trainer"),
        ({"model": config["model"] | {"_target_": "phytotron.models.text.Nothing"}}, "Nothing"),
        ({"model": config["model"] | {"depth": 3}}, "depth"),
        (
            {"callbacks": {"best": config["callbacks"]["best_weights"] | {"monitor": "x"}}},
            "val_loss",
        ),
    ]:
        with pytest.raises(UserError, match=message):
            fit(config | change, tmp_path / "model", tmp_path / "scratch")
    nowhere = config["data"] | {"folder": str(tmp_path / "nowhere")}
    with pytest.raises(UserError, match="dvc repro preprocess"):
        fit(config | {"data": nowhere}, tmp_path / "model", tmp_path / "scratch")
    assert not (tmp_path / "model").exists()
