"""The nightly workflow, whose scripts run here as GitHub would run them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/zoo.yml").read_text())
GH = """\
#!/bin/sh
printf '%s\\n' "$*" >> calls
case "$*" in "issue list"*) printf '%s' "$OPEN_ISSUE" ;; esac
"""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the workflow runs on Linux")


def script(job: str, step: str) -> str:
    """The shell script of a step."""
    return next(each for each in WORKFLOW["jobs"][job]["steps"] if each.get("name") == step)["run"]


def run(folder: Path, text: str, **environment: str) -> None:
    program = folder / "bin/gh"
    program.parent.mkdir(exist_ok=True)
    program.write_text(GH)
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        ["bash", "-eo", "pipefail", "-c", text],
        cwd=folder,
        env=os.environ | {"PATH": path, "PARTS": WORKFLOW["env"]["PARTS"]} | environment,
        check=True,
    )


@pytest.mark.parametrize("asked", ["", "3"])
def test_each_day_has_a_part_that_there_is(tmp_path: Path, asked: str) -> None:
    output = tmp_path / "output"
    run(tmp_path, script("verify", "the part of the day"), PART=asked, GITHUB_OUTPUT=str(output))
    name, _, part = output.read_text().strip().partition("=")
    assert name == "part"
    assert part == asked or (not asked and 1 <= int(part) <= int(WORKFLOW["env"]["PARTS"]))


@pytest.mark.parametrize(
    ("number", "call"), [("", "issue create --title"), ("12", "issue comment 12")]
)
def test_a_miss_opens_an_issue_or_comments_on_the_open_one(
    tmp_path: Path, number: str, call: str
) -> None:
    (tmp_path / "verify.log").write_text("0 of 1 reached\n  tiny/iris: target missed\n")
    text = script("tell", "an issue for each part, or a comment on the one that is open")
    run(tmp_path, text, PART="3", RUN="https://example.org/run", OPEN_ISSUE=number)
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls[-1].startswith(call)
    body = (tmp_path / "body.md").read_text()
    assert "tiny/iris: target missed" in body
    assert "https://example.org/run" in body


def test_an_issue_is_opened_also_without_a_log(tmp_path: Path) -> None:
    text = script("tell", "an issue for each part, or a comment on the one that is open")
    run(tmp_path, text, PART="3", RUN="https://example.org/run", OPEN_ISSUE="")
    assert "the job crashed" in (tmp_path / "body.md").read_text()


@pytest.mark.parametrize("status", [0, 1, 2])
def test_the_status_of_verify_is_the_verdict(tmp_path: Path, status: int) -> None:
    program = tmp_path / ".venv/bin/phytotron"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\necho "asked: $*"\nexit {status}\n')
    program.chmod(0o755)
    output, summary = tmp_path / "output", tmp_path / "summary"
    files = {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
    # As the step's own `shell` has it, without -e.
    text = "set +e\n" + script("verify", "verify")
    run(tmp_path, text, PART="3", **files)
    assert output.read_text() == f"verdict={status}\n"
    assert "asked: verify --part 3/14\n" in summary.read_text()


def test_only_what_is_stale_can_be_verified(tmp_path: Path) -> None:
    program = tmp_path / ".venv/bin/phytotron"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "asked: $*"\n')
    program.chmod(0o755)
    output, summary = tmp_path / "output", tmp_path / "summary"
    files = {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
    run(tmp_path, script("verify", "verify"), PART="3", STALE="yes", **files)
    assert "asked: verify --part 3/14 --stale\n" in summary.read_text()
