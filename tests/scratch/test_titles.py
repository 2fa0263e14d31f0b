"""Titles of several pages by threads and by processes (catalogue row A05)."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator

import pytest

from phytotron.errors import UserError
from phytotron.scrape.server import SnapshotServer
from phytotron.scratch.titles import fetch_titles

pytestmark = pytest.mark.catalogue("A05")

TITLES = [f"Page {number}" for number in range(12)]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a site with one page a title, one without, and one nested too deeply."""
    pages = {f"{title[5:]}.html": f"<title>{title}</title>" for title in TITLES}
    pages |= {"none.html": "<p>untitled", "deep.html": "<div>" * 5000}
    archive = tmp_path_factory.mktemp("site") / "site.tar.xz"
    with tarfile.open(archive, "w:xz") as tar:
        for name, html in pages.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(html)
            tar.addfile(entry, io.BytesIO(html.encode()))
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    archive.with_name("SHA256SUMS").write_text(f"{digest}  {archive.name}\n")
    with SnapshotServer(archive) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.mark.parametrize(
    ("workers", "processes"),
    [(1, False), (4, False), (2, True)],
    ids=["one thread", "threads", "processes"],
)
def test_titles_come_in_the_order_of_the_addresses(
    root: str, workers: int, processes: bool
) -> None:
    urls = [f"{root}/{number}.html" for number in reversed(range(12))] + [f"{root}/none.html"]
    found = fetch_titles(urls, workers=workers, processes=processes, allow_private=True)
    assert found == [*reversed(TITLES), None]


def test_no_addresses_no_titles() -> None:
    assert fetch_titles([]) == []


@pytest.mark.parametrize(
    ("path", "message", "processes"),
    [
        ("/absent.html", "answers 404 Not Found", False),
        ("/absent.html", "answers 404 Not Found", True),
        ("/deep.html", "nested deeper than", False),
    ],
)
def test_pages_that_are_not_available_are_named(
    root: str, path: str, message: str, processes: bool
) -> None:
    urls = [f"{root}/1.html", root + path]
    with pytest.raises(UserError, match=message) as raised:
        fetch_titles(urls, workers=2, processes=processes, allow_private=True)
    assert str(raised.value).startswith(root + path)


def test_loopback_must_be_allowed(root: str) -> None:
    with pytest.raises(UserError, match="loopback"):
        fetch_titles([f"{root}/1.html"])


def test_what_is_no_address_is_named() -> None:
    with pytest.raises(UserError, match="file:///etc/passwd: is no address"):
        fetch_titles(["file:///etc/passwd"])
