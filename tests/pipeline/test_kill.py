"""A stage killed with SIGKILL at any moment: `dvc repro` ends with the same hashes all the same."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess

import psutil
import pytest

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL"),
]

STAGES = [
    "compose",
    "scrape",
    "clean",
    "preprocess",
    "train@router/tfidf",
    "train@router/fasttext",
    "evaluate@router/fasttext",
    "compare",
    "register",
    "report",
]
QUICK = {"scrape", "train@router/fasttext"}


def cases() -> list:
    """Every stage, each at another moment; all but two are for `make test-slow`."""
    draw = random.Random(0)
    return [
        pytest.param(
            stage,
            draw.uniform(0.1, 4.0),
            marks=[] if stage in QUICK else [pytest.mark.slow],
            id=stage.replace("/", "-"),
        )
        for stage in STAGES
    ]


def kill_what_it_starts(dvc: psutil.Process, seconds: float) -> None:
    """Kill a stage with all its processes some seconds after DVC has started it.

    DVC itself stays: it writes its own lock file in place, and would not read half of it again.
    """
    while not (stage := dvc.children(recursive=True)):
        if dvc.status() == psutil.STATUS_ZOMBIE:
            return  # it had nothing to start
    _, running = psutil.wait_procs(stage, seconds)
    for process in [*dvc.children(recursive=True), *running]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "seconds"), cases())
def test_a_killed_stage_run_again_ends_with_the_same_hashes(
    project, finished, stage: str, seconds: float
) -> None:
    started = subprocess.Popen(
        ["dvc", "repro", "--single-item", "--force", stage],
        cwd=project.root,
        env=project.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    kill_what_it_starts(psutil.Process(started.pid), seconds)
    started.wait()
    project.repro()
    assert project.hashes() == finished.hashes()
    assert "up to date" in project.run("dvc", "status").stdout
