"""Crawl a site into a web archive.

The crawl goes in rounds: all addresses that are known but not yet asked for, sorted, make one
round, and what their pages link to makes the next. So which pages are reached within the limits
depends on the site alone, not on which answer came first; and a crawl that was killed takes the
same way again, only that answers which its journal holds already are not asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from phytotron.errors import UserError
from phytotron.scrape import robots, sitemap
from phytotron.scrape.dispatch import Clock, Dispatcher, Task
from phytotron.scrape.fetch import Fetcher
from phytotron.scrape.journal import Entry, Journal, retire
from phytotron.scrape.outcome import CrawlSummary, Outcome, write_outcome
from phytotron.scrape.server import LOOPBACK, SnapshotServer
from phytotron.scrape.settings import CrawlConfig
from phytotron.scrape.urls import origin, resolve
from phytotron.scrape.visit import Asker
from phytotron.scrape.warc import payload

_PART = 500  # addresses after which limits and the age of robots.txt are looked at again
_OUTAGE = 10  # addresses one after the other to which no connection comes about
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
        out: the folder; what an earlier crawl wrote there stays until this one is complete.
        state: folder for what the crawl has fetched so far, by default one in `out`. Started
            again with the same config, an interrupted crawl goes on and fetches nothing twice; a
            finished one asks only whether pages have changed.
        watch: passes on what came of each page and may show how far the crawl is.
        clock: where the time comes from.

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
        journal = stack.enter_context(Journal(state / "current"))
        before = state / "previous"
        previous = stack.enter_context(Journal(before)) if before.exists() else None
        fetcher = Fetcher(
            config.user_agent, config.timeout, pinned, allow_private=config.allow_private
        )
        stack.callback(fetcher.close)
        asker = Asker(config, fetcher, journal, previous, clock)
        rounds = _Rounds(config, asker, journal, previous, clock)
        stack.callback(rounds.dispatcher.stop)
        for _ in watch(rounds.run()):
            pass
        outcome = rounds.finish()
        journal.sync()
        write_outcome(outcome, journal, config.name, out)
        again = rounds.dispatcher.attempts_again
    retire(state / "current", before)
    return outcome.summary(
        out,
        requests=asker.requests,
        unchanged=asker.unchanged,
        attempts_again=again,
        seconds=time.monotonic() - started,
    )


@dataclass(frozen=True, order=True)
class _Place:
    """Where an address stands in the crawl."""

    depth: int  # links from a start page
    hops: int = 0  # redirects that led here
    elsewhere: bool = False  # whether `include` and `exclude` do not hold: a start page


class _Rounds:
    def __init__(
        self,
        config: CrawlConfig,
        asker: Asker,
        journal: Journal,
        previous: Journal | None,
        clock: Clock,
    ) -> None:
        self.dispatcher: Dispatcher[Entry] = Dispatcher(
            asker.ask,
            asker.give_up,
            delay=config.delay,
            concurrency=config.concurrency,
            retries=config.retries,
            backoff=config.backoff,
            clock=clock,
        )
        self._config = config
        self._journal = journal
        self._previous = previous
        self._clock = clock
        self._rules: dict[str, robots.Rules] = {}
        self._seen: set[str] = set()
        self._asked = 0
        self._unreachable = 0  # the latest so many addresses
        self._outcome = Outcome()

    def run(self) -> Iterator[Entry]:
        """Crawl until nothing is left or a limit is reached; gives what came of each page."""
        places = {url: _Place(0, elsewhere=True) for url in self._config.start_urls}
        listed = self._sitemap_pages() if self._config.use_sitemaps else []
        while places and not self._outcome.full:
            self._seen.update(places)
            following: dict[str, _Place] = {}
            for url in listed:
                self._add(following, url, _Place(0))
            listed = []
            yield from self._round(places, following)
            places = following

    def finish(self) -> Outcome:
        """What the crawl found.

        Raises:
            UserError: not one page.
        """
        self._outcome.settle()
        if not self._outcome.stored:
            raise self._nothing()
        return self._outcome

    def _round(self, places: dict[str, _Place], following: dict[str, _Place]) -> Iterator[Entry]:
        urls = sorted(places)
        for start in range(0, len(urls), _PART):
            part = urls[start : start + _PART]
            self._learn(part)
            tasks = []
            for url in part:
                refusal = self._rules[origin(url)].refusal(url)
                if refusal:
                    self._outcome.refused[url] = refusal
                elif self._asked >= self._config.max_pages:
                    self._outcome.limits.add("max_pages")
                else:
                    self._asked += 1
                    tasks.append(Task(url))
            entries = {}
            for entry in self._entries(tasks):
                entries[entry.url] = entry
                yield entry
            for task in tasks:  # in their order, whatever the order in which they came
                if not self._account(entries[task.url], places[task.url], following):
                    return
            self._journal.sync()

    def _account(self, entry: Entry, place: _Place, following: dict[str, _Place]) -> bool:
        """Enter what came of a page; return whether there is room for more."""
        outcome, url = self._outcome, entry.url
        if entry.outcome == "redirect":
            target = entry.why
            host_only = place.elsewhere and self._config.allows_host(target)
            if not host_only and not self._config.allows(target):
                outcome.skipped[url] = "redirect off the site"
            elif place.hops >= self._config.max_redirects:
                outcome.failed[url] = "too many redirects"
            else:
                outcome.redirects[url] = target
                self._add(following, target, _Place(place.depth, place.hops + 1, place.elsewhere))
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

    def _entries(self, tasks: list[Task]) -> Iterator[Entry]:
        """What came of the tasks: from the journal, or else by asking."""
        ask = []
        for task in tasks:
            entry = self._written(task)
            if entry is None:
                ask.append(task)
            else:
                yield entry
        for entry in self.dispatcher.run(ask):
            self._unreachable = self._unreachable + 1 if entry.unreachable else 0
            if self._unreachable >= _OUTAGE:
                raise UserError(
                    f"the site does not answer any more ({entry.why})",
                    where=entry.url,
                    hint="run the same command again to go on: what was fetched is kept",
                )
            yield entry

    def _written(self, task: Task) -> Entry | None:
        entry = self._journal.entries.get((task.kind, task.url))
        if task.kind == "robots":
            if entry is None and self._previous is not None:
                entry = self._previous.entries.get((task.kind, task.url))
                if entry is not None and entry.outcome == "stored" and self._is_fresh(entry):
                    self._journal.append(entry, self._previous.record(entry))
            if entry is not None and not self._is_fresh(entry):
                return None
        if entry is None or entry.temporary:
            return None
        return entry

    def _is_fresh(self, entry: Entry) -> bool:
        return 0 <= self._clock.wall() - entry.fetched_at < robots.MAX_AGE

    def _learn(self, urls: Iterable[str]) -> None:
        """Get the rules of the origins of `urls`, unless they are known and not too old."""
        now = self._clock.wall()
        asking: dict[str, str] = {}
        for url in urls:
            site = origin(url)
            rules = self._rules.get(site)
            if rules is None or now - rules.fetched_at >= robots.MAX_AGE:
                asking[site] = f"{site}/robots.txt"
        for hop in range(robots.MAX_REDIRECTS + 1):
            tasks = [Task(url, "robots") for url in sorted(set(asking.values()))]
            entries = {entry.url: entry for entry in self._entries(tasks)}
            for site, url in list(asking.items()):
                entry = entries[url]
                if entry.outcome == "redirect" and hop < robots.MAX_REDIRECTS:
                    asking[site] = entry.why
                    continue
                del asking[site]
                self._rules[site] = self._read_rules(entry)
                self.dispatcher.slow_down(f"{site}/", self._rules[site].delay)

    def _read_rules(self, entry: Entry) -> robots.Rules:
        if entry.outcome == "stored":
            self._outcome.extras.add((entry.kind, entry.url))
            body = payload(self._journal.record(entry))
            return robots.Rules.parse(body, self._config.product, entry.fetched_at)
        unavailable = 400 <= entry.status < 500 and not entry.temporary
        if unavailable or entry.outcome == "redirect":
            return robots.Rules.absent(entry.fetched_at)
        return robots.Rules.unreachable(entry.why, entry.fetched_at)

    def _sitemap_pages(self) -> list[str]:
        """The pages of the site that its sitemaps list."""
        self._learn(self._config.start_urls)
        waiting = {f"{site}/sitemap.xml" for site in self._rules}
        for site, rules in self._rules.items():
            waiting.update(filter(None, (resolve(f"{site}/", url) for url in rules.sitemaps)))
        pages: dict[str, None] = {}
        seen: set[str] = set()
        for _ in range(sitemap.MAX_LEVELS + self._config.max_redirects):
            urls = sorted(url for url in waiting - seen if self._config.allows_host(url))
            waiting = set()
            self._learn(urls)
            urls = [url for url in urls if not self._rules[origin(url)].refusal(url)]
            seen.update(urls[: _MAX_SITEMAPS - len(seen)])
            for entry in self._entries([Task(url, "sitemap") for url in urls if url in seen]):
                if entry.outcome == "redirect":
                    waiting.add(entry.why)
                if entry.outcome != "stored":
                    continue
                try:
                    found = sitemap.parse(payload(self._journal.record(entry)))
                except sitemap.SitemapError as error:
                    self._outcome.failed[entry.url] = str(error)
                    continue
                self._outcome.extras.add((entry.kind, entry.url))
                pages.update(dict.fromkeys(self._of_the_site(entry.url, found.pages)))
                waiting.update(filter(None, (resolve(entry.url, url) for url in found.sitemaps)))
        return list(pages)

    def _of_the_site(self, base: str, references: list[str]) -> Iterator[str]:
        for reference in references:
            url = resolve(base, reference)
            if url is not None and self._config.allows(url):
                yield url

    def _nothing(self) -> UserError:
        """The answer to a crawl that found no page."""
        start = self._config.start_urls[0]
        outcome = self._outcome
        url = outcome.follow(start)
        why = outcome.refused.get(url) or outcome.failed.get(url) or outcome.skipped.get(url)
        if why == "robots.txt":
            return UserError(
                "the site's robots.txt forbids every page that the crawl begins with",
                where=url,
                hint=f"ask the site's owner, or see what is allowed: {origin(url)}/robots.txt",
            )
        if why == "redirect off the site":
            target = self._journal.entries["page", url].why
            return UserError(
                f"redirects to {target}, which is not part of the site",
                where=url,
                hint="start there, or add its host to allowed_hosts",
            )
        return UserError(f"no page could be fetched: {why or 'nothing was found'}", where=url)
