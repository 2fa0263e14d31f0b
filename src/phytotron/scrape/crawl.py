"""Crawl a site into a web archive.

The crawl is a breadth-first search in rounds: a round requests all known addresses, sorted, and the
links of their pages make up the next round. So the pages that are reached within the limits depend
on the site alone, not on the order of the responses. A crawl that was killed repeats the same
rounds, but takes the responses that its log holds from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from phytotron.errors import UserError
from phytotron.scrape import robots, sitemap
from phytotron.scrape.crawl_log import CrawlLog, Entry, retire
from phytotron.scrape.dispatch import Clock, Dispatcher, Request
from phytotron.scrape.fetch import Fetcher
from phytotron.scrape.outcome import CrawlOutcome, CrawlSummary, write_outcome
from phytotron.scrape.server import LOOPBACK, SnapshotServer
from phytotron.scrape.settings import CrawlConfig
from phytotron.scrape.urls import origin, resolve
from phytotron.scrape.visit import Visitor
from phytotron.scrape.warc import payload

_PART = 500  # addresses after which the limits and the age of robots.txt are checked again
_OUTAGE = 10  # failed connections in a row after which the site counts as down
_MAX_SITEMAPS = 1000  # of a site


def crawl(
    config: CrawlConfig,
    out: Path,
    *,
    state: Path | None = None,
    watch: Callable[[Iterator[Entry]], Iterable[Entry]] = iter,
    clock: Clock | None = None,
) -> CrawlSummary:
    """Crawl a site and write `pages.warc.gz` and `crawl.json` into a folder.

    Args:
        config: the site and the limits.
        out: the folder; the files of an earlier crawl stay until this one is complete.
        state: folder for what the crawl has fetched so far, by default one in `out`. Started
            again with the same config, an interrupted crawl continues and fetches nothing twice; a
            finished one only asks whether pages have changed.
        watch: wraps the iterator of the pages' entries, for example to show progress.
        clock: the source of the time.

    Raises:
        UserError: the site is down, forbids everything, or has no page.
    """
    started = time.monotonic()
    clock = clock or Clock()
    out = Path(out)
    state = state or out / ".crawl" / config.fingerprint
    with ExitStack() as stack:
        pinned: dict[str, tuple[str, int]] = {}
        if config.archive is not None:
            assert config.host is not None
            server = stack.enter_context(SnapshotServer(config.archive, config.host))
            pinned[config.host] = (LOOPBACK, server.port)
        log = stack.enter_context(CrawlLog(state / "current"))
        before = state / "previous"
        previous = stack.enter_context(CrawlLog(before)) if before.exists() else None
        fetcher = Fetcher(
            config.user_agent, config.timeout, pinned, allow_private=config.allow_private
        )
        stack.callback(fetcher.close)
        visitor = Visitor(config, fetcher, log, previous, clock)
        rounds = _Rounds(config, visitor, log, previous, clock)
        stack.callback(rounds.dispatcher.stop)
        for _ in watch(rounds.run()):
            pass
        outcome = rounds.finish()
        log.sync()
        write_outcome(outcome, log, config.name, out)
        retries = rounds.dispatcher.retries
    retire(state / "current", before)
    return outcome.summary(
        out,
        requests=visitor.requests,
        unchanged=visitor.unchanged,
        retries=retries,
        seconds=time.monotonic() - started,
    )


@dataclass(frozen=True, order=True)
class _Place:
    """The position of an address in the crawl."""

    depth: int  # links from a start page
    hops: int = 0  # redirects on the way here
    is_start: bool = False  # start pages are exempt from `include` and `exclude`


class _Rounds:
    def __init__(
        self,
        config: CrawlConfig,
        visitor: Visitor,
        log: CrawlLog,
        previous: CrawlLog | None,
        clock: Clock,
    ) -> None:
        self.dispatcher: Dispatcher[Entry] = Dispatcher(
            visitor.visit,
            visitor.give_up,
            delay=config.delay,
            concurrency=config.concurrency,
            retries=config.retries,
            backoff=config.backoff,
            clock=clock,
        )
        self._config = config
        self._log = log
        self._previous = previous
        self._clock = clock
        self._rules: dict[str, robots.Rules] = {}
        self._seen: set[str] = set()
        self._requested = 0
        self._unreachable = 0  # failed connections in a row
        self._outcome = CrawlOutcome()

    def run(self) -> Iterator[Entry]:
        """Crawl until nothing is left or a limit is reached; yield the entry of each page."""
        places = {url: _Place(0, is_start=True) for url in self._config.start_urls}
        listed = self._sitemap_pages() if self._config.use_sitemaps else []
        while places and not self._outcome.full:
            self._seen.update(places)
            following: dict[str, _Place] = {}
            for url in listed:
                self._add(following, url, _Place(0))
            listed = []
            yield from self._round(places, following)
            places = following

    def finish(self) -> CrawlOutcome:
        """The outcome of the whole crawl.

        Raises:
            UserError: no page was fetched.
        """
        self._outcome.settle()
        if not self._outcome.stored:
            raise self._no_page_error()
        return self._outcome

    def _round(self, places: dict[str, _Place], following: dict[str, _Place]) -> Iterator[Entry]:
        urls = sorted(places)
        for start in range(0, len(urls), _PART):
            part = urls[start : start + _PART]
            self._update_rules(part)
            requests = []
            for url in part:
                refusal = self._rules[origin(url)].refusal(url)
                if refusal:
                    self._outcome.refused[url] = refusal
                elif self._requested >= self._config.max_pages:
                    self._outcome.limits.add("max_pages")
                else:
                    self._requested += 1
                    requests.append(Request(url))
            entries = {}
            for entry in self._entries(requests):
                entries[entry.url] = entry
                yield entry
            # In the order of the requests, not of the responses, for the same result each time.
            for request in requests:
                if not self._account(entries[request.url], places[request.url], following):
                    return
            self._log.sync()

    def _account(self, entry: Entry, place: _Place, following: dict[str, _Place]) -> bool:
        """Record the entry of a page; return whether there is room for more."""
        outcome, url = self._outcome, entry.url
        if entry.outcome == "redirect":
            target = entry.why
            host_only = place.is_start and self._config.allows_host(target)
            if not host_only and not self._config.allows(target):
                outcome.skipped[url] = "redirect off the site"
            elif place.hops >= self._config.max_redirects:
                outcome.failed[url] = "too many redirects"
            else:
                outcome.redirects[url] = target
                self._add(following, target, _Place(place.depth, place.hops + 1, place.is_start))
        elif entry.outcome == "skipped":
            outcome.skipped[url] = entry.why
        elif entry.outcome == "failed":
            outcome.failed[url] = entry.why
        else:
            if entry.noindex:
                outcome.refused[url] = "noindex"
            elif not outcome.store(entry, self._config.max_total_bytes):
                return False
            if entry.canonical:
                self._add(following, entry.canonical, _Place(place.depth))
            for link in entry.links:
                self._add(following, link, _Place(place.depth + 1))
        return True

    def _add(self, following: dict[str, _Place], url: str, place: _Place) -> None:
        if url in self._seen:
            return
        if place.depth > self._config.max_depth:
            self._outcome.limits.add("max_depth")
            return
        following[url] = min(place, following.get(url, place))

    def _entries(self, requests: list[Request]) -> Iterator[Entry]:
        """The entries of the requests: from the log, or else from the site."""
        missing = []
        for request in requests:
            entry = self._logged(request)
            if entry is None:
                missing.append(request)
            else:
                yield entry
        for entry in self.dispatcher.run(missing):
            self._unreachable = self._unreachable + 1 if entry.unreachable else 0
            if self._unreachable >= _OUTAGE:
                raise UserError(
                    f"the site no longer answers ({entry.why})",
                    where=entry.url,
                    hint="run the same command again to continue: what was fetched is kept",
                )
            yield entry

    def _logged(self, request: Request) -> Entry | None:
        entry = self._log.entries.get((request.kind, request.url))
        if request.kind == "robots":
            if entry is None and self._previous is not None:
                entry = self._previous.entries.get((request.kind, request.url))
                if entry is not None and entry.outcome == "stored" and self._is_fresh(entry):
                    self._log.append(entry, self._previous.record(entry))
            if entry is not None and not self._is_fresh(entry):
                return None
        if entry is None or entry.temporary:
            return None
        return entry

    def _is_fresh(self, entry: Entry) -> bool:
        return 0 <= self._clock.wall() - entry.fetched_at < robots.MAX_AGE

    def _update_rules(self, urls: Iterable[str]) -> None:
        """Fetch the robots.txt of the origins of `urls`, unless it is known and not too old."""
        now = self._clock.wall()
        outdated: dict[str, str] = {}
        for url in urls:
            site = origin(url)
            rules = self._rules.get(site)
            if rules is None or now - rules.fetched_at >= robots.MAX_AGE:
                outdated[site] = f"{site}/robots.txt"
        for hop in range(robots.MAX_REDIRECTS + 1):
            requests = [Request(url, "robots") for url in sorted(set(outdated.values()))]
            entries = {entry.url: entry for entry in self._entries(requests)}
            for site, url in list(outdated.items()):
                entry = entries[url]
                if entry.outcome == "redirect" and hop < robots.MAX_REDIRECTS:
                    outdated[site] = entry.why
                    continue
                del outdated[site]
                self._rules[site] = self._read_rules(entry)
                self.dispatcher.slow_down(f"{site}/", self._rules[site].delay)

    def _read_rules(self, entry: Entry) -> robots.Rules:
        if entry.outcome == "stored":
            self._outcome.extras.add((entry.kind, entry.url))
            body = payload(self._log.record(entry))
            return robots.Rules.parse(body, self._config.product, entry.fetched_at)
        unavailable = 400 <= entry.status < 500 and not entry.temporary
        if unavailable or entry.outcome == "redirect":
            return robots.Rules.absent(entry.fetched_at)
        return robots.Rules.unreachable(entry.why, entry.fetched_at)

    def _sitemap_pages(self) -> list[str]:
        """The pages of the site that its sitemaps list."""
        self._update_rules(self._config.start_urls)
        waiting = {f"{site}/sitemap.xml" for site in self._rules}
        for site, rules in self._rules.items():
            waiting.update(filter(None, (resolve(f"{site}/", url) for url in rules.sitemaps)))
        pages: dict[str, None] = {}
        seen: set[str] = set()
        for _ in range(sitemap.MAX_LEVELS + self._config.max_redirects):
            urls = sorted(url for url in waiting - seen if self._config.allows_host(url))
            waiting = set()
            self._update_rules(urls)
            urls = [url for url in urls if not self._rules[origin(url)].refusal(url)]
            seen.update(urls[: _MAX_SITEMAPS - len(seen)])
            for entry in self._entries([Request(url, "sitemap") for url in urls if url in seen]):
                if entry.outcome == "redirect":
                    waiting.add(entry.why)
                if entry.outcome != "stored":
                    continue
                try:
                    found = sitemap.parse(payload(self._log.record(entry)))
                except sitemap.SitemapError as error:
                    self._outcome.failed[entry.url] = str(error)
                    continue
                self._outcome.extras.add((entry.kind, entry.url))
                pages.update(dict.fromkeys(self._allowed(entry.url, found.pages)))
                waiting.update(filter(None, (resolve(entry.url, url) for url in found.sitemaps)))
        return list(pages)

    def _allowed(self, base: str, references: list[str]) -> Iterator[str]:
        for reference in references:
            url = resolve(base, reference)
            if url is not None and self._config.allows(url):
                yield url

    def _no_page_error(self) -> UserError:
        """The error of a crawl that found no page."""
        start = self._config.start_urls[0]
        outcome = self._outcome
        url = outcome.follow(start)
        why = outcome.refused.get(url) or outcome.failed.get(url) or outcome.skipped.get(url)
        if why == "robots.txt":
            return UserError(
                "the site's robots.txt forbids every start page",
                where=url,
                hint=f"ask the site's owner, or see what is allowed: {origin(url)}/robots.txt",
            )
        if why == "redirect off the site":
            target = self._log.entries["page", url].why
            return UserError(
                f"redirects to {target}, which is not part of the site",
                where=url,
                hint="start there, or add its host to allowed_hosts",
            )
        return UserError(f"no page could be fetched: {why or 'nothing was found'}", where=url)
