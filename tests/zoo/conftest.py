"""A small project with experiments, in a folder of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from phytotron.runs.results import Result, spread

ROOT = Path(__file__).parents[2]

FILES = {
    "src/phytotron/models/gate.py": '"""A gate.\n\nCatalogue: C01, C05\n"""\n',
    "conf/activation/selu.yaml": "# SELU: formula.\n# Catalogue: D09\n_target_: torch.nn.SELU\n",
    "conf/config.yaml": """\
        defaults:
          - _self_
          - model: null
          - trainer: null
          - experiment: null
        seed: 0
        model: null
        trainer: null
        figures: []
        card: null
        """,
    "conf/model/net.yaml": "_target_: collections.OrderedDict\nwidth: 4   # units\n",
    "conf/trainer/cpu.yaml": (ROOT / "conf/trainer/default.yaml")
    .read_text(encoding="utf-8")
    .replace("max_epochs: 3                ", "max_epochs: 5                "),
    "conf/experiment/scratch/planar.yaml": """\
        # @package _global_
        # A two-layer network on the planar flower.
        defaults:
          - override /model: net
          - override /trainer: cpu
        card:
          catalogue: [C25]
          reference: "A course on neural networks"
          metric: test/accuracy
          goal: max
          target: 0.9
        """,
    "conf/experiment/scratch/xor.yaml": """\
        # @package _global_
        # XOR.
        defaults:
          - override /model: net
        card:
          catalogue: [C20,  # by hand
                      C22]
          reference: "A text on back-propagation"
          metric: train/loss
          goal: min
          target: 0.05
        """,
}


def _write(project: Path, name: str, text: str) -> None:
    """Write a file of a project, without the margin that the text has in the test."""
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = text.splitlines(keepends=True)
    path.write_text("".join(line.removeprefix(" " * 8) for line in lines))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two experiments; it is the current folder."""
    for name, text in FILES.items():
        _write(tmp_path, name, text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], None]:
    """Writes a file of the project."""
    return partial(_write, tmp_path)


@pytest.fixture
def change(tmp_path: Path) -> Callable[[str, str, str], None]:
    """Changes a piece of text of a file of the project; it must be there."""

    def change(name: str, old: str, new: str) -> None:
        text = (tmp_path / name).read_text()
        assert old in text
        (tmp_path / name).write_text(text.replace(old, new, 1))

    return change


@pytest.fixture
def make_result() -> Callable[..., Result]:
    """Makes the result of a verification of `scratch/planar`; the arguments replace fields."""

    def make(**fields: Any) -> Result:
        known: dict[str, Any] = {
            "experiment": "scratch/planar",
            "preset": None,
            "metric": "test/accuracy",
            "goal": "max",
            "target": 0.9,
            "reached": True,
            "metrics": {
                "test/accuracy": spread([0.9, 0.91, 0.92]),
                "train/loss": spread([0.3, 0.2, 0.1]),
            },
            "seeds": [0, 1, 2],
            "seconds": spread([1.0, 2.0, 3.0]),
            "peak_memory_mb": 512,
            "samples_per_second": 1000.0,
            "parameters": 17,
            "epochs": 5,
            "steps": 50,
            "hardware": {"processor": "A processor", "cores": 2},
            "versions": {"python": "3.11.7", "torch": "2.15.0"},
            "commit": "0123456789abcdef",
            "dirty": False,
            "date": "2026-11-21",
            "fingerprint": "f" * 64,
        }
        return Result(**(known | fields))

    return make


GARDEN = {
    "conf/model/logistic.yaml": """\
        # Logistic regression.
        _target_: sklearn.linear_model.LogisticRegression
        C: 1.0   # inverse strength of the penalty
        """,
    "conf/experiment/tiny/iris.yaml": """\
        # @package _global_
        # Logistic regression on Iris.
        defaults:
          - override /data: iris
          - override /model: logistic
          - override /task: estimator_classification
        card:
          catalogue: [C34]
          reference: "A text"
          metric: test/accuracy
          goal: max
          target: 0.8
          presets: {full: {overrides: [model.C=10.0], target: 0.9}}
        """,
}


@pytest.fixture
def garden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The repository's groups with one experiment that runs in a second; the current folder."""
    leave_out = shutil.ignore_patterns("experiment")
    shutil.copytree(ROOT / "conf", tmp_path / "conf", ignore=leave_out)
    for name, text in GARDEN.items():
        _write(tmp_path, name, text)
    monkeypatch.chdir(tmp_path)
    return tmp_path
