from __future__ import annotations

import errno
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from phytotron.errors import UserError
from phytotron.scrape.crawl_log import CrawlLog, Entry

PAGE = Entry("http://h/ä", "page", "stored", size=3, links=["http://h/b"], canonical="http://h/c")
ROBOTS = Entry("http://h/robots.txt", "robots", "failed", "status 404", 404, fetched_at=7.0)


def written(path: Path) -> Path:
    with CrawlLog(path) as log:
        log.append(PAGE, b"record of the page")
        log.append(ROBOTS)
    return path


def test_entries_come_back_with_their_records(tmp_path: Path) -> None:
    with CrawlLog(written(tmp_path / "log")) as log:
        assert log.entries == {("page", "http://h/ä"): PAGE, ("robots", ROBOTS.url): ROBOTS}
        assert log.record(PAGE) == b"record of the page"
        assert log.record(ROBOTS) == b""


def test_the_latest_entry_of_an_address_counts(tmp_path: Path) -> None:
    path = written(tmp_path / "log")
    later = replace(PAGE, size=5)
    with CrawlLog(path) as log:
        log.append(later, b"newer")
    with CrawlLog(path) as log:
        assert log.entries["page", PAGE.url] == later
        assert log.record(later) == b"newer"


def test_a_truncated_log_keeps_the_entries_before_the_cut(tmp_path: Path) -> None:
    whole = written(tmp_path / "log").read_bytes()
    path = tmp_path / "cut"
    counts = []
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        with CrawlLog(path) as log:
            counts.append(len(log.entries))
            log.append(ROBOTS)  # and it can continue
        with CrawlLog(path) as log:
            assert ("robots", ROBOTS.url) in log.entries
    assert sorted(counts) == counts
    assert (counts[0], counts[-2], counts[-1]) == (0, 1, 2)


def test_a_damaged_byte_ends_the_log_there(tmp_path: Path) -> None:
    path = written(tmp_path / "log")
    whole = bytearray(path.read_bytes())
    whole[-3] ^= 1
    path.write_bytes(whole)
    with CrawlLog(path) as log:
        assert list(log.entries) == [("page", PAGE.url)]


def test_two_crawls_cannot_write_one_log(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    with CrawlLog(tmp_path / "log"), pytest.raises(UserError, match="another crawl"):
        CrawlLog(tmp_path / "log")
    CrawlLog(tmp_path / "log").__exit__(None, None, None)


def test_a_failed_write_leaves_complete_entries(tmp_path: Path) -> None:
    """In another process, whose files may not grow beyond a few kilobytes."""
    pytest.importorskip("resource")
    program = f"""
import resource, signal
from pathlib import Path
from phytotron.scrape.crawl_log import Entry, CrawlLog
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
log = CrawlLog(Path({str(tmp_path / "log")!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
written = 0
try:
    while True:
        log.append(Entry(f"http://h/{{written}}", "page", "stored"), bytes(700))
        written += 1
except OSError as error:
    print(written, error.errno, flush=True)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    count, code = map(int, done.stdout.split())
    assert code == errno.EFBIG
    with CrawlLog(tmp_path / "log") as log:
        assert len(log.entries) == count > 1
    assert (tmp_path / "log").stat().st_size < 5000
