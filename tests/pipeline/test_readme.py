"""The README's commands do what it says."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml
from mlflow.entities.model_registry import ModelVersion, ModelVersionTag

from phytotron.evaluation.summary import summary
from phytotron.files import read_json, write_json
from phytotron.registry.gate import Gate, decide
from phytotron.tracking.environment import TAG

pytestmark = pytest.mark.timeout(600)

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def commands(heading: str) -> list[str]:
    """The shell commands below a heading, without those marked as run by hand."""
    section = re.split(rf"^## {re.escape(heading)}$", README, flags=re.MULTILINE)[1]
    section = re.split(r"^## ", section, flags=re.MULTILINE)[0]
    blocks = re.finditer(r"(<!-- by hand:.*?-->\s*)?^ *```sh\n(.*?)```", section, re.M | re.S)
    lines = [
        line
        for by_hand, block in (m.groups() for m in blocks)
        if not by_hand
        for line in block.splitlines()
    ]
    return [line.partition(" #")[0].strip() for line in lines if line.strip()]


@pytest.fixture(scope="module")
def reader(finished, tmp_path_factory: pytest.TempPathFactory):
    """A reader's repository, in which `make repro` has run and the results are committed."""
    project = finished.copy(tmp_path_factory.mktemp("reader") / "project")
    project.run("git", "add", "--all")
    project.run("git", "commit", "--quiet", "--message", "First results")
    yield project
    shutil.rmtree(project.root)


@pytest.mark.parametrize("command", commands("Look around") + commands("Ask the champion"))
def test_a_command_works(reader, command: str) -> None:
    done = reader.run("bash", "-c", command)
    assert done.stdout.strip()


@pytest.mark.slow
def test_a_change_can_be_tried_and_compared(reader) -> None:
    run, show, difference = commands("Change something and compare")
    reader.run("bash", "-c", run)
    assert "short" in reader.run("bash", "-c", show).stdout
    assert "| Metric" in reader.run("bash", "-c", difference).stdout


def test_the_champion_answers_with_probabilities(reader) -> None:
    (command,) = commands("Ask the champion")
    lines = reader.run("bash", "-c", command).stdout.splitlines()
    assert len(lines) == 3
    probabilities = [float(line.split()[0]) for line in lines]
    assert probabilities == sorted(probabilities, reverse=True)
    assert 0 < sum(probabilities) <= 1.001


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert {command.split()[1] for command in commands("Two commands")} <= set(targets)


def test_the_sample_of_the_summary_shows_the_committed_results(tmp_path, monkeypatch) -> None:
    """All but the times, which are those of one machine, follows from `results/` and `conf/`."""
    shown = README.split("```text\n")[1].split("```")[0].rstrip()
    shutil.copytree(ROOT / "results", tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    for experiment, seconds in re.findall(r"^(router/\w+) .* ([\d.]+) s ", shown, re.MULTILINE):
        write_json(f"build/timing/train/{experiment}.json", {"seconds": float(seconds)})
    comparison = read_json("results/comparison.json")
    selected = comparison["selected"]
    register = yaml.safe_load((ROOT / "conf/pipeline.yaml").read_text())["register"]
    metrics = Path(f"results/{selected}/metrics.json").read_text()
    verdict = decide(
        Gate.from_config(register, comparison["metric"], comparison["goal"]),
        ModelVersion(register["model"], "1", 0, tags=[ModelVersionTag(f"{TAG}metrics", metrics)]),
        champion=None,
        test_split=lambda: None,
    )
    assert verdict.promote
    registration = {"model": register["model"], "experiment": selected, "decision": "promoted"}
    write_json("build/registration.json", registration | {"reason": verdict.reason})
    write_json("build/report/index.html", None)
    assert shown == summary()


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http|#)([^)]+)\)", README))
def test_a_link_leads_to_a_file(link: str) -> None:
    assert (ROOT / link).exists()


@pytest.mark.parametrize("anchor", re.findall(r"\]\(#([^)]+)\)", README))
def test_a_link_inside_leads_to_a_heading(anchor: str) -> None:
    headings = re.findall(r"^#+ (.*)$", README, flags=re.MULTILINE)
    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}
