from __future__ import annotations

import ast
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pandas as pd
import pytest
import requests

from phytotron.tracking.environment import mlflow
from phytotron.training.model_folder import load_model

MODEL = "router"
TEXTS = ["a query on the table uses the index", "the formula of a cell in the worksheet"]


def version_folder(project) -> Path:
    """Where the artifacts of version 3 (strong) are."""
    return Path(mlflow.artifacts.download_artifacts(f"models:/{MODEL}/3"))


def test_mlflow_gives_labels_with_probabilities(three):
    found = mlflow.pyfunc.load_model(f"models:/{MODEL}/3").predict(pd.DataFrame({"text": TEXTS}))
    model = load_model("build/models/router/strong")
    for row, expected in zip(found.to_dict("records"), model.predict_proba(TEXTS), strict=True):
        assert row["probabilities"] == pytest.approx(dict(zip(model.labels, expected, strict=True)))
        assert row["label"] == model.labels[expected.argmax()]
        assert row["probability"] == pytest.approx(expected.max())


def test_a_model_has_a_signature_and_an_example_that_it_answers(three):
    model = mlflow.pyfunc.load_model(f"models:/{MODEL}/3")
    assert [column.name for column in model.metadata.get_input_schema()] == ["text"]
    assert len(model.predict(model.input_example)) == 1


def test_nothing_in_a_model_needs_unpickling_or_names_this_machine(three):
    folder = version_folder(three)
    names = {path.suffix for path in folder.rglob("*") if path.is_file()}
    assert not names & {".pkl", ".pickle", ".pt", ".pth", ".joblib"}
    assert (folder / "data/strong/model.skops").exists()
    assert "python_model" not in (folder / "MLmodel").read_text()


def test_the_requirements_cover_all_that_a_model_imports(three):
    """The code of a model is in it; what this code imports has to be listed."""
    folder = version_folder(three)
    listed = (folder / "requirements.txt").read_text().split()
    names = {line.partition("==")[0] for line in listed}
    foreign = foreign_imports(folder / "code", "phytotron.registry.mlflow_model")
    packages = packages_distributions()
    assert "skops" in foreign
    assert not {name for name in foreign if not names & {each.lower() for each in packages[name]}}


def foreign_imports(code: Path, module: str) -> set[str]:
    """The packages that a module of ours imports, itself or by way of others of ours."""
    foreign, seen, waiting = set(), set(), [module]
    while waiting:
        name = waiting.pop()
        file = code / f"{name.replace('.', '/')}.py"
        if name in seen or not file.exists():
            continue
        seen.add(name)
        for imported in imports(file):
            if imported.startswith("phytotron"):
                waiting.append(imported)
            else:
                foreign.add(imported.partition(".")[0])
    return foreign - set(sys.stdlib_module_names)


def imports(file: Path) -> Iterator[str]:
    """The modules that a file imports, at its top or in a function."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.slow
def test_mlflow_serves_a_model(three):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", f"models:/{MODEL}/3"]
    server = subprocess.Popen(
        [*command, "--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)],
        # MLflow starts uvicorn by its name.
        env=os.environ
        | {"MLFLOW_TRACKING_URI": three.store.uri}
        | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/ping", server)
        body = {"dataframe_records": [{"text": text} for text in TEXTS]}
        answer = requests.post(f"{url}/invocations", json=body, timeout=30).json()["predictions"]
        assert [row["label"] for row in answer] == ["database", "sheet"]
        assert sum(answer[0]["probabilities"].values()) == pytest.approx(1)
    finally:
        if server.poll() is None:
            os.killpg(server.pid, 15)
        server.wait(30)


def wait_for(url: str, server: subprocess.Popen) -> None:
    """Until a server answers."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if requests.get(url, timeout=1).ok:
                return
        except requests.RequestException:
            time.sleep(0.2)
    pytest.fail("the server does not answer")
