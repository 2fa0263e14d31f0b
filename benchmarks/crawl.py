"""Crawl rate beside Scrapy: the same site, the same loopback server, all delays off.

    python -m benchmarks.crawl [--rounds 3] [--part 'postgresql|httpd']

The server is a separate process, and so is each crawl. The two take turns, and each one's clock
runs from its first request to its last page, without the start of Python. Both obey robots.txt,
follow the same links with four requests at a time and store every page; Scrapy writes plain bodies
one after the other, Phytotron a compressed web archive. The sets of stored pages must be the same.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from phytotron.scrape.server import LOOPBACK, SnapshotServer

ARCHIVE = Path("data/site/router.tar.xz")
CONCURRENCY = 4
# linked everywhere, and not in the archive: without this rule both would ask for them and get 404
EXCLUDE = r"/python/(genindex.*|contents|search)\.html$"


def crawl_with_phytotron(start: str, include: str, folder: Path) -> tuple[float, list[str]]:
    """Seconds and addresses of the stored pages."""
    from phytotron.config.experiments import load_yaml
    from phytotron.html.pages import archived_pages
    from phytotron.scrape.crawl import crawl
    from phytotron.scrape.settings import CrawlConfig

    bench = {
        "name": "bench",
        "start_urls": [start],
        "allowed_hosts": [],
        "include": ["^" + include],
        "exclude": [EXCLUDE],
        "use_sitemaps": False,
        "max_pages": 10_000,
        "max_depth": 50,
        "delay": 0.0,
        "concurrency": CONCURRENCY,
        "allow_private": True,
    }
    config = CrawlConfig.from_mapping(load_yaml(Path("conf/site/example.yaml")) | bench)
    began = time.perf_counter()
    crawl(config, folder)
    seconds = time.perf_counter() - began
    return seconds, [url for url, _ in archived_pages(folder / "pages.warc.gz")]


def crawl_with_scrapy(start: str, include: str, folder: Path) -> tuple[float, list[str]]:
    """Seconds and addresses of the stored pages."""
    from scrapy import Request, Spider
    from scrapy.crawler import CrawlerProcess
    from scrapy.http import HtmlResponse
    from scrapy.linkextractors import LinkExtractor

    from phytotron.scrape.urls import origin as origin_of

    links = LinkExtractor(allow=re.escape(origin_of(start)) + include, deny=EXCLUDE)
    urls: list[str] = []
    with (folder / "pages").open("wb") as file:

        class Docs(Spider):
            name = "docs"

            async def start(self):
                yield Request(start)

            def parse(self, response):
                if not isinstance(response, HtmlResponse):
                    return
                urls.append(response.url)
                file.write(response.body)
                for link in links.extract_links(response):
                    yield Request(link.url)

        process = CrawlerProcess(
            {
                "ROBOTSTXT_OBEY": True,
                "DOWNLOAD_DELAY": 0,
                "CONCURRENT_REQUESTS_PER_DOMAIN": CONCURRENCY,
                "COOKIES_ENABLED": False,
                "TELNETCONSOLE_ENABLED": False,
                "LOG_LEVEL": "ERROR",
            }
        )
        process.crawl(Docs)
        began = time.perf_counter()
        process.start()
        seconds = time.perf_counter() - began
    return seconds, urls


CRAWLERS: dict[str, Callable[[str, str, Path], tuple[float, list[str]]]] = {
    "phytotron": crawl_with_phytotron,
    "scrapy": crawl_with_scrapy,
}


def measure(name: str, start: str, include: str) -> tuple[float, list[str]]:
    """One crawl in a separate process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.crawl", "--one", name, start, include, folder]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    seconds, urls = json.loads(done.stdout.splitlines()[-1])
    return seconds, urls


def compare(rounds: int, part: str) -> float:
    """Print the rates of both; return how many times faster Phytotron is."""
    include = rf"/({part})/.*\.html$"
    rates: dict[str, list[float]] = {name: [] for name in CRAWLERS}
    with SnapshotServer(ARCHIVE) as server:
        start = f"http://{LOOPBACK}:{server.port}/index.html"
        for number in range(1, rounds + 1):
            stored = {}
            for name in CRAWLERS:
                seconds, urls = measure(name, start, include)
                stored[name] = sorted(urls)
                rates[name].append(len(urls) / seconds)
            assert stored["phytotron"] == stored["scrapy"], _difference(stored)
            pages = len(stored["scrapy"])
            shown = ", ".join(f"{name} {values[-1]:.0f} pages/s" for name, values in rates.items())
            print(f"round {number}: {pages} pages; {shown}", flush=True)
    for name, values in rates.items():
        print(
            f"{name:10} median {statistics.median(values):5.0f} pages/s "
            f"(from {min(values):.0f} to {max(values):.0f})"
        )
    pairs = zip(rates["phytotron"], rates["scrapy"], strict=True)
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    print(f"crawl: {ratio:.2f} times the rate of Scrapy (goal: 1 or more)")
    return ratio


def _difference(stored: dict[str, list[str]]) -> str:
    ours, theirs = set(stored["phytotron"]), set(stored["scrapy"])
    return f"only phytotron: {sorted(ours - theirs)[:5]}; only scrapy: {sorted(theirs - ours)[:5]}"


def main() -> None:
    """Compare, as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--part", default="postgresql|httpd", help="products, joined by |")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        name, start, include, folder = options.one
        print(json.dumps(CRAWLERS[name](start, include, Path(folder))))
    else:
        compare(options.rounds, options.part)


if __name__ == "__main__":
    main()
