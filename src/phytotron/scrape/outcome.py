"""The outcome of a crawl, and its files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from phytotron.files import replacing, write_json
from phytotron.scrape.crawl_log import CrawlLog, Entry

WARC_NAME = "pages.warc.gz"
JSON_NAME = "crawl.json"


@dataclass
class CrawlSummary:
    """A finished crawl in numbers.

    Attributes:
        warc: the web archive.
        pages: pages in it.
        bytes: their total size.
        refused, failed, skipped: other addresses, counted by reason.
        redirects: addresses that only led to another one.
        duplicates: pages left out because their canonical page is stored.
        limits: the limits that ended the crawl early.
        requests: requests that were sent, those for robots.txt and the retries included.
        unchanged: pages that were kept from the previous crawl.
        retries: requests that were retries.
        seconds: duration of the crawl.
    """

    warc: Path
    pages: int
    bytes: int
    refused: dict[str, int]
    failed: dict[str, int]
    skipped: dict[str, int]
    redirects: int
    duplicates: int
    limits: list[str]
    requests: int = 0
    unchanged: int = 0
    retries: int = 0
    seconds: float = 0.0

    def text(self) -> str:
        """The summary as lines of text."""
        rate = self.pages / self.seconds if self.seconds else 0.0
        lines = [
            f"{self.pages} pages, {self.bytes / 1e6:.1f} MB, in {self.seconds:.1f} s "
            f"({rate:.0f} pages/s, {self.requests} requests): {self.warc}"
        ]
        if self.unchanged:
            lines.append(f"unchanged since the previous crawl: {self.unchanged}")
        if self.redirects:
            lines.append(f"redirects: {self.redirects}")
        if self.duplicates:
            lines.append(f"left out as copies of their canonical page: {self.duplicates}")
        for name in ("refused", "failed", "skipped"):
            counts = getattr(self, name)
            if counts:
                reasons = ", ".join(f"{count} × {reason}" for reason, count in counts.items())
                lines.append(f"{name}: {reasons}")
        for limit in self.limits:
            lines.append(f"not all pages: {limit} was reached")
        return "\n".join(lines)


@dataclass
class CrawlOutcome:
    """The result for every address; the reasons are short texts that are the same in every run."""

    stored: dict[str, Entry] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    duplicates: dict[str, str] = field(default_factory=dict)
    limits: set[str] = field(default_factory=set)
    extras: set[tuple[str, str]] = field(default_factory=set)  # robots.txt files and sitemaps
    bytes: int = 0
    full: bool = False

    def store(self, entry: Entry, max_total_bytes: int) -> bool:
        """Add a page, unless the pages would become too large together."""
        if self.bytes + entry.size > max_total_bytes:
            self.limits.add("max_total_bytes")
            self.full = True
            return False
        self.stored[entry.url] = entry
        self.bytes += entry.size
        return True

    def follow(self, url: str) -> str:
        """Where the redirects from an address end; the address itself when they form a loop."""
        seen = {url}
        place = url
        while place in self.redirects:
            place = self.redirects[place]
            if place in seen:
                return url
            seen.add(place)
        return place

    def settle(self) -> None:
        """Find redirect loops, and pages that are stored under their canonical address as well."""
        for url in [url for url in self.redirects if self.follow(url) in self.redirects]:
            self.failed[url] = "redirect loop"
        for url in self.failed:
            self.redirects.pop(url, None)
        for url, entry in self.stored.items():
            if entry.canonical is None:
                continue
            other = self.stored.get(self.follow(entry.canonical))
            # A page is kept if its canonical page declares yet another canonical page: the site
            # contradicts itself, and keeping a page twice loses nothing.
            if other is not None and other.url != url and other.canonical is None:
                self.duplicates[url] = other.url
        for url in self.duplicates:
            self.bytes -= self.stored.pop(url).size

    def summary(self, out: Path, **measured: float) -> CrawlSummary:
        """The summary; `measured` holds the numbers that differ from run to run."""
        return CrawlSummary(
            out / WARC_NAME,
            len(self.stored),
            self.bytes,
            _counted(self.refused.values()),
            _counted(self.failed.values()),
            _counted(self.skipped.values()),
            len(self.redirects),
            len(self.duplicates),
            sorted(self.limits),
            **measured,  # type: ignore[arg-type]
        )


def write_outcome(outcome: CrawlOutcome, log: CrawlLog, site: str, out: Path) -> None:
    """Write the web archive, sorted by address, and `crawl.json`."""
    wanted = [("page", url) for url in outcome.stored] + list(outcome.extras)
    with replacing(out / WARC_NAME) as temporary, temporary.open("wb") as file:
        for key in sorted(wanted, key=lambda key: (key[1], key[0])):
            file.write(log.record(log.entries[key]))
    summary = outcome.summary(out)
    reasons = outcome.refused | outcome.failed | outcome.skipped
    write_json(
        out / JSON_NAME,
        {
            "site": site,
            "fetched": summary.pages,
            "bytes": summary.bytes,
            "refused": summary.refused,
            "failed": summary.failed,
            "skipped": summary.skipped,
            "redirects": outcome.redirects,
            "duplicates": outcome.duplicates,
            "limits": summary.limits,
            "reasons": reasons,
        },
    )


def _counted(reasons: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(reasons).items()))
