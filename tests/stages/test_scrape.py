"""The stage as DVC runs it: a process in the repository's root."""

from __future__ import annotations

import hashlib
import io
import json
import random
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from phytotron.scrape.settings import CrawlConfig

PAGES = 40
SITE: dict[str, Any] = {
    "name": "small",
    "archive": "site.tar.xz",
    "host": "docs.phytotron.test",
    "start_urls": ["http://docs.phytotron.test/index.html"],
    "allowed_hosts": ["docs.phytotron.test"],
    "include": [],
    "exclude": [],
    "use_sitemaps": True,
    "max_pages": 1000,
    "max_depth": 5,
    "max_page_bytes": 100_000,
    "max_total_bytes": 10_000_000,
    "max_redirects": 5,
    "delay": 0.0,
    "concurrency": 2,
    "timeout": 10.0,
    "retries": 0,
    "backoff": 0.0,
    "user_agent": "phytotron/0.1",
    "allow_private": True,
}


class Project:
    """A folder in which the stage can run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        keys = [f"site.{field.name}" for field in fields(CrawlConfig)]
        stage = {"params": [{"build/config/pipeline.yaml": keys}]}
        self.write("dvc.yaml", {"stages": {"scrape": stage}})
        self.configure()
        draw = random.Random(0)
        words = (draw.randbytes(6000).hex() for _ in range(PAGES))  # hard to compress
        self.pack({f"{n}.html": f"<p>{text}" for n, text in enumerate(words)})

    def write(self, name: str, content: Any) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content))

    def configure(self, **changes: Any) -> None:
        self.write("build/config/pipeline.yaml", {"site": SITE | changes})

    def pack(self, members: dict[str, str]) -> None:
        """Make the archive of the site, with an index of its pages."""
        links = "".join(f'<a href="{name}">x</a>' for name in members)
        archive = self.root / "site.tar.xz"
        with tarfile.open(archive, "w:xz", preset=0) as tar:
            for name, text in ({"index.html": links} | members).items():
                entry = tarfile.TarInfo(name)
                entry.size = len(text)
                tar.addfile(entry, io.BytesIO(text.encode()))
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        (self.root / "SHA256SUMS").write_text(f"{digest}  site.tar.xz\n")

    def start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "phytotron.stages.scrape"]
        return subprocess.Popen(
            command, cwd=self.root, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def scrape(self) -> tuple[int, str, str]:
        """Run the stage; its exit status and what it printed on both channels."""
        process = self.start()
        out, errors = process.communicate(timeout=120)
        return process.returncode, out, errors

    def outs(self) -> dict[str, bytes]:
        folder = self.root / "data/raw"
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    def assert_refused(self, *words: str) -> None:
        """The stage ends with a message for the user that has these words, and no traceback."""
        status, _, errors = self.scrape()
        assert status == 2, errors
        assert "Traceback" not in errors
        for word in words:
            assert word in errors


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_the_outs_are_written_and_the_time_is_kept_apart(project: Project) -> None:
    status, out, errors = project.scrape()
    assert status == 0, errors
    assert f"{PAGES + 1} pages" in out
    outs = project.outs()
    assert sorted(outs) == ["crawl.json", "pages.warc.gz"]
    assert json.loads(outs["crawl.json"])["fetched"] == PAGES + 1
    timing = json.loads((project.root / "build/timing/scrape.json").read_text())
    assert timing["requests"] == PAGES + 3  # with robots.txt and sitemap.xml
    project.scrape()
    assert project.outs() == outs


def test_killed_and_run_again_it_ends_with_the_same_outs(project: Project) -> None:
    assert project.scrape()[0] == 0
    undisturbed = project.outs()
    (state,) = (project.root / "build/scratch/scrape").iterdir()
    journal = (state / "previous").read_bytes()
    (state / "previous").unlink()
    project.configure(delay=0.05, concurrency=1)  # slow enough to be hit in the middle
    process = project.start()
    while not (state / "current").exists() or (state / "current").stat().st_size < 50_000:
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert 50_000 <= (state / "current").stat().st_size < len(journal)
    project.configure()
    assert project.scrape()[0] == 0
    assert project.outs() == undisturbed


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a separate file system of 200 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount(folder, "size=200k")
    yield folder
    unmount(folder)


def mount(folder: Path, options: str) -> None:
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the right to mount a file system")


def unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("part", ["build/scratch", "data/raw"])
def test_a_full_disk_leaves_what_was_there(project: Project, small_disk: Path, part: str) -> None:
    """200 kB do not hold the journal, or not a second archive beside the first."""
    project.pack({f"{n}.html": "<p>few pages" for n in range(3)})
    target = project.root / part
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(small_disk)
    assert project.scrape()[0] == 0
    before = project.outs()
    Project(project.root)
    project.assert_refused("the disk is full")
    assert project.outs() == before


@pytest.mark.parametrize("part", ["build/scratch", "data/raw"])
def test_a_folder_that_may_not_be_written(project: Project, part: str) -> None:
    folder = project.root / part
    folder.mkdir(parents=True)
    mount(folder, "ro")
    try:
        project.assert_refused("read-only")
    finally:
        unmount(folder)


def test_a_damaged_archive(project: Project) -> None:
    archive = project.root / "site.tar.xz"
    archive.write_bytes(archive.read_bytes()[:-100])
    project.assert_refused("site.tar.xz", "SHA-256")


def test_a_site_that_forbids_everything(project: Project) -> None:
    project.pack({"robots.txt": "User-agent: *\nDisallow: /\n"})
    project.assert_refused("robots.txt forbids")


def test_a_site_that_is_down(project: Project) -> None:
    project.configure(
        archive=None, host=None, start_urls=["http://127.0.0.1:9/"], allowed_hosts=["127.0.0.1"]
    )
    project.assert_refused("connection refused")


def test_a_mistake_in_the_config(project: Project) -> None:
    project.configure(include=["("])
    project.assert_refused("site.include")
