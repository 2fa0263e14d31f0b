"""Killed with SIGKILL at any moment and started again, a crawl fetches nothing twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path

import pytest

from phytotron.scrape.crawl import crawl
from phytotron.scrape.settings import CrawlConfig

PAGES = 30
PROGRAM = """
import json, sys
from pathlib import Path
from phytotron.scrape.crawl import crawl
from phytotron.scrape.settings import CrawlConfig
crawl(CrawlConfig(**json.loads(sys.argv[1])), Path(sys.argv[2]))
"""


def start(config: CrawlConfig, out: Path) -> subprocess.Popen[bytes]:
    settings = json.dumps(asdict(config), default=str)
    return subprocess.Popen([sys.executable, "-c", PROGRAM, settings, str(out)])


@pytest.fixture
def deadly(server, answer):
    """Makes the server kill a process instead of answering its n-th request, or half-way."""
    answered: list[str] = []
    state = {"left": -1, "half": False}
    victim: list[subprocess.Popen[bytes]] = []
    lock = threading.Lock()

    def respond(request):
        number = 0 if request.path == "/" else int(request.path[1:])
        links = [2 * number + 1, 2 * number + 2, number + 5]
        body = "<p>page" + "".join(f'<a href="/{n}">x</a>' for n in links if n < PAGES)
        reply = answer(body + "<p>text" * 1000)
        with lock:
            state["left"] -= 1
            if state["left"] == 0:
                if state["half"]:
                    request.send(reply.to_bytes()[:3000])
                os.kill(victim[0].pid, signal.SIGKILL)
                return None
            if state["left"] < 0 and victim and victim[0].poll() is not None:
                return None  # the one that asked is dead
            answered.append(request.path)
        return reply

    server.routes |= {f"/{n}": respond for n in range(PAGES)} | {"/": respond}

    def kill(config: CrawlConfig, out: Path, at: int, half: bool) -> None:
        state.update(left=at, half=half)
        victim[:] = [start(config, out)]
        assert victim[0].wait(timeout=60) == -signal.SIGKILL
        victim.clear()

    kill.answered = answered  # type: ignore[attr-defined]
    return kill


def test_a_killed_crawl_continues_and_gives_the_same_files(server, site, tmp_path, deadly) -> None:
    config = site(concurrency=1)
    crawl(config, tmp_path / "undisturbed")
    deadly.answered.clear()
    out = tmp_path / "killed"
    for at, half in ((1, False), (4, True), (9, False), (6, True)):
        deadly(config, out, at, half)
        assert not (out / "pages.warc.gz").exists()
    summary = crawl(config, out)
    assert summary.pages == PAGES
    assert sorted(deadly.answered) == sorted({"/", *(f"/{n}" for n in range(1, PAGES))})
    for name in ("pages.warc.gz", "crawl.json"):
        assert (out / name).read_bytes() == (tmp_path / "undisturbed" / name).read_bytes()


def test_with_concurrent_requests_only_the_running_ones_are_sent_again(
    server, site, tmp_path, deadly
) -> None:
    config = site(concurrency=4)
    crawl(config, tmp_path / "undisturbed")
    deadly.answered.clear()
    out = tmp_path / "killed"
    deadly(config, out, 15, True)
    crawl(config, out)
    assert len(deadly.answered) - len(set(deadly.answered)) <= 3
    assert (out / "pages.warc.gz").read_bytes() == (
        tmp_path / "undisturbed" / "pages.warc.gz"
    ).read_bytes()


def test_a_kill_between_the_last_page_and_the_archive_costs_no_request(
    server, site, tmp_path, deadly
) -> None:
    """The log is then complete, as after a finished crawl whose outs were deleted."""
    config = site()
    out = tmp_path / "out"
    crawl(config, out)
    state = out / ".crawl" / config.fingerprint
    (state / "previous").rename(state / "current")
    warc = (out / "pages.warc.gz").read_bytes()
    (out / "pages.warc.gz").unlink()
    before = len(server.requests)
    crawl(config, out)
    assert len(server.requests) - before <= 1  # robots.txt is not there, which is no rule to keep
    assert (out / "pages.warc.gz").read_bytes() == warc
