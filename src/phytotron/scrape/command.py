"""The command `phytotron scrape`: crawl any site, politely."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from phytotron.errors import UserError
from phytotron.progress import progress
from phytotron.scrape.crawl import crawl
from phytotron.scrape.outcome import JSON_NAME, CrawlSummary
from phytotron.scrape.settings import USER_AGENT, CrawlConfig

# What the command line does not ask for. The command works in any folder, so without `conf/`.
_LIMITS: dict[str, Any] = {
    "archive": None,
    "host": None,
    "include": [],
    "exclude": [],
    "use_sitemaps": True,
    "max_depth": 50,
    "max_page_bytes": 5_000_000,
    "max_total_bytes": 1_000_000_000,
    "max_redirects": 5,
    "concurrency": 1,
    "timeout": 30.0,
    "retries": 2,
    "backoff": 1.0,
    "user_agent": USER_AGENT,
}


def scrape(
    urls: Sequence[str],
    out: Path,
    max_pages: int = 1000,
    delay: float = 1.0,
    allow_private: bool = False,
) -> CrawlSummary:
    """Crawl the hosts of some addresses, one request at a time, and print a summary.

    An address without a scheme means https. A host includes the same host with and without `www.`,
    as most sites redirect from one to the other. After an interruption, the same command continues.

    Args:
        urls: where to start.
        out: folder for `pages.warc.gz` and `crawl.json`.
        max_pages: pages that may be requested.
        delay: seconds between two requests to a host.
        allow_private: whether private and loopback addresses are allowed.

    Raises:
        UserError: a start is no address, or nothing could be fetched.
    """
    starts = [url if "://" in url else f"https://{url}" for url in urls]
    asked = _LIMITS | {
        "name": ", ".join(starts),
        "start_urls": starts,
        "allowed_hosts": [host for url in starts for host in _hosts(url)],
        "max_pages": max_pages,
        "delay": delay,
        "allow_private": allow_private,
    }
    config = CrawlConfig.from_mapping(asked)
    summary = crawl(config, Path(out), watch=lambda pages: progress(pages, None, "scrape: pages"))
    print(summary.text())
    print(f"refused and failed addresses, with reasons: {Path(out) / JSON_NAME}")
    return summary


def _hosts(url: str) -> list[str]:
    try:
        host = urlsplit(url).netloc.lower()
    except ValueError:
        host = ""
    if not host:
        raise UserError(f"'{url}' is no address", allowed="such as https://example.org/docs/")
    bare = host.removeprefix("www.")
    return [bare, f"www.{bare}"]
