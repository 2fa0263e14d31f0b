"""What is known of the repository when a model is registered."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from phytotron.tracking.provenance import repository


def git(folder: Path, *arguments: str, **options) -> str:
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments]
    done = subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True, **options
    )
    return done.stdout


@pytest.fixture
def clone(tmp_path, monkeypatch) -> Path:
    """A repository with one commit, which is the current folder."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / "kept.py").write_text("one\n")
    (folder / "gone.py").write_text("two\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "First")
    monkeypatch.chdir(folder)
    return folder


def test_a_clean_repository_needs_no_patch(clone):
    (clone / "dvc.lock").write_text("schema: '2.0'\n")  # what the pipeline writes by itself
    found = repository()
    assert found.tags["dirty"] == "false"
    assert set(found.files) == {"dvc.lock"}


def test_the_patch_makes_the_uncommitted_state_again(clone, tmp_path):
    git(clone, "clone", "--quiet", ".", str(tmp_path / "other"))
    (clone / "kept.py").write_text("one\nmore\n\n")
    (clone / "gone.py").unlink()
    (clone / "new").mkdir()
    (clone / "new/net.py").write_text("three\n")
    (clone / "new/image").write_bytes(bytes(range(256)))
    git(clone, "add", "kept.py")
    staged = git(clone, "status", "--porcelain")

    found = repository()
    assert found.tags["dirty"] == "true"
    assert git(clone, "status", "--porcelain") == staged
    git(tmp_path / "other", "apply", "-", input=found.files["uncommitted.patch"])
    shutil.rmtree(clone / ".git")
    shutil.rmtree(tmp_path / "other/.git")
    for path in clone.rglob("*"):
        if path.is_file():
            assert (tmp_path / "other" / path.relative_to(clone)).read_bytes() == path.read_bytes()
    assert not (tmp_path / "other/gone.py").exists()


def test_a_large_new_file_stays_out_of_the_patch(clone):
    (clone / "large.bin").write_bytes(b"x" * 2_000_000)
    assert "large.bin" not in repository().files["uncommitted.patch"]


def test_outside_of_a_repository_nothing_is_known(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert repository().tags == {}
