"""The real pipeline on a small part of the bundled site, in a separate repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from phytotron.files import sha256

ROOT = Path(__file__).parents[2]

# Four areas with few and short pages.
AREAS = {
    "httpd/developer": "^/httpd/developer/",
    "httpd/programs": "^/httpd/programs/",
    "postgresql/functions": "^/postgresql/functions",
    "libreoffice/draw": "^/libreoffice/en-US/text/sdraw/",
}
EXPERIMENTS = ["router/tfidf", "router/fasttext"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give what needs the finished repository to one worker: making it twice would take longest."""
    for item in items:
        if "finished" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("finished"))


@dataclass(frozen=True)
class Project:
    """A repository in which the pipeline can run."""

    root: Path

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment in the repository."""
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self.environment(),
            text=True,
            capture_output=True,
            timeout=280,
            check=False,
        )
        if check and done.returncode:
            pytest.fail(
                f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}"
            )
        return done

    def environment(self) -> dict[str, str]:
        """The process environment: the project's own programs first, no foreign tracking server."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return own | {"PATH": path, "DVC_NO_ANALYTICS": "1", "PYTHONUNBUFFERED": "1"}

    def repro(self, *targets: str) -> list[str]:
        """Run `dvc repro`; the names of the stages that ran."""
        return stages_run(self.run("dvc", "repro", *targets).stdout)

    def read(self, path: str) -> Any:
        """The content of a YAML or JSON file."""
        return yaml.safe_load((self.root / path).read_text())

    def change(self, path: str, **values: Any) -> None:
        """Set top-level keys of a YAML file."""
        content = self.read(path) | values
        (self.root / path).write_text(yaml.safe_dump(content, sort_keys=False))

    def replace(self, path: str, old: str, new: str) -> None:
        """Change a piece of text of a file, which must be there."""
        text = (self.root / path).read_text()
        assert old in text
        (self.root / path).write_text(text.replace(old, new, 1))

    def hashes(self) -> dict[str, str]:
        """The hash of every out, from `dvc.lock`."""
        stages = self.read("dvc.lock")["stages"].values()
        return {out["path"]: out["md5"] for stage in stages for out in stage["outs"]}

    def copy(self, target: Path) -> Project:
        """The same repository somewhere else, with its outs and DVC's cache."""
        shutil.copytree(self.root, target, symlinks=True)
        return Project(target)


def stages_run(output: str) -> list[str]:
    """The stages that `dvc repro` ran, from what it printed."""
    return re.findall(r"^Running stage '([^']+)'", output, flags=re.MULTILINE)


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A committed repository in which nothing has run yet."""
    root = tmp_path_factory.mktemp("fresh") / "project"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    left_out = (
        "tests/",
        "results/",
        "zoo/",
        "benchmarks/",
        "dvc.lock",
        "data/site/",
        "requirements",
    )
    for name in listed.stdout.decode().split("\0"):
        if name and not name.startswith(left_out) and (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, root / name)
    shutil.copyfile(ROOT / "requirements.lock", root / "requirements.lock")
    project = Project(root)
    _small_site(project)
    project.change(
        "params.yaml", experiments=EXPERIMENTS, overrides=["trainer.max_epochs=1"], site="router"
    )
    for command in (
        ["git", "init", "--quiet", "--initial-branch", "main"],
        ["git", "config", "user.name", "A Person"],
        ["git", "config", "user.email", "person@example.org"],
        ["git", "add", "--all"],
        ["git", "commit", "--quiet", "--message", "A small site"],
    ):
        project.run(*command)
    return project


def _small_site(project: Project) -> None:
    """Put a part of the bundled site in the place of the whole, with the rules for that part."""
    archive = project.root / "data/site/router.tar.xz"
    archive.parent.mkdir(parents=True)
    keep = [pattern.removeprefix("^/") for pattern in AREAS.values()]
    with (
        tarfile.open(ROOT / "data/site/router.tar.xz") as source,
        tarfile.open(archive, "w:xz", preset=0) as target,
    ):
        for member in source:
            if member.name.startswith((*keep, "index.html", "robots.txt")):
                target.addfile(member, source.extractfile(member))
    (archive.parent / "SHA256SUMS").write_text(f"{sha256(archive)}  router.tar.xz\n")

    path = "conf/site/router.yaml"
    host = "http://docs.phytotron.test"
    project.change(
        path,
        start_urls=[f"{host}/{page}" for page in _start_pages(archive)],
        labels=[{"match": pattern, "label": label} for label, pattern in AREAS.items()],
        min_paragraphs_per_label=20,
        use_sitemaps=False,
    )


def _start_pages(archive: Path) -> list[str]:
    with tarfile.open(archive) as site:
        return [name for name in site.getnames() if name.endswith(".html") and "/" in name]


@pytest.fixture(scope="session")
def finished(fresh: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The repository after its first `dvc repro`; tests must not change it."""
    project = fresh.copy(tmp_path_factory.mktemp("finished") / "project")
    project.repro()
    return project


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Iterator[Project]:
    """A copy of the finished repository, for a test to change."""
    copy = finished.copy(tmp_path / "project")
    yield copy
    shutil.rmtree(copy.root)
