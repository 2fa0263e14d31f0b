"""`phytotron fetch`: on a folder of data sets whose registry is played by a script."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from phytotron.cli import main
from phytotron.files import sha256

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the script is a shell script")


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch) -> Path:
    """A project with three data sets: of one file, of two, of none; and an npm that has both."""
    registry, conf, programs = (tmp_path / name for name in ("registry", "conf/data", "bin"))
    for folder in (registry, conf, programs):
        folder.mkdir(parents=True)
    entries = {}
    for package in ("digits", "photos"):
        file = registry / f"{package}-1.0.tgz"
        file.write_text(package)
        entries[package] = (
            f"  - {{provider: npm, package: {package}, version: '1.0', sha256: {sha256(file)}}}\n"
        )
    (conf / "digits.yaml").write_text(f"# Digits.\n_target_: x.y\nsources:\n{entries['digits']}")
    (conf / "scenes.yaml").write_text(
        f"# Scenes.\n_target_: x.y\nfront:\n{entries['digits']}back:\n{entries['photos']}"
    )
    (conf / "points.yaml").write_text("# Points.\n_target_: x.y\nsizes: [1, 2]\n")
    npm = programs / "npm"  # npm pack NAME@VERSION --pack-destination FOLDER ...
    npm.write_text(f'#!/bin/sh\ncp "{registry}/$(echo "$2" | tr @ -).tgz" "$4"\n')
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PHYTOTRON_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys, *words: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of `phytotron fetch`."""
    with pytest.raises(SystemExit) as caught:
        main(["fetch", *words])
    out, err = capsys.readouterr()
    return int(caught.value.code or 0), out, err


def test_all_files_of_a_data_set_are_fetched(capsys, project):
    status, out, _ = run(capsys, "scenes")
    assert status == 0
    cache = project / "cache"
    assert out.splitlines() == [
        f"scenes: {cache / 'digits-1.0'}",
        f"scenes: {cache / 'photos-1.0'}",
    ]
    assert (cache / "photos-1.0").read_text() == "photos"


def test_the_list_shows_what_is_fetched(capsys):
    run(capsys, "digits")
    status, out, _ = run(capsys, "--list", "--json")
    assert status == 0
    assert json.loads(out) == [
        {"id": "digits", "title": "Digits.", "sources": ["npm digits 1.0"], "fetched": True},
        {"id": "points", "title": "Points.", "sources": [], "fetched": True},
        {
            "id": "scenes",
            "title": "Scenes.",
            "sources": ["npm digits 1.0", "npm photos 1.0"],
            "fetched": False,
        },
    ]
    lines = run(capsys, "--list")[1].splitlines()
    assert [line.split() for line in lines] == [
        ["digits", "fetched", "Digits."],
        ["points", "no", "download", "Points."],
        ["scenes", "not", "fetched", "Scenes."],
    ]


def test_a_misspelt_name_is_reported_and_nothing_is_fetched(capsys, project):
    status, out, err = run(capsys, "digits", "scnes")
    assert (status, out) == (2, "")
    assert "did you mean 'scenes'?" in err
    assert not (project / "cache").exists()


def test_the_others_are_fetched_when_one_fails(capsys, project):
    (project / "registry" / "digits-1.0.tgz").unlink()
    status, _, err = run(capsys, "--all", "--json")
    assert status == 2
    assert (project / "cache" / "photos-1.0").is_file()
    assert "digits: data.read.sources: the data cannot be fetched" in err
    assert "Traceback" not in err


def test_a_data_set_must_be_named(capsys):
    status, _, err = run(capsys)
    assert status == 2
    assert "DATASET" in err


def test_it_answers_without_the_heavy_imports():
    code = (
        "import sys; from phytotron.data.fetching import list_data_sets; list_data_sets();"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
