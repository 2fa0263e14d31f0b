"""What a crawl found, and how it is written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from phytotron.files import replacing, write_json
from phytotron.scrape.journal import Entry, Journal

WARC_NAME = "pages.warc.gz"
JSON_NAME = "crawl.json"


@dataclass
class CrawlSummary:
    """A finished crawl in numbers.

    Attributes:
        warc: the web archive.
        pages: pages in it.
        bytes: their size together.
        refused, failed, skipped: other addresses, counted by reason.
        redirects: addresses that only led to another one.
        duplicates: pages left out because the page that they call their canonical one is there.
        limits: the limits that ended the crawl before its time.
        requests: how many were sent, robots.txt and further attempts included.
        unchanged: pages that were kept from the crawl before.
        attempts_again: requests that were further attempts.
        seconds: the time that it took.
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
    attempts_again: int = 0
    seconds: float = 0.0

    def text(self) -> str:
        """The summary as lines for a person."""
        rate = self.pages / self.seconds if self.seconds else 0.0
        lines = [
            f"{self.pages} pages, {self.bytes / 1e6:.1f} MB, in {self.seconds:.1f} s "
            f"({rate:.0f} pages/s, {self.requests} requests): {self.warc}"
        ]
        if self.unchanged:
            lines.append(f"unchanged since the crawl before: {self.unchanged}")
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
class Outcome:
    """What became of every address; reasons are short texts that do not depend on the moment."""

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
        """Take a page in, unless the pages would become too large together."""
        if self.bytes + entry.size > max_total_bytes:
            self.limits.add("max_total_bytes")
            self.full = True
            return False
        self.stored[entry.url] = entry
        self.bytes += entry.size
        return True

    def follow(self, url: str) -> str:
        """Where the redirects from an address end; itself when they go in a circle."""
        seen = {url}
        place = url
        while place in self.redirects:
            place = self.redirects[place]
            if place in seen:
                return url
            seen.add(place)
        return place

    def settle(self) -> None:
        """Find redirects that go in circles, and pages that are there under another address."""
        for url in [url for url in self.redirects if self.follow(url) in self.redirects]:
            self.failed[url] = "redirect loop"
        for url in self.failed:
            self.redirects.pop(url, None)
        for url, entry in self.stored.items():
            if entry.canonical is None:
                continue
            other = self.stored.get(self.follow(entry.canonical))
            # a page whose canonical page names a third one (or the first) is kept: the site
            # contradicts itself, and keeping a page twice loses nothing
            if other is not None and other.url != url and other.canonical is None:
                self.duplicates[url] = other.url
        for url in self.duplicates:
            self.bytes -= self.stored.pop(url).size

    def summary(self, out: Path, **measured: float) -> CrawlSummary:
        """The numbers; `measured` are those that differ from run to run."""
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


def write_outcome(outcome: Outcome, journal: Journal, site: str, out: Path) -> None:
    """Write the web archive, sorted by address, and `crawl.json`."""
    wanted = [("page", url) for url in outcome.stored] + list(outcome.extras)
    with replacing(out / WARC_NAME) as temporary, temporary.open("wb") as file:
        for key in sorted(wanted, key=lambda key: (key[1], key[0])):
            file.write(journal.record(journal.entries[key]))
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
