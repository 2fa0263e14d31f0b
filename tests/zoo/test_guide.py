"""docs/add-a-system.md, carried out word by word in a copy of the repository's groups and code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from phytotron.config.presets import read_card, zoo_ids
from phytotron.runs.results import last_result

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/add-a-system.md").read_text()

# A file is named right above its content; commands have no name above them.
FILES = dict(re.findall(r"^`(\S+)`:\n\n```(?:yaml|python)\n(.*?)```", GUIDE, re.M | re.S))
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)```", GUIDE, re.M | re.S)
    for line in block.splitlines()
]
MINE = ["my/neighbours", "my/radial", "my/spirals"]


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A reader's repository, in which the files of the guide stand."""
    shutil.copytree(ROOT / "conf", tmp_path / "conf", ignore=shutil.ignore_patterns("experiment"))
    shutil.copytree(
        ROOT / "src/phytotron",
        tmp_path / "src/phytotron",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    shutil.copyfile(ROOT / "params.yaml", tmp_path / "params.yaml")
    for name, text in FILES.items():
        path = tmp_path / name
        assert not path.exists(), f"the guide's {name} is there already"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Runs a command as the reader does; what it printed."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", "src")

    def run(command: str) -> str:
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    return run


def test_a_known_network_on_known_data_is_one_file() -> None:
    section = re.split(r"^## ", GUIDE, flags=re.MULTILINE)[1]
    named = [name for name in FILES if f"`{name}`:" in section]
    assert named == ["conf/experiment/my/spirals.yaml"]


def test_a_network_of_ones_own_is_two_files() -> None:
    (section,) = re.findall(r"^## A network of your own.*?(?=^## )", GUIDE, re.M | re.S)
    named = [name for name in FILES if f"`{name}`:" in section]
    assert named == ["src/phytotron/models/my/radial.py", "conf/experiment/my/radial.yaml"]


def test_the_experiments_of_the_guide_compose(reader: Path, run: Callable[[str], str]) -> None:
    assert zoo_ids() == MINE
    for experiment in MINE:
        read_card(experiment)
        assert "_target_" in run(f"phytotron show {experiment}")


@pytest.mark.parametrize(
    "command", [line for line in COMMANDS if re.search(" (show|explain) ", line)]
)
def test_a_command_that_looks_prints_something(
    reader: Path, run: Callable[[str], str], command: str
) -> None:
    assert run(command).strip()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_commands_of_the_guide_do_what_it_says(reader: Path, run: Callable[[str], str]) -> None:
    printed = {command: run(command) for command in COMMANDS}
    assert "3 of 3 reached" in printed["phytotron verify 'my/*' --jobs 2"]
    for experiment in MINE:
        assert last_result(experiment).reached
    page = (reader / "docs/zoo/my.md").read_text()
    assert "\nA small perceptron tells two spirals apart." in page
    assert (reader / "zoo/figures/my/neighbours/class_sizes.csv").is_file()
    assert "squared_relu" in "".join(
        path.read_text() for path in (reader / "build/runs").rglob("config.yaml")
    )
