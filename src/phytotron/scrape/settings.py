"""What a crawl may do: where it starts, how far it goes, and how politely."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from phytotron.errors import UserError
from phytotron.files import sha256
from phytotron.scrape.urls import host_of, normalise, path_of

USER_AGENT = "phytotron/0.1"

# Keys that change how fast or how patiently pages come, not which: a crawl that was interrupted
# may go on under other values of these.
_MANNER = frozenset({"name", "archive", "delay", "concurrency", "timeout", "retries", "backoff"})
_FORMAT = 1  # of the journal; another one cannot be continued


@dataclass(frozen=True)
class CrawlConfig:
    """A site and the limits of its crawl.

    Args:
        name: the site's name, for messages.
        start_urls: where the crawl begins; fetched whatever `include` and `exclude` say.
        allowed_hosts: hosts that may be asked, as `example.org` (any port) or `example.org:8080`;
            by default those of `start_urls`.
        archive: a bundled site (.tar.xz) to be served on loopback and crawled there.
        host: the host name under which the bundled site appears in every URL.
        include: regular expressions; a page's path must contain a match of at least one.
        exclude: regular expressions; a page's path must contain a match of none.
        use_sitemaps: also start from the pages that the site's sitemaps list.
        max_pages: addresses of pages that may be asked for.
        max_depth: links between a start page and a page.
        max_page_bytes: size of one page, after decompression, in bytes.
        max_total_bytes: size of all stored pages together, in bytes.
        max_redirects: redirects one after the other.
        delay: seconds between two requests to a host; a longer Crawl-delay of robots.txt wins.
        concurrency: requests at the same time to a host.
        timeout: seconds that one request may take from connecting to the last byte.
        retries: further attempts after a failure that may pass.
        backoff: seconds before the first further attempt; doubles with each one.
        user_agent: how the crawler calls itself; robots.txt is read for its first word.
        allow_private: whether private and loopback addresses may be asked.
    """

    name: str
    start_urls: tuple[str, ...]
    allowed_hosts: tuple[str, ...] = ()
    archive: Path | None = None
    host: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    use_sitemaps: bool = True
    max_pages: int = 10_000
    max_depth: int = 50
    max_page_bytes: int = 5_000_000
    max_total_bytes: int = 1_000_000_000
    max_redirects: int = 5
    delay: float = 1.0
    concurrency: int = 1
    timeout: float = 30.0
    retries: int = 2
    backoff: float = 1.0
    user_agent: str = USER_AGENT
    allow_private: bool = False

    def __post_init__(self) -> None:
        for key in ("start_urls", "allowed_hosts", "include", "exclude"):
            value = getattr(self, key)
            if isinstance(value, str) or not all(isinstance(item, str) for item in value):
                raise UserError("must be a list of texts", where=f"site.{key}")
            object.__setattr__(self, key, tuple(value))
        for key, least in _LEAST.items():
            value = getattr(self, key)
            number = int if isinstance(least, int) else (int, float)
            if isinstance(value, bool) or not isinstance(value, number) or not value >= least:
                raise UserError(
                    f"{value!r} is not possible",
                    where=f"site.{key}",
                    allowed=f"a {'whole number' if number is int else 'number'} from {least} up",
                )
        if self.timeout == 0:
            raise UserError("a request needs some time", where="site.timeout")
        for key in ("use_sitemaps", "allow_private"):
            if not isinstance(getattr(self, key), bool):
                raise UserError("must be true or false", where=f"site.{key}")
        if not re.match(r"[A-Za-z_-]+", self.user_agent) or not self.user_agent.isprintable():
            raise UserError(
                f"{self.user_agent!r} does not begin with a product name",
                where="site.user_agent",
                allowed="letters, '-' and '_', as in 'phytotron/0.1 (+https://example.org)'",
            )
        self._check_addresses()
        _ = self.patterns  # compile them now, so that a mistake shows before the first request

    def _check_addresses(self) -> None:
        if not self.start_urls:
            raise UserError("no address to start from", where="site.start_urls")
        if self.archive is not None:
            object.__setattr__(self, "archive", Path(self.archive))
            if not self.host:
                raise UserError("a bundled site needs a host name", where="site.host")
        starts = []
        for url in self.start_urls:
            start = normalise(url)
            if start is None:
                raise UserError(
                    f"{url!r} cannot be crawled",
                    where="site.start_urls",
                    allowed="an address such as https://example.org/docs/",
                )
            starts.append(start)
        hosts = self.allowed_hosts or tuple(sorted({host_of(url) for url in starts}))
        object.__setattr__(self, "start_urls", tuple(dict.fromkeys(starts)))
        object.__setattr__(self, "allowed_hosts", tuple(name.lower() for name in hosts))
        for url in starts:
            if not self.allows_host(url):
                raise UserError(
                    f"the start address {url} is on a host that is not allowed",
                    where="site.allowed_hosts",
                )

    @classmethod
    def from_mapping(cls, site: dict[str, Any]) -> CrawlConfig:
        """The crawl of a `site` config; keys for later stages, such as `labels`, are left out."""
        known = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in site.items() if key in known})

    @cached_property
    def patterns(self) -> tuple[list[re.Pattern[str]], list[re.Pattern[str]]]:
        """`include` and `exclude`, compiled."""
        return _compiled("include", self.include), _compiled("exclude", self.exclude)

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that name the crawl: what is asked for, and of which archive."""
        asked = {key: value for key, value in asdict(self).items() if key not in _MANNER}
        asked["format"] = _FORMAT
        asked["archive"] = sha256(self.archive) if self.archive else None
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]

    @cached_property
    def product(self) -> str:
        """The product token of the user agent, which robots.txt addresses."""
        match = re.match(r"[A-Za-z_-]+", self.user_agent)
        assert match
        return match[0].lower()

    def allows_host(self, url: str) -> bool:
        """Whether the host of a normalised URL may be asked."""
        name = host_of(url)
        return name in self.allowed_hosts or name.rpartition(":")[0] in self.allowed_hosts

    def allows(self, url: str) -> bool:
        """Whether a normalised URL belongs to the site: its host and its path."""
        if not self.allows_host(url):
            return False
        place = path_of(url)
        include, exclude = self.patterns
        if include and not any(pattern.search(place) for pattern in include):
            return False
        return not any(pattern.search(place) for pattern in exclude)


_LEAST = {
    "max_pages": 1,
    "max_depth": 0,
    "max_page_bytes": 1,
    "max_total_bytes": 1,
    "max_redirects": 0,
    "concurrency": 1,
    "retries": 0,
    "delay": 0.0,
    "timeout": 0.0,
    "backoff": 0.0,
}


def _compiled(key: str, patterns: tuple[str, ...]) -> list[re.Pattern[str]]:
    compiled = []
    for pattern in patterns:
        try:
            compiled.append(re.compile(pattern))
        except re.error as error:
            raise UserError(
                f"{pattern!r} is not a regular expression: {error}", where=f"site.{key}"
            ) from error
    return compiled
