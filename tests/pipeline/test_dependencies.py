"""`dvc.yaml` lists all that a stage depends on: then DVC reruns what a change touches."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from phytotron.config.imports import everything_imported, imports

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]

# What no result depends on: how configs are read, errors told, files written, progress shown and
# trainings watched.
GROUND = {
    "src/phytotron/__init__.py",
    "src/phytotron/errors.py",
    "src/phytotron/files.py",
    "src/phytotron/locks.py",
    "src/phytotron/tracking/journal.py",
    "src/phytotron/progress.py",
    "src/phytotron/tables.py",
    "src/phytotron/tracking/watch.py",
    "src/phytotron/stages/__init__.py",
    "src/phytotron/config",
}


def everything_needed(path: Path) -> set[str]:
    """All files of ours that a file needs, by way of others too, from the repository's root."""
    return {file.relative_to(ROOT).as_posix() for file in everything_imported(path)}


def is_under(file: str, places: set[str]) -> bool:
    return any(file == place or file.startswith(f"{place}/") for place in places)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_lists_every_source_that_it_imports(stage: str) -> None:
    listed = set(STAGES[stage]["deps"]) | GROUND
    needed = everything_needed(SOURCE / f"phytotron/stages/{stage}.py")
    assert not {file for file in needed if not is_under(file, listed)}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_lists_no_source_that_it_does_not_import(stage: str) -> None:
    needed = everything_needed(SOURCE / f"phytotron/stages/{stage}.py")
    listed = {place for place in STAGES[stage]["deps"] if place.startswith("src/")}
    # Networks, tasks and data modules are named by the config and imported by that name.
    by_name = {f"src/phytotron/{part}" for part in ("data", "models", "nn", "tasks")}
    unused = {place for place in listed if not any(is_under(file, {place}) for file in needed)}
    assert unused <= (by_name if stage in {"train", "evaluate"} else set())


# A package or module of `phytotron` may import those before it in this list, and no others.
ORDER = [
    "errors",
    "files",
    "locks",
    "machine",
    "progress",
    "tables",
    "config",
    "html",
    "scrape",
    "clean",
    "preprocess",
    "data",
    "nn",
    "models",
    "scratch",
    "tasks",
    "tracking",
    "training",
    "evaluation",
    "figures",
    "registry",
    "predict",
    "report",
    "runs",
    "zoo",
    "stages",
    "doctor",
    "cli",
]


def position(file: str) -> int:
    return ORDER.index(Path(file).relative_to("src/phytotron").parts[0].removesuffix(".py"))


MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (SOURCE / "phytotron").rglob("*.py")
    if path.name != "__init__.py"
)


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_downwards(module: str) -> None:
    imported = {
        path.relative_to(ROOT).as_posix()
        for path in imports(ROOT / module)
        if path.name != "__init__.py"
    }
    assert not {other for other in imported if position(other) > position(module)}
