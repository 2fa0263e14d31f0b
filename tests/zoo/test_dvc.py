"""`dvc repro zoo/dvc.yaml` earns again just what a change touches."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from phytotron.config.fingerprint import _PACKAGES
from phytotron.config.imports import everything_imported
from phytotron.runs.results import last_result

ROOT = Path(__file__).parents[2]
SECOND = """\
        # @package _global_
        # A decision tree on Iris.
        defaults:
          - override /data: iris
          - override /model: tree
          - override /task: estimator_classification
        card:
          catalogue: [B75]
          reference: "Another text"
          metric: test/accuracy
          goal: max
          target: 1.5
          seeds: 1
        """


@pytest.fixture
def repro(garden: Path, write, change, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Runs the stages of a repository with two experiments and our code; the stages that ran."""
    leave_out = shutil.ignore_patterns("__pycache__", "scrape", "clean")
    shutil.copytree(ROOT / "src/phytotron", garden / "src/phytotron", ignore=leave_out)
    write("conf/experiment/tiny/tree.yaml", SECOND)
    write("conf/model/tree.yaml", "_target_: sklearn.tree.DecisionTreeClassifier\nmax_depth: 2\n")
    change("conf/experiment/tiny/iris.yaml", "  target: 0.8\n", "  target: 0.8\n  seeds: 1\n")
    (garden / "zoo").mkdir()
    shutil.copyfile(ROOT / "zoo/dvc.yaml", garden / "zoo/dvc.yaml")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(garden / "src"))
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")

    def run(*command: str) -> str:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("git", "init", "--quiet")
    run("dvc", "init", "--quiet")
    write(".gitignore", "build/\n__pycache__/\n")
    run("phytotron", "report")
    pattern = r"^Running stage 'zoo/dvc\.yaml:(.+)'"
    return lambda: re.findall(pattern, run("dvc", "repro", "zoo/dvc.yaml"), flags=re.MULTILINE)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_what_a_change_touches_is_earned_again_and_nothing_else(
    repro: Callable[[], list[str]], change
) -> None:
    assert repro() == ["fingerprints", "verify@tiny/iris", "verify@tiny/tree"]
    assert last_result("tiny/iris").reached
    assert not last_result("tiny/tree").reached  # recorded all the same
    assert repro() == []

    before = last_result("tiny/iris")
    change("conf/model/tree.yaml", "max_depth: 2", "max_depth: 1")
    assert repro() == ["fingerprints", "verify@tiny/tree"]
    assert last_result("tiny/iris") == before

    change("conf/experiment/tiny/iris.yaml", "A text", "The text")
    assert repro() == ["fingerprints"]

    change("src/phytotron/tasks/estimators.py", "def _arrays(", "# A remark.\ndef _arrays(")
    assert repro() == ["fingerprints"]


def test_the_stage_depends_on_all_that_a_fingerprint_does() -> None:
    stage = yaml.safe_load((ROOT / "zoo/dvc.yaml").read_text())["stages"]["fingerprints"]
    listed = set(stage["deps"])
    assert {f"src/phytotron/{package}" for package in _PACKAGES} | {"conf"} <= listed
    needed = everything_imported(ROOT / "src/phytotron/zoo/fingerprints.py")
    places = {path.relative_to(ROOT).as_posix() for path in needed}
    # No fingerprint depends on how errors are told and files are written.
    ground = {f"src/phytotron/{name}.py" for name in ("__init__", "errors", "files")}
    ground |= {"src/phytotron/stages/__init__.py", "src/phytotron/zoo/__init__.py"}
    assert not {
        place for place in places - ground if not any(place.startswith(each) for each in listed)
    }
