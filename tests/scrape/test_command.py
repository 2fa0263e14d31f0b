from __future__ import annotations

import json

import pytest

from phytotron.errors import UserError
from phytotron.scrape.command import scrape


def test_a_site_is_crawled_with_a_summary_at_the_end(server, answer, tmp_path, capsys) -> None:
    server.routes |= {
        "/docs/": '<a href="a"></a><a href="/missing"></a><a href="http://elsewhere.invalid/">',
        "/docs/a": answer("a", {"Content-Type": "text/html"}),
    }
    summary = scrape([f"{server.root}/docs/"], tmp_path, delay=0.0, allow_private=True)
    assert summary.pages == 2
    printed = capsys.readouterr()
    assert "2 pages" in printed.out
    assert "failed: 1 × status 404" in printed.out
    assert str(tmp_path / "crawl.json") in printed.out
    assert "scrape: pages: 3" in printed.err
    assert json.loads((tmp_path / "crawl.json").read_text())["fetched"] == 2


def test_it_stops_at_the_number_of_pages_and_says_so(server, tmp_path, capsys) -> None:
    server.routes |= {"/": '<a href="/a"><a href="/b">', "/a": "a", "/b": "b"}
    scrape([f"{server.root}/"], tmp_path, max_pages=2, delay=0.0, allow_private=True)
    assert "max_pages was reached" in capsys.readouterr().out


def test_private_addresses_need_permission(server, tmp_path) -> None:
    with pytest.raises(UserError, match="loopback address"):
        scrape([f"{server.root}/"], tmp_path, delay=0.0)
    assert not server.requests


@pytest.mark.parametrize("url", ["", "://", "ftp://example.org/", "http://[::1"])
def test_a_start_that_is_no_address_is_reported(tmp_path, url: str) -> None:
    with pytest.raises(UserError):
        scrape([url], tmp_path)
