"""Visit one address: fetch it, examine the response, and write the result to the crawl's log."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from email.utils import parsedate_to_datetime

from phytotron.html.complexity import ComplexityError, check_complexity
from phytotron.html.encoding import decode
from phytotron.html.pages import HTML_TYPES
from phytotron.scrape import robots, sitemap
from phytotron.scrape.crawl_log import CrawlLog, Entry
from phytotron.scrape.directives import read_directives
from phytotron.scrape.dispatch import Clock, Request, TemporaryError
from phytotron.scrape.fetch import Fetcher, FetchError, Response
from phytotron.scrape.settings import CrawlConfig
from phytotron.scrape.urls import resolve
from phytotron.scrape.warc import response_record

XML_TYPES = (
    "application/xml",
    "text/xml",
    "application/rss+xml",
    "application/atom+xml",
    "application/rdf+xml",
)
_TEMPORARY = frozenset({408, 425, 429, 500, 502, 503, 504, 522, 524})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Visitor:
    """Performs the requests of a crawl; may be used from several threads at once.

    Args:
        config: the crawl.
        fetcher: sends the requests.
        log: gets the entry of every address.
        previous: the log of the previous crawl, whose pages need not be sent again if they have
            not changed.
        clock: the source of the time.

    Attributes:
        requests: number of requests that were sent.
        unchanged: pages that were kept from the previous crawl.
    """

    def __init__(
        self,
        config: CrawlConfig,
        fetcher: Fetcher,
        log: CrawlLog,
        previous: CrawlLog | None,
        clock: Clock,
    ) -> None:
        self._config = config
        self._fetcher = fetcher
        self._log = log
        self._previous = previous
        self._clock = clock
        self._count_lock = threading.Lock()
        self.requests = 0
        self.unchanged = 0

    def visit(self, request: Request) -> Entry:
        """Fetch an address, examine the response, and write the result to the log.

        Raises:
            TemporaryError: it failed, and another attempt may succeed.
        """
        known = self._stored_before(request)
        limit, cut = {
            "page": (self._config.max_page_bytes, False),
            "robots": (robots.MAX_BYTES + 1, True),
            "sitemap": (sitemap.MAX_BYTES, False),
        }[request.kind]
        with self._count_lock:
            self.requests += 1
        try:
            response = self._fetcher.get(
                request.url,
                limit,
                headers=_validators(known),
                refuses=_not_a_page if request.kind == "page" else lambda head: None,
                cut=cut,
            )
        except FetchError as error:
            if error.temporary:
                raise TemporaryError(error.reason, unreachable=error.unreachable) from error
            return self._write(Entry(request.url, request.kind, "failed", error.reason))
        if response.status in _TEMPORARY:
            raise TemporaryError(f"status {response.status}", self._retry_after(response))
        if response.status == 304 and known is not None:
            return self._keep_unchanged(known)
        return self._examine(request, response)

    def give_up(self, request: Request, error: TemporaryError) -> Entry:
        """The entry of a request that failed for the last time."""
        status = int(error.reason[7:]) if error.reason.startswith("status ") else 0
        entry = Entry(request.url, request.kind, "failed", error.reason, status, temporary=True)
        entry.unreachable = error.unreachable
        return self._write(entry)

    def _examine(self, request: Request, response: Response) -> Entry:
        entry = Entry(request.url, request.kind, "stored", status=response.status)
        if response.status in _REDIRECTS:
            location = _location(response)
            target = resolve(request.url, location) if location else None
            if target is None:
                entry.outcome, entry.why = "failed", "redirect without a usable address"
            else:
                entry.outcome, entry.why = "redirect", target
            return self._write(entry)
        if response.status != 200:
            entry.outcome, entry.why = "failed", f"status {response.status}"
            return self._write(entry)
        if response.unwanted:
            entry.outcome, entry.why = "skipped", response.unwanted
            return self._write(entry)
        entry.size = len(response.body)
        entry.etag = response.header("ETag")
        entry.last_modified = response.header("Last-Modified")
        if request.kind == "page":
            self._read_directives(response, entry)
        record = b""
        if entry.outcome == "stored" and not entry.noindex:
            record = response_record(response)
        return self._write(entry, record)

    def _read_directives(self, response: Response, entry: Entry) -> None:
        """Read the directives of a page into its entry."""
        content_type = response.header("Content-Type")
        html = ""
        if _media_type(content_type) not in XML_TYPES:
            if not content_type and not response.body.lstrip().startswith(b"<"):
                entry.outcome, entry.why = "skipped", "no content type"
                return
            html = decode(response.body, content_type)
            try:
                check_complexity(html.encode("utf-8", errors="replace"))
            except ComplexityError as error:
                entry.outcome, entry.why = "failed", str(error)
                return
        directives = read_directives(
            html,
            entry.url,
            self._config.product,
            response.header("X-Robots-Tag"),
            response.header("Link"),
        )
        entry.links = [url for url in directives.links if self._config.allows(url)]
        entry.noindex = directives.noindex
        canonical = directives.canonical
        if canonical and canonical != entry.url and self._config.allows(canonical):
            entry.canonical = canonical

    def _write(self, entry: Entry, record: bytes = b"") -> Entry:
        entry.fetched_at = self._clock.wall()
        self._log.append(entry, record)
        return entry

    def _stored_before(self, request: Request) -> Entry | None:
        if self._previous is None:
            return None
        entry = self._previous.entries.get((request.kind, request.url))
        return entry if entry is not None and entry.outcome == "stored" else None

    def _keep_unchanged(self, known: Entry) -> Entry:
        assert self._previous is not None
        entry = replace(known, fetched_at=self._clock.wall())
        self._log.append(entry, self._previous.record(known))
        with self._count_lock:
            self.unchanged += 1
        return entry

    def _retry_after(self, response: Response) -> float | None:
        """Seconds that the server asks to wait (RFC 9110, section 10.2.3)."""
        value = response.header("Retry-After").strip()
        if value.isascii() and value.isdigit():
            return float(value[:12])
        try:
            return max(0.0, parsedate_to_datetime(value).timestamp() - self._clock.wall())
        except (ValueError, TypeError, IndexError, OverflowError):
            return None


def _validators(known: Entry | None) -> dict[str, str]:
    headers = {}
    if known is not None and known.etag:
        headers["If-None-Match"] = known.etag
    if known is not None and known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    return headers


def _location(response: Response) -> str:
    # Header fields are decoded as Latin-1, but servers that send other characters mean UTF-8.
    location = response.header("Location")
    try:
        return location.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return location


def _not_a_page(head: Response) -> str | None:
    media_type = _media_type(head.header("Content-Type"))
    if not media_type or media_type in HTML_TYPES or media_type in XML_TYPES:
        return None
    known = re.fullmatch(r"[\w.+-]{1,40}/[\w.+-]{1,60}", media_type)
    return f"content type {media_type if known else 'unknown'}"


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()
