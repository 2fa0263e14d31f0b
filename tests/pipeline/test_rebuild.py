"""A champion grows again from its lineage, in a clean clone, to the same weights."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from phytotron.files import sha256

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]


def test_the_commands_of_a_lineage_make_the_same_weights(project, tmp_path: Path) -> None:
    shown = project.run("phytotron", "lineage", "router@champion", "--json").stdout
    (lineage,) = json.loads(shown)
    clone = type(project)(tmp_path / "clone")
    project.run("git", "clone", "--quiet", ".", str(clone.root))
    store = f"sqlite:///{project.root / 'mlflow.db'}"
    for command in lineage["rebuild"]:
        own = f"MLFLOW_TRACKING_URI={shlex.quote(store)} " if command.startswith("mlflow") else ""
        # `make repro` would set up the environment first, the one that this test runs in.
        clone.run("bash", "-c", own + command.replace("make repro", "dvc repro"))

    experiment = lineage["experiment"]
    for path in sorted((project.root / "build/models" / experiment).iterdir()):
        assert sha256(clone.root / "build/models" / experiment / path.name) == sha256(path), path
