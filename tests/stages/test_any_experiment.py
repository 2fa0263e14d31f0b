"""Experiments of any kind go through the stages: what they are is said by their configs alone."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from phytotron.data.tiny_paragraphs import tiny
from phytotron.errors import UserError
from phytotron.evaluation.predictions import load
from phytotron.files import read_json
from phytotron.predict.predict import predict
from phytotron.registry.versions import resolve
from phytotron.stages import compare, compose, register, report
from phytotron.stages import train as train_stage
from phytotron.stages.evaluate import evaluate_experiment
from phytotron.tracking.store import open_store, pipeline_config
from phytotron.training.model_folder import read_history

ROOT = Path(__file__).parents[2]
NETWORK = """\
# @package _global_
# A small network.
defaults:
  - override /data: {data}
  - override /model: mlp
  - override /task: {task}
  - override /optimizer: adam
  - override /trainer: default
  - override /callbacks: {callbacks}
data: {{tiny: true, validation: {validation}, batch_size: 16}}
model: {{hidden: [{units}]}}
trainer: {{max_epochs: {epochs}}}
card: {{metric: {metric}, goal: {goal}}}
"""
LINE = """\
# @package _global_
# Ordinary least squares.
defaults:
  - override /data: california_housing
  - override /task: estimator_regression
data: {tiny: true, validation: 0}
model: {_target_: sklearn.linear_model.LinearRegression}
card: {metric: test/rmse, goal: min}
"""
IMAGES = {"data": "mnist", "task": "classification", "metric": "test/accuracy", "goal": "max"}
PRICES = {"data": "california_housing", "task": "regression", "metric": "test/rmse", "goal": "min"}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """`project(experiments)`: an empty project, with these files under `conf/experiment/`."""
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    shutil.copy(ROOT / "dvc.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    # The stage `register` sends what the trainings wrote down.
    monkeypatch.setattr("phytotron.tracking.watch.start_sender", lambda folder: None)

    def made(experiments: dict[str, str | None], *overrides: str, **compared: object) -> None:
        for name, text in experiments.items():
            if text is not None:
                path = Path(f"conf/experiment/{name}.yaml")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        params = {"site": "router", "experiments": list(experiments), "seed": 0}
        Path("params.yaml").write_text(yaml.safe_dump(params | {"overrides": list(overrides)}))
        pipeline = yaml.safe_load(Path("conf/pipeline.yaml").read_text())
        pipeline["compare"] |= {"baseline": next(iter(experiments)), "permutations": 99}
        pipeline["compare"] |= compared
        pipeline["register"]["threshold"] = 1e3 if compared.get("goal") == "min" else 0.0
        pipeline["evaluate"]["bootstrap"] = 20
        Path("conf/pipeline.yaml").write_text(yaml.safe_dump(pipeline))

    return made


def stages(monkeypatch, *experiments: str) -> dict:
    """Run the stages from `compose` to `register`; what was compared."""
    compose.main()
    for experiment in experiments:
        monkeypatch.setattr(sys, "argv", ["train", experiment])
        train_stage.train()
        evaluate_experiment(experiment)
    compare.main()
    register.main()
    return read_json("results/comparison.json")


def test_a_copy_of_a_router_experiment_in_another_folder(project, monkeypatch):
    copy = (ROOT / "conf/experiment/router/textcnn.yaml").read_text()
    names = ["router/tfidf", "support/textcnn"]
    fast = ["data.batch_size=16", "optimizer.lr=2e-2", "trainer.max_epochs=6", "trainer.threads=1"]
    project({"router/tfidf": None, "support/textcnn": copy}, *fast)
    tiny("data/processed")
    found = stages(monkeypatch, *names)
    assert (found["metric"], found["goal"]) == ("macro_f1", "max")
    row = next(row for row in found["experiments"] if row["experiment"] == "support/textcnn")
    assert row["p_value"] is not None
    assert row["macro_f1_low"] <= row["macro_f1"] <= row["macro_f1_high"]
    assert row["accuracy"] > 0.8
    assert read_json("build/registration.json")["decision"] == "promoted"
    assert predict("SELECT a row of the table by its index in this query")[0].label == "database"


def test_images_by_accuracy_without_callbacks(project, monkeypatch, tmp_path):
    network = NETWORK.replace("  - override /callbacks: {callbacks}\n", "")
    small, large = (
        network.format(**IMAGES, units=units, epochs=epochs, validation=20)
        for units, epochs in ((1, 1), (32, 20))
    )
    project({"shapes/small": small, "shapes/large": large})
    found = stages(monkeypatch, "shapes/small", "shapes/large")
    assert found["metric"] == "accuracy"
    assert found["selected"] == "shapes/large"
    assert set(found["experiments"][0]) >= {"accuracy", "accuracy_low", "accuracy_high"}
    assert "macro_f1" not in found["experiments"][0]
    registered = read_json("build/registration.json")
    assert (registered["metric"], registered["value"]) == ("accuracy", pytest.approx(1, abs=0.2))
    predictions = load("build/evaluation/shapes/large/predictions.parquet")
    assert predictions.groups is None
    assert len(predictions) == 30

    # The model reads an image file as its data was read.
    from phytotron.data.images import tiny_images

    pixels, _ = tiny_images((1, 28, 28), 10, 30, 30)
    Image.fromarray(pixels[3, 0]).save(tmp_path / "three.png")
    answers = {item.label: item.probability for item in predict(str(tmp_path / "three.png"), top=9)}
    for label, probability in answers.items():
        assert probability == pytest.approx(
            float(predictions.probabilities[3][int(label)]), abs=1e-5
        )
    with pytest.raises(UserError, match="there is no such file"):
        predict("no words are read by it")


@pytest.mark.slow
def test_prices_by_an_error_that_should_be_small(project, monkeypatch, capsys):
    poor = NETWORK.format(**PRICES, units=1, epochs=1, validation=0, callbacks="default")
    project({"prices/poor": poor, "prices/line": LINE}, goal="min")
    found = stages(monkeypatch, "prices/poor", "prices/line")
    assert "no validation split: the last epoch counts" in capsys.readouterr().out
    assert (found["metric"], found["goal"]) == ("rmse", "min")
    line, poor = found["experiments"]
    assert line["experiment"] == found["selected"] == "prices/line"
    assert line["difference"] == pytest.approx(line["rmse"] - poor["rmse"], abs=1e-6)
    assert line["difference"] < 0
    assert line["better"]
    assert "accuracy" not in line
    predictions = load("build/evaluation/prices/line/predictions.parquet")
    errors = predictions.values - predictions.targets
    assert line["rmse"] == pytest.approx(np.sqrt((errors**2).mean()), abs=1e-5)
    store = open_store(pipeline_config().tracking)
    version = resolve(store, "router")
    logged = {file.path for file in store.client.list_artifacts(version.run_id, "figures")}
    assert logged == {"figures/predictions.png", "figures/residuals.png"}
    assert version.description.startswith("prices/line: RMSE 0.")

    # A row is standardised as the training rows were.
    from phytotron.training.model_folder import load_model

    columns = load_model("build/models/prices/line").reader.columns
    assert (columns[0], columns[-1]) == ("MedInc", "Longitude")
    row = dict.fromkeys(columns, 0.5)
    [value] = predict(json.dumps(row))
    assert value.name == "value"
    names, numbers = ",".join(row), ",".join(map(str, row.values()))
    assert predict(f"{names}\n{numbers}") == predict(numbers) == [value]
    with pytest.raises(UserError, match="a row of 7 values"):
        predict(numbers.rpartition(",")[0])


@pytest.mark.slow
def test_without_a_validation_split_the_last_epoch_counts(project, monkeypatch):
    network = NETWORK.format(**IMAGES, units=8, epochs=3, validation=0, callbacks="default")
    project({"shapes/only": network})
    assert stages(monkeypatch, "shapes/only")["selected"] == "shapes/only"
    folder = Path("build/models/shapes/only")
    assert read_json(folder / "training.json")["best_epoch"] == 2
    assert len(read_history(folder)) == 3
    config = yaml.safe_load((folder / "config.yaml").read_text())
    assert config["callbacks"]["best_weights"]["monitor"] == "val_accuracy"


def test_an_experiment_without_the_metric_is_named_before_anything_runs(project):
    images = NETWORK.format(**IMAGES, units=8, epochs=1, validation=0, callbacks="default")
    project({"shapes/images": images, "prices/line": LINE})
    expected = r"conf/experiment/prices/line\.yaml:8: card\.metric: .*does not measure test/acc"
    with pytest.raises(UserError, match=expected):
        compose.main()
    assert not Path("build/config").exists()


def test_a_metric_that_does_not_follow_from_predictions(project, monkeypatch):
    kind = {"data": "mnist", "task": "classification", "metric": "test/loss", "goal": "min"}
    made = {
        f"shapes/{name}": NETWORK.format(
            **kind, units=16, epochs=epochs, validation=20, callbacks="default"
        )
        for name, epochs in [("short", 1), ("long", 8)]
    }
    project(made)
    compose.main()
    for experiment in made:
        monkeypatch.setattr(sys, "argv", ["train", experiment])
        train_stage.train()
        evaluate_experiment(experiment)
    compare.main()
    found = read_json("results/comparison.json")
    best, base = found["experiments"]
    assert (best["experiment"], found["selected"]) == ("shapes/long", "shapes/short")
    assert best["loss"] < base["loss"]
    assert best["loss"] == read_json("results/shapes/long/metrics.json")["loss"]
    assert "loss_low" not in best
    assert best["p_value"] is None


def test_generative_models_by_the_metric_of_their_card(project, monkeypatch):
    """Nothing is predicted for single samples: the best is ranked first, without a test."""
    copy = (ROOT / "conf/experiment/generative/mnist_vae.yaml").read_text()
    narrow = copy.replace("latent_dim: 8", "latent_dim: 2")
    names = ["generative/mnist_vae", "generative/narrow"]
    fast = ["data.tiny=true", "data.validation=16", "trainer.max_epochs=2", "model.channels=2"]
    project({names[0]: None, names[1]: narrow}, *fast, goal="min")
    found = stages(monkeypatch, *names)
    assert (found["metric"], found["goal"]) == ("loss", "min")
    assert found["selected"] == names[0]  # the baseline: no other can be shown better
    for row in found["experiments"]:
        metrics = read_json(f"results/{row['experiment']}/metrics.json")
        assert row["loss"] == metrics["loss"]
        assert row["p_value"] is None
    store = open_store(pipeline_config().tracking)
    run_id = resolve(store, "router").run_id
    logged = {file.path for file in store.client.list_artifacts(run_id, "figures")}
    assert logged == {"figures/learning_curves.png"}
    report.main()
    page = Path("build/report/index.html").read_text()
    assert "mnist_vae</code> is selected with loss" in page
    assert "narrow: validation loss" in page
    with pytest.raises(UserError, match="does not say how to ask it"):
        predict("1")
