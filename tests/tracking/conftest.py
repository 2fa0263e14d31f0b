"""A small project with trained and evaluated contenders, made by the real stages."""

from __future__ import annotations

import shutil
from contextlib import chdir
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

from phytotron.data.tiny_paragraphs import tiny
from phytotron.files import read_json
from phytotron.stages.evaluate import evaluate_experiment
from phytotron.tracking.contender import Contender
from phytotron.tracking.provenance import Provenance
from phytotron.tracking.registry import Version, register_version
from phytotron.tracking.runs import log_contender, tracking_experiment
from phytotron.tracking.store import Store, open_store
from phytotron.training.fit import fit

ROOT = Path(__file__).parents[2]
MODEL = "docs-router"
PIPELINE = {
    "seed": 0,
    "clean": {"min_chars": 30},
    "evaluate": {"bootstrap": 20, "mistakes": 3, "calibration_bins": 5},
    "tracking": {
        "uri": "sqlite:///mlflow.db",
        "artifacts": "mlartifacts",
        "experiment": MODEL,
    },
    "register": {
        "model": MODEL,
        "metric": "macro_f1",
        "min_value": 0.3,
        "min_gain": 0.0,
        "on_incomparable": "keep",
    },
}
ESTIMATOR = {
    "_target_": "phytotron.models.text.tfidf.TfidfLogisticRegression",
    "ngrams": 1,
    "inverse_regularization": 10.0,
    "balance": 0.5,
    "iterations": 20,
    "seed": 0,
}
# The more columns the hashed words share, the better: `docs/poor` is below the gate.
FEATURES = {"docs/poor": 1, "docs/weak": 16, "docs/strong": 4096}
TEST_SET = "a" * 64
FACTS = {"commit": "0123abc", "dirty": "true", "data": '{"data/processed": "md5:77.dir"}'}


@dataclass
class Project:
    """A project whose store is open."""

    store: Store

    def contender(self, experiment: str, test_set: str = TEST_SET) -> Contender:
        return Contender(
            experiment,
            model=Path("build/models") / experiment,
            evaluation=Path("build/evaluation") / experiment,
            metrics=read_json(f"results/{experiment}/metrics.json"),
            test_set=test_set,
            timing=Path("build/timing/train") / f"{experiment}.json",
        )

    def register(self, contender: Contender, tags: dict[str, str] | None = None) -> Version:
        """Log a contender and register it; its version."""
        experiment_id = tracking_experiment(self.store, MODEL)
        logged = log_contender(self.store, experiment_id, contender, Provenance(tags or {}, {}))
        return register_version(self.store, MODEL, contender, logged)

    def relabelled(self, contender: Contender) -> Contender:
        """The contender with a model that knows other labels, measured on another test set."""
        folder = contender.model.with_name("relabelled")
        shutil.copytree(contender.model, folder)
        (folder / "labels.json").write_text('["w", "x", "y", "z"]')
        return replace(contender, model=folder, test_set="c" * 64)


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Path:
    """A project as it is before registration."""
    folder = tmp_path_factory.mktemp("built")
    shutil.copy(ROOT / "dvc.yaml", folder)
    with chdir(folder):
        config = Path("build/config/pipeline.yaml")
        config.parent.mkdir(parents=True)
        config.write_text(yaml.safe_dump(PIPELINE))
        data = tiny("data/processed")
        for experiment, features in FEATURES.items():
            model = ESTIMATOR | {"features": features}
            fit({"seed": 0, "model": model}, data, Path("build/models") / experiment)
            evaluate_experiment(experiment)
    return folder


@pytest.fixture(scope="session")
def with_store(built, tmp_path_factory) -> Path:
    """The same with an empty store."""
    folder = tmp_path_factory.mktemp("store") / "project"
    shutil.copytree(built, folder)
    with chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        open_store(PIPELINE["tracking"])
    return folder


@pytest.fixture(scope="session")
def with_versions(with_store, tmp_path_factory) -> Path:
    """The same with versions 1 (poor), 2 (weak) and 3 (strong) and no champion."""
    folder = tmp_path_factory.mktemp("versions") / "project"
    shutil.copytree(with_store, folder)
    with chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        project = Project(open_store(PIPELINE["tracking"]))
        for experiment in FEATURES:
            project.register(project.contender(experiment), FACTS)
    return folder


@pytest.fixture
def folder(built, tmp_path, monkeypatch) -> Path:
    """The current folder: a project without a store."""
    return _enter(built, tmp_path, monkeypatch)


@pytest.fixture
def project(with_store, tmp_path, monkeypatch) -> Project:
    """In the current folder: a project with an empty store."""
    _enter(with_store, tmp_path, monkeypatch)
    return Project(open_store(PIPELINE["tracking"]))


@pytest.fixture
def three(with_versions, tmp_path, monkeypatch) -> Project:
    """In the current folder: a project with versions 1, 2 and 3."""
    _enter(with_versions, tmp_path, monkeypatch)
    return Project(open_store(PIPELINE["tracking"]))


def _enter(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    shutil.copytree(source, folder)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return folder
