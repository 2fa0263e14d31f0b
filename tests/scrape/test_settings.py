from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.fixtures.settings import shipped

from phytotron.config.schema import check_group
from phytotron.errors import UserError
from phytotron.scrape.settings import CrawlConfig

CONF = Path(__file__).parents[2] / "conf" / "site"


def config(**changes: Any) -> CrawlConfig:
    """What a site's config becomes: checked, then read."""
    own = {"name": "s", "start_urls": ["http://example.org/docs/"], "allowed_hosts": []}
    site = shipped("site/example") | {"exclude": []} | own | changes
    check_group("site", site, lambda key: None)
    return CrawlConfig.from_mapping(site)


@pytest.mark.parametrize("path", sorted(CONF.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_sites_that_come_with_the_project_are_valid(path: Path) -> None:
    site = yaml.safe_load(path.read_text(encoding="utf-8"))
    check_group("site", site, lambda key: None)
    assert CrawlConfig.from_mapping(site).name == site["name"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("start_urls", []),
        ("start_urls", "http://example.org/"),
        ("start_urls", ["example.org"]),
        ("start_urls", [7]),
        ("allowed_hosts", ["other.org"]),
        ("include", ["("]),
        ("exclude", [r"(?P<a"]),
        ("max_pages", 0),
        ("max_pages", 1.5),
        ("max_pages", True),
        ("max_depth", -1),
        ("max_page_bytes", "5MB"),
        ("delay", -1.0),
        ("delay", float("nan")),
        ("timeout", 0.0),
        ("concurrency", 0),
        ("use_sitemaps", "yes"),
        ("allow_private", 1),
        ("user_agent", ""),
        ("user_agent", "a\r\nX-Injected: b"),
        ("archive", "site.tar.xz"),
    ],
)
def test_a_mistake_is_named_with_its_key(key: str, value: Any) -> None:
    at = {"allowed_hosts": "start_urls", "archive": "host"}.get(key, key)
    with pytest.raises(UserError, match=rf"site\.{at}\b"):
        config(**{key: value})


def test_the_hosts_of_the_start_pages_are_allowed_by_default() -> None:
    site = config(start_urls=["HTTP://Example.org", "https://docs.example.org:8443/a"])
    assert site.start_urls == ("http://example.org/", "https://docs.example.org:8443/a")
    assert site.allows("https://example.org/x")
    assert site.allows("https://docs.example.org:8443/")
    assert not site.allows("https://docs.example.org/")
    assert not site.allows("https://evil-example.org/")
    assert not site.allows("https://example.org.evil.com/")


def test_a_host_in_letters_may_be_allowed_in_ascii() -> None:
    site = config(start_urls=["http://müller.de/"], allowed_hosts=["xn--mller-kva.de"])
    assert site.allows("http://xn--mller-kva.de/x")


def test_paths_are_included_and_excluded() -> None:
    site = config(include=["^/docs/"], exclude=["/old/"])
    assert site.allows("http://example.org/docs/a?x=/old/")
    assert not site.allows("http://example.org/docs/old/a")
    assert not site.allows("http://example.org/a?b=/docs/")


def test_what_only_changes_the_pace_keeps_the_crawl() -> None:
    site = config()
    assert replace(site, delay=0.0, concurrency=9, retries=0).fingerprint == site.fingerprint
    assert replace(site, exclude=("x",)).fingerprint != site.fingerprint
    assert replace(site, max_pages=5).fingerprint != site.fingerprint
