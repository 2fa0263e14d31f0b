"""Ask for one address and write down what came of it."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from email.utils import parsedate_to_datetime

from phytotron.html.complexity import ComplexityError, check_complexity
from phytotron.html.encoding import decode
from phytotron.html.pages import HTML_TYPES
from phytotron.scrape import robots, sitemap
from phytotron.scrape.directives import read_directives
from phytotron.scrape.dispatch import Clock, Task, TemporaryError
from phytotron.scrape.fetch import Fetcher, FetchError, Response
from phytotron.scrape.journal import Entry, Journal
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


class Asker:
    """Does the tasks of a crawl; may be used from several threads at once.

    Args:
        config: the crawl.
        fetcher: what asks.
        journal: gets every answer.
        previous: the journal of the crawl before, whose pages need not be sent again when they
            have not changed.
        clock: where the time comes from.

    Attributes:
        requests: how many were sent.
        unchanged: pages that were kept from the crawl before.
    """

    def __init__(
        self,
        config: CrawlConfig,
        fetcher: Fetcher,
        journal: Journal,
        previous: Journal | None,
        clock: Clock,
    ) -> None:
        self._config = config
        self._fetcher = fetcher
        self._journal = journal
        self._previous = previous
        self._clock = clock
        self._counting = threading.Lock()
        self.requests = 0
        self.unchanged = 0

    def ask(self, task: Task) -> Entry:
        """Fetch an address, examine what comes, and write it to the journal.

        Raises:
            TemporaryError: it failed in a way that may pass.
        """
        known = self._stored_before(task)
        limit, cut = {
            "page": (self._config.max_page_bytes, False),
            "robots": (robots.MAX_BYTES + 1, True),
            "sitemap": (sitemap.MAX_BYTES, False),
        }[task.kind]
        with self._counting:
            self.requests += 1
        try:
            response = self._fetcher.get(
                task.url,
                limit,
                headers=_validators(known),
                refuses=_not_a_page if task.kind == "page" else lambda head: None,
                cut=cut,
            )
        except FetchError as error:
            if error.temporary:
                raise TemporaryError(error.reason, unreachable=error.unreachable) from error
            return self._keep(Entry(task.url, task.kind, "failed", error.reason))
        if response.status in _TEMPORARY:
            raise TemporaryError(f"status {response.status}", self._retry_after(response))
        if response.status == 304 and known is not None:
            return self._keep_unchanged(known)
        return self._examine(task, response)

    def give_up(self, task: Task, error: TemporaryError) -> Entry:
        """The entry of a task that failed for the last time."""
        status = int(error.reason[7:]) if error.reason.startswith("status ") else 0
        entry = Entry(task.url, task.kind, "failed", error.reason, status, temporary=True)
        entry.unreachable = error.unreachable
        return self._keep(entry)

    def _examine(self, task: Task, response: Response) -> Entry:
        entry = Entry(task.url, task.kind, "stored", status=response.status)
        if response.status in _REDIRECTS:
            location = _location(response)
            target = resolve(task.url, location) if location else None
            if target is None:
                entry.outcome, entry.why = "failed", "redirect without a usable address"
            else:
                entry.outcome, entry.why = "redirect", target
            return self._keep(entry)
        if response.status != 200:
            entry.outcome, entry.why = "failed", f"status {response.status}"
            return self._keep(entry)
        if response.unwanted:
            entry.outcome, entry.why = "skipped", response.unwanted
            return self._keep(entry)
        entry.size = len(response.body)
        entry.etag = response.header("ETag")
        entry.last_modified = response.header("Last-Modified")
        if task.kind == "page":
            self._read(response, entry)
        record = b""
        if entry.outcome == "stored" and not entry.noindex:
            record = response_record(response)
        return self._keep(entry, record)

    def _read(self, response: Response, entry: Entry) -> None:
        """Take from a page what the crawl needs to know of it."""
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
        own = directives.canonical
        if own is not None and own != entry.url and self._config.allows(own):
            entry.canonical = own

    def _keep(self, entry: Entry, record: bytes = b"") -> Entry:
        entry.fetched_at = self._clock.wall()
        self._journal.append(entry, record)
        return entry

    def _stored_before(self, task: Task) -> Entry | None:
        if self._previous is None:
            return None
        entry = self._previous.entries.get((task.kind, task.url))
        return entry if entry is not None and entry.outcome == "stored" else None

    def _keep_unchanged(self, known: Entry) -> Entry:
        assert self._previous is not None
        entry = replace(known, fetched_at=self._clock.wall())
        self._journal.append(entry, self._previous.record(known))
        with self._counting:
            self.unchanged += 1
        return entry

    def _retry_after(self, response: Response) -> float | None:
        """Seconds for which the server wants to be left alone (RFC 9110, section 10.2.3)."""
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
    # header fields come as Latin-1; servers that send other characters mean UTF-8
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
