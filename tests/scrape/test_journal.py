from __future__ import annotations

import errno
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from phytotron.errors import UserError
from phytotron.scrape.journal import Entry, Journal

PAGE = Entry("http://h/ä", "page", "stored", size=3, links=["http://h/b"], canonical="http://h/c")
ROBOTS = Entry("http://h/robots.txt", "robots", "failed", "status 404", 404, fetched_at=7.0)


def written(path: Path) -> Path:
    with Journal(path) as journal:
        journal.append(PAGE, b"record of the page")
        journal.append(ROBOTS)
    return path


def test_entries_come_back_with_their_records(tmp_path: Path) -> None:
    with Journal(written(tmp_path / "journal")) as journal:
        assert journal.entries == {("page", "http://h/ä"): PAGE, ("robots", ROBOTS.url): ROBOTS}
        assert journal.record(PAGE) == b"record of the page"
        assert journal.record(ROBOTS) == b""


def test_the_latest_entry_of_an_address_counts(tmp_path: Path) -> None:
    path = written(tmp_path / "journal")
    later = replace(PAGE, size=5)
    with Journal(path) as journal:
        journal.append(later, b"newer")
    with Journal(path) as journal:
        assert journal.entries["page", PAGE.url] == later
        assert journal.record(later) == b"newer"


def test_whatever_is_cut_off_at_the_end_the_entries_before_it_stay(tmp_path: Path) -> None:
    whole = written(tmp_path / "journal").read_bytes()
    path = tmp_path / "cut"
    counts = []
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        with Journal(path) as journal:
            counts.append(len(journal.entries))
            journal.append(ROBOTS)  # and it can go on
        with Journal(path) as journal:
            assert ("robots", ROBOTS.url) in journal.entries
    assert sorted(counts) == counts
    assert (counts[0], counts[-2], counts[-1]) == (0, 1, 2)


def test_a_damaged_byte_ends_the_journal_there(tmp_path: Path) -> None:
    path = written(tmp_path / "journal")
    whole = bytearray(path.read_bytes())
    whole[-3] ^= 1
    path.write_bytes(whole)
    with Journal(path) as journal:
        assert list(journal.entries) == [("page", PAGE.url)]


def test_two_crawls_cannot_write_one_journal(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    with Journal(tmp_path / "journal"), pytest.raises(UserError, match="another crawl"):
        Journal(tmp_path / "journal")
    Journal(tmp_path / "journal").__exit__(None, None, None)


def test_a_write_that_the_disk_refuses_leaves_whole_entries(tmp_path: Path) -> None:
    """In a process of its own whose files may not grow beyond a few kilobytes."""
    pytest.importorskip("resource")
    program = f"""
import resource, signal
from pathlib import Path
from phytotron.scrape.journal import Entry, Journal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = Journal(Path({str(tmp_path / "journal")!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
written = 0
try:
    while True:
        journal.append(Entry(f"http://h/{{written}}", "page", "stored"), bytes(700))
        written += 1
except OSError as error:
    print(written, error.errno, flush=True)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    count, code = map(int, done.stdout.split())
    assert code == errno.EFBIG
    with Journal(tmp_path / "journal") as journal:
        assert len(journal.entries) == count > 1
    assert (tmp_path / "journal").stat().st_size < 5000
