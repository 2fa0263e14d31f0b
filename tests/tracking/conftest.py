"""A small project with trained and evaluated contenders, made by the real stages."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import requests
import yaml

from phytotron.data.tiny_paragraphs import tiny
from phytotron.files import read_json
from phytotron.stages.evaluate import evaluate_experiment
from phytotron.tracking.batches import tracking_experiment
from phytotron.tracking.contender import Contender
from phytotron.tracking.provenance import Provenance
from phytotron.tracking.registry import Version, register_version
from phytotron.tracking.runs import log_contender
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
TRAINED = {
    "seed": 0,
    "data": {"_target_": "phytotron.data.texts.TextsOfParagraphs"},
    "task": {
        "_target_": "phytotron.tasks.estimators.SupervisedEstimator",
        "metrics": {
            "accuracy": {"_target_": "sklearn.metrics.accuracy_score", "_partial_": True},
            "macro_f1": {
                "_target_": "sklearn.metrics.f1_score",
                "_partial_": True,
                "average": "macro",
            },
        },
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
            fit(TRAINED | {"model": model}, data, Path("build/models") / experiment)
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


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait until another process has made a condition true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.05)


@pytest.fixture
def eventually() -> Callable[..., None]:
    """`eventually(condition, seconds=60)` waits until it is true."""
    return wait_until


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


class Server:
    """A real `mlflow server` on a loopback port; it can be stopped and started again."""

    def __init__(self, folder: Path, database: str) -> None:
        self.uri = f"http://127.0.0.1:{free_port()}"
        self.folder = folder
        self.database = database
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "mlflow", "server", "--workers", "1"]
        command += ["--host", "127.0.0.1", "--port", self.uri.rpartition(":")[2]]
        command += ["--backend-store-uri", self.database]
        command += ["--artifacts-destination", str(self.folder / "artifacts")]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, start_new_session=True, cwd=self.folder, stdout=log, stderr=log
            )
        wait_until(self.answers, seconds=120)

    def answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "server.log").read_text()
        try:
            return requests.get(f"{self.uri}/health", timeout=5).ok
        except requests.RequestException:
            return False

    def stop(self) -> None:
        """End it as a crash would, with all connections."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of a database in a PostgreSQL server of its own on a loopback port."""
    pytest.importorskip("psycopg", reason="psycopg, the driver of PostgreSQL, is not installed")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        pytest.skip("no MLFLOW_TRACKING_URI, and Debian's postgresql is not installed")
    programs = found[-1].parent
    as_owner: dict[str, str] = {}
    folder = Path(tempfile.mkdtemp(prefix="phytotron-postgresql-"))
    if os.getuid() == 0:  # PostgreSQL refuses to be run by root
        as_owner = {"user": "nobody"}
        shutil.chown(folder, "nobody")
    initialise = [programs / "initdb", "-D", folder / "data", "-A", "trust", "-U", "mlflow"]
    subprocess.run(
        [*initialise, "--no-sync"], check=True, capture_output=True, cwd=folder, **as_owner
    )
    port = free_port()
    command = [programs / "postgres", "-D", folder / "data", "-p", str(port), "-F"]
    command += ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL, **as_owner)
    ready = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "mlflow"]
    try:
        wait_until(lambda: subprocess.run(ready, check=False).returncode == 0)
        yield f"postgresql://mlflow@127.0.0.1:{port}/postgres"
    finally:
        process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
        process.wait(30)
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def server_on_sqlite(tmp_path_factory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    yield from _served(folder, f"sqlite:///{folder}/server.db")


@pytest.fixture(scope="session")
def server_on_postgresql(tmp_path_factory) -> Iterator[Server]:
    with postgresql() as database:
        yield from _served(tmp_path_factory.mktemp("server"), database)


def _served(folder: Path, database: str) -> Iterator[Server]:
    server = Server(folder, database)
    try:
        server.start()
        yield server
    finally:
        server.stop()


STORES = [
    "sqlite",
    pytest.param("server", marks=pytest.mark.slow),
    pytest.param("postgresql", marks=pytest.mark.slow),
]


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory) -> Path:
    """The file of an SQLite store without runs."""
    folder = tmp_path_factory.mktemp("empty")
    with chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        open_store(PIPELINE["tracking"])
    return folder / "mlflow.db"


@pytest.fixture(params=STORES)
def uri(request, tmp_path, empty_database) -> str:
    """The address of a store: SQLite, a server on SQLite, and a server on PostgreSQL.

    The last one is that of MLFLOW_TRACKING_URI, if it names one.
    """
    if request.param == "sqlite":
        shutil.copy(empty_database, tmp_path)
        return f"sqlite:///{tmp_path}/mlflow.db"
    given = os.environ.get("MLFLOW_TRACKING_URI", "")
    if request.param == "postgresql" and given.startswith("http"):
        return given
    server: Server = request.getfixturevalue(
        "server_on_sqlite" if request.param == "server" else "server_on_postgresql"
    )
    return server.uri
