from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.pipeline import make_pipeline

from phytotron.data.texts import TextsOfParagraphs
from phytotron.errors import UserError
from phytotron.evaluation.predictions import load
from phytotron.files import read_json, write_json
from phytotron.stages.evaluate import evaluate_experiment
from phytotron.tasks.answers import Answers
from phytotron.training.model_folder import save_model
from phytotron.training.result import TrainingResult

EXPERIMENT = "docs/tiny"
DVC = Path(__file__).parents[2] / "dvc.yaml"
TRAINED = {
    "seed": 0,
    "data": {
        "_target_": "phytotron.data.texts.TextsOfParagraphs",
        "folder": "data/processed",
    },
    "task": {"_target_": "phytotron.tasks.estimators.SupervisedEstimator", "metrics": {}},
}
PIPELINE = {
    "seed": 0,
    "compare": {"metric": "test/macro_f1", "goal": "max"},
    "evaluate": {"bootstrap": 50, "mistakes": 3, "calibration_bins": 5},
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with a small test split and an estimator that was trained for it."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(DVC, "dvc.yaml")
    config = Path("build/config/pipeline.yaml")
    config.parent.mkdir(parents=True)
    config.write_text(yaml.safe_dump(PIPELINE))
    texts, labels = write_test_split(Path("data/processed"))
    estimator = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts[::2], labels[::2])
    fitted = TrainingResult(
        data=TextsOfParagraphs("data/processed"),
        model=estimator,
        history=[{"epoch": 0, "val_macro_f1": 0.5}],
        epochs=1,
        steps=1,
        samples=len(texts[::2]),
        parameters=42,
        best_epoch=0,
        stopped="converged",
        seconds=0.1,
        answers=Answers("classes"),
    )
    folder = Path("build/models") / EXPERIMENT
    folder.mkdir(parents=True)
    save_model(folder, fitted, TRAINED, key="0")
    return tmp_path


def write_test_split(folder: Path) -> tuple[list[str], np.ndarray]:
    """Twelve pages of three products in the format of the stage `preprocess`."""
    rng = np.random.default_rng(0)
    words = ["table index query", "module import class", "cell sheet formula"]
    urls = [f"http://pages.test/{number // 5:02}" for number in range(60)]
    labels = np.array([number // 5 % 3 for number in range(60)])
    # every third paragraph talks of another product than its page's
    texts = [
        " ".join(rng.permutation(words[label if row % 3 else (label + 1) % 3].split())[:2])
        for row, label in enumerate(labels)
    ]
    (folder / "test").mkdir(parents=True)
    pq.write_table(
        pa.table({"text": texts, "label": labels, "url": urls}), folder / "test/000.parquet"
    )
    np.save(folder / "test/000.tokens.npy", np.zeros(60, np.uint16))
    np.save(folder / "test/000.offsets.npy", np.arange(61))
    write_json(folder / "labels.json", ["calc/cells", "db/sql", "python/library"])
    write_json(folder / "manifest.json", {"splits": {"test": {"shards": [{"name": "test/000"}]}}})
    return texts, labels


def outs(project: Path) -> dict[str, bytes]:
    folders = [project / "build/evaluation", project / "results"]
    return {
        path.relative_to(project).as_posix(): path.read_bytes()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    }


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_outs_are_those_of_the_contract_and_fit_together(project, capsys):
    evaluate_experiment(EXPERIMENT)
    folder = project / "build/evaluation" / EXPERIMENT
    assert {path.name for path in folder.iterdir()} == {
        "predictions.parquet",
        "per_class.csv",
        "confusion.csv",
        "calibration.csv",
        "mistakes.json",
    }
    predictions = load(folder / "predictions.parquet")
    actual, predicted = predictions.actual, predictions.predicted
    metrics = read_json(project / "results" / EXPERIMENT / "metrics.json")
    assert list(metrics) == [
        "accuracy",
        "accuracy_high",
        "accuracy_low",
        "calibration_error",
        "log_loss",
        "macro_f1",
        "macro_f1_high",
        "macro_f1_low",
        "parameters",
        "samples",
        "size_bytes",
    ]
    assert metrics["accuracy"] == pytest.approx(accuracy_score(actual, predicted), abs=1e-6)
    assert metrics["macro_f1"] == pytest.approx(
        f1_score(actual, predicted, average="macro"), abs=1e-6
    )
    assert metrics["accuracy_low"] < metrics["accuracy"] < metrics["accuracy_high"]
    assert metrics["parameters"] == 42
    assert metrics["samples"] == 60
    model = project / "build/models" / EXPERIMENT / "model.skops"
    assert metrics["size_bytes"] == model.stat().st_size

    pairs = [(row["actual"], row["predicted"]) for row in rows(folder / "confusion.csv")]
    names = predictions.labels
    assert pairs == [(names[a], names[p]) for a, p in zip(actual, predicted, strict=True)]
    assert [row["label"] for row in rows(folder / "per_class.csv")] == names
    assert sum(int(row["support"]) for row in rows(folder / "per_class.csv")) == 60
    assert sum(int(row["count"]) for row in rows(folder / "calibration.csv")) == 60
    mistakes = read_json(folder / "mistakes.json")
    assert len(mistakes) == 3
    assert list(mistakes[0]) == ["actual", "confidence", "predicted", "text", "url"]
    assert "on 60 test samples" in capsys.readouterr().out
    assert read_json(project / f"build/timing/evaluate/{EXPERIMENT}.json")["seconds"] > 0


def test_numbers_are_rounded_so_that_differences_are_readable(project):
    evaluate_experiment(EXPERIMENT)
    text = (project / "results" / EXPERIMENT / "metrics.json").read_text()
    for value in json.loads(text).values():
        assert value == round(value, 6)


def test_the_same_input_gives_the_same_bytes(project):
    evaluate_experiment(EXPERIMENT)
    first = outs(project)
    command = [sys.executable, "-m", "phytotron.stages.evaluate", EXPERIMENT]
    subprocess.run(command, check=True)
    assert outs(project) == first


def test_a_model_of_other_labels_is_refused_and_nothing_is_lost(project):
    evaluate_experiment(EXPERIMENT)
    before = outs(project)
    write_json(project / "data/processed/labels.json", ["calc/cells", "db/sql", "renamed"])
    with pytest.raises(UserError, match=r"build/models/docs/tiny: .*\n  run: dvc repro"):
        evaluate_experiment(EXPERIMENT)
    assert outs(project) == before


def test_an_experiment_that_was_not_trained_is_answered(project):
    with pytest.raises(UserError, match="build/models/docs/absent"):
        evaluate_experiment("docs/absent")
    assert outs(project) == {}


def test_without_an_experiment_the_usage_is_shown(project):
    command = [sys.executable, "-m", "phytotron.stages.evaluate"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert "phytotron.stages.evaluate EXPERIMENT" in done.stderr


def test_no_figures_are_imported():
    # matplotlib itself comes with torchmetrics, which the task of a model needs.
    code = "import sys, phytotron.stages.evaluate; sys.exit('phytotron.figures' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
