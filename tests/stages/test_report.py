"""The stage as a process: what it reads from a project's folder and leaves there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

EXPERIMENTS = ["router/base", "router/other"]
LABELS = ["a/x", "b/y"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The smallest pipeline that can be reported: two experiments, two classes, two paragraphs."""
    stage = {"params": ["experiments", {"build/config/pipeline.yaml": ["report"]}]}
    texts = {
        "dvc.yaml": yaml.safe_dump({"stages": {"report": stage}}),
        "params.yaml": yaml.safe_dump({"experiments": EXPERIMENTS}),
        "build/config/pipeline.yaml": "report: {title: Spam & eggs, mistakes: 1}",
        "results/comparison.json": json.dumps(
            {
                "metric": "macro_f1",
                "goal": "max",
                "baseline": "router/base",
                "selected": "router/base",
                "test_set": "0" * 64,
                "experiments": [_rank("router/base", None), _rank("router/other", -0.5)],
            }
        ),
        "build/registration.json": json.dumps(
            {
                "model": "router",
                "experiment": "router/base",
                "digest": "1" * 64,
                "test_set": "0" * 64,
                "metric": "macro_f1",
                "value": 1.0,
                "decision": "promoted",
                "reason": "the first champion",
            }
        ),
        "data/raw/crawl.json": '{"fetched": 2}',
        "data/interim/cleaning.json": '{"dropped": 0}',
        "data/processed/manifest.json": json.dumps(
            {"splits": {"test": {"pages": 2, "paragraphs": 2, "tokens": 8}}}
        ),
    }
    for experiment in EXPERIMENTS:
        texts |= _outs(experiment)
    for name, text in texts.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def _rank(experiment: str, difference: float | None) -> dict:
    row = {"experiment": experiment, "macro_f1": 1 + (difference or 0), "accuracy": 0.5}
    row |= {"macro_f1_low": 0.4, "macro_f1_high": 1.0, "better": False}
    keys = ("difference", "difference_low", "difference_high")
    return row | dict.fromkeys(keys, difference) | {"p_value": difference and 0.5}


def _outs(experiment: str) -> dict[str, str]:
    model, evaluation = f"build/models/{experiment}", f"build/evaluation/{experiment}"
    keys = ["accuracy", "macro_f1", "log_loss", "calibration_error", "parameters", "size_bytes"]
    keys += ["accuracy_low", "accuracy_high", "macro_f1_low", "macro_f1_high"]
    training = ["epochs", "steps", "samples", "parameters", "size_bytes", "best_epoch", "stopped"]
    mistake = {"text": "eggs", "url": "http://docs.test/", "actual": "a/x", "predicted": "b/y"}
    return {
        f"{model}/config.yaml": "seed: 0",
        f"{model}/training.json": json.dumps(dict.fromkeys(training, 1)),
        f"{model}/history.csv": "epoch,val_loss,val_macro_f1\n0,0.5,0.5\n",
        f"{evaluation}/confusion.csv": "actual,predicted\na/x,b/y\nb/y,b/y\n",
        f"{evaluation}/per_class.csv": "label,support,precision,recall,f1\n"
        + "".join(f"{label},1,0.5,0.5,0.5\n" for label in LABELS),
        f"{evaluation}/calibration.csv": "bin_low,bin_high,count,confidence,accuracy\n",
        f"{evaluation}/mistakes.json": json.dumps([mistake | {"confidence": 0.9}] * 2),
        f"results/{experiment}/metrics.json": json.dumps(dict.fromkeys(keys, 0.5) | {"samples": 2}),
    }


def report(root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "phytotron.stages.report"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, env=os.environ)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_it_writes_the_page_the_summary_and_the_card_twice_the_same(root: Path) -> None:
    assert report(root).returncode == 0
    first = contents(root / "build/report")
    assert set(first) == {"index.html", "report.md", "model-card.md"}
    page = first["index.html"].decode()
    assert "Spam &amp; eggs" in page
    assert page.count("<blockquote") == len(EXPERIMENTS)  # report.mistakes is 1
    assert str(root) not in page
    assert report(root).returncode == 0
    assert contents(root / "build/report") == first


def test_a_missing_input_is_answered_and_the_old_report_stays(root: Path) -> None:
    report(root)
    before = contents(root / "build/report")
    (root / "build/evaluation/router/other/per_class.csv").unlink()
    done = report(root)
    assert done.returncode == 2
    assert done.stderr.startswith(
        "error: build/evaluation/router/other/per_class.csv: does not exist"
    )
    assert "dvc repro evaluate@router/other" in done.stderr
    assert contents(root / "build/report") == before


def test_a_comparison_of_other_experiments_is_answered(root: Path) -> None:
    (root / "params.yaml").write_text("experiments: [router/base]")
    done = report(root)
    assert done.returncode == 2
    assert "run: dvc repro compare" in done.stderr
    assert not (root / "build/report").exists()
