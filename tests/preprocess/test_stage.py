"""The stage as `dvc repro` runs it: in its own process, in a project folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from phytotron.stages.preprocess import DOCUMENTS, PROCESSED

SHIPPED = Path(__file__).parents[2] / "conf/preprocess/paragraphs.yaml"


class Project:
    command = (sys.executable, "-m", "phytotron.stages.preprocess")

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listed = {"build/config/pipeline.yaml": ["seed", "preprocess"]}
        stages = {"stages": {"preprocess": {"params": [listed]}}}
        (folder / "dvc.yaml").write_text(yaml.safe_dump(stages))
        (folder / "build/config").mkdir(parents=True)
        self.configure()

    def configure(self, **changes) -> None:
        config = yaml.safe_load(SHIPPED.read_text(encoding="utf-8")) | {"workers": 2} | changes
        pipeline = {"seed": 0, "preprocess": config}
        (self.folder / "build/config/pipeline.yaml").write_text(yaml.safe_dump(pipeline))

    def run(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command,
            cwd=self.folder,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def project(tmp_path, corpus):
    (tmp_path / DOCUMENTS).parent.mkdir(parents=True)
    corpus.fill().write().rename(tmp_path / DOCUMENTS)
    return Project(tmp_path)


def test_the_stage_writes_the_folder_and_prints_its_contents(project):
    run = project.run()
    assert run.returncode == 0, run.stderr
    assert "train: " in run.stdout
    assert "removed from validation: 0 copies" in run.stdout
    assert (project.folder / PROCESSED / "manifest.json").exists()
    assert [path.name for path in (project.folder / "data").iterdir() if "part" in path.name] == []


def test_workers_start_without_pandas(project):
    project.configure(shard_paragraphs=10)  # enough ranges for each process
    run = project.run(PYTHONPROFILEIMPORTTIME="1")
    imported = [line.rpartition("|")[2].strip() for line in run.stderr.splitlines()]
    assert imported.count("numpy") == 2
    assert imported.count("pandas") <= 1  # the calling process may


def test_mistakes_exit_with_2_and_no_traceback(project):
    project.configure(fractions={"train": 0.5, "validation": 0.1, "test": 0.1})
    run = project.run()
    assert run.returncode == 2
    assert run.stderr.startswith("error: preprocess.fractions: ")
    assert "Traceback" not in run.stderr
    assert not (project.folder / PROCESSED).exists()


@pytest.fixture
def small_disk(project, request):
    """`data/` on a disk with only some KiB left beside the documents."""
    disk = project.folder / "data"
    documents = (project.folder / DOCUMENTS).read_bytes()
    size = request.param + 4 * -(-len(documents) // 4096)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the right to mount a small disk")
    try:
        (project.folder / DOCUMENTS).parent.mkdir()
        (project.folder / DOCUMENTS).write_bytes(documents)
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


# The disk fills up while texts, tokens or the manifest are written.
@pytest.mark.parametrize(
    ("small_disk", "workers"), [(36, 1), (44, 1), (44, 2), (76, 1)], indirect=["small_disk"]
)
def test_full_disk_exits_with_2_and_leaves_nothing(project, small_disk, workers):
    project.configure(workers=workers)
    run = project.run()
    assert run.returncode == 2, run.stderr
    assert "the disk is full" in run.stderr
    assert [path.name for path in small_disk.iterdir()] == ["interim"]


@pytest.mark.slow
def test_killed_stage_runs_again_to_the_same_bytes(project):
    assert project.run().returncode == 0
    undisturbed = contents(project.folder / PROCESSED)
    shutil.rmtree(project.folder / PROCESSED)
    with subprocess.Popen(
        project.command, cwd=project.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as stage:
        while not list((project.folder / "data").glob(".processed.*")):
            assert stage.poll() is None
        stage.kill()
    assert not (project.folder / PROCESSED).exists()
    assert project.run().returncode == 0
    assert contents(project.folder / PROCESSED) == undisturbed


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
