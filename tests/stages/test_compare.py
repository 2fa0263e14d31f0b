from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from phytotron.errors import UserError
from phytotron.evaluation.predictions import ClassPredictions, save
from phytotron.files import read_json
from phytotron.stages.compare import main

DVC = Path(__file__).parents[2] / "dvc.yaml"
PIPELINE = {
    "seed": 0,
    "evaluate": {"bootstrap": 50, "mistakes": 3, "calibration_bins": 5},
    "compare": {
        "baseline": "router/tfidf",
        "metric": "test/macro_f1",
        "goal": "max",
        "alpha": 0.05,
        "permutations": 99,
    },
}


def predictions(right: float) -> ClassPredictions:
    """Of 20 pages with 5 paragraphs each, the first share of each page being right."""
    actual = np.repeat(np.arange(20) % 2, 5)
    hit = np.tile(np.arange(5) < 5 * right, 20)
    probabilities = np.full((100, 2), 0.2, np.float32)
    probabilities[np.arange(100), np.where(hit, actual, 1 - actual)] = 0.8
    return ClassPredictions(
        labels=["a", "b"],
        groups=[f"http://pages.test/{row // 5:02}" for row in range(100)],
        texts=[f"text {row}" for row in range(100)],
        actual=actual,
        probabilities=probabilities,
    )


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(DVC, "dvc.yaml")
    Path("build/config").mkdir(parents=True)
    Path("build/config/pipeline.yaml").write_text(yaml.safe_dump(PIPELINE))
    choose("router/tfidf", "router/textcnn")
    # `router/left` has the best predictions of all, but params.yaml does not ask for it.
    for experiment, right in [("router/tfidf", 0.4), ("router/textcnn", 0.8), ("router/left", 1.0)]:
        folder = Path("build/evaluation") / experiment
        folder.mkdir(parents=True)
        save(predictions(right), folder / "predictions.parquet")
    return tmp_path


def choose(*experiments: str) -> None:
    Path("params.yaml").write_text(yaml.safe_dump({"experiments": list(experiments)}))


def test_the_experiments_of_params_are_compared_and_no_others(project, capsys):
    main()
    found = read_json("results/comparison.json")
    assert found["selected"] == "router/textcnn"
    assert found["baseline"] == "router/tfidf"
    best, base = found["experiments"]
    assert best == {
        "experiment": "router/textcnn",
        "macro_f1": 0.8,
        "macro_f1_low": best["macro_f1_low"],
        "macro_f1_high": best["macro_f1_high"],
        "accuracy": 0.8,
        "difference": 0.4,
        "difference_low": best["difference_low"],
        "difference_high": best["difference_high"],
        "p_value": 0.01,
        "better": True,
    }
    assert base["experiment"] == "router/tfidf"
    assert base["p_value"] is None
    assert "selected: router/textcnn" in capsys.readouterr().out


def test_the_same_input_gives_the_same_bytes(project):
    main()
    first = Path("results/comparison.json").read_bytes()
    subprocess.run([sys.executable, "-m", "phytotron.stages.compare"], check=True)
    assert Path("results/comparison.json").read_bytes() == first


def test_one_experiment_alone_is_selected(project):
    choose("router/textcnn")
    main()
    found = read_json("results/comparison.json")
    assert found["selected"] == "router/textcnn"
    assert found["baseline"] is None


def test_an_experiment_that_was_not_evaluated_is_named(project):
    choose("router/tfidf", "router/bilstm")
    with pytest.raises(UserError, match=r"build/evaluation/router/bilstm/predictions\.parquet"):
        main()


def test_a_missing_baseline_ends_with_status_2(project):
    choose("router/textcnn", "router/left")
    done = subprocess.run(
        [sys.executable, "-m", "phytotron.stages.compare"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "the baseline 'router/tfidf' is not among the experiments" in done.stderr
    assert "allowed: router/textcnn, router/left" in done.stderr
    assert not Path("results/comparison.json").exists()
