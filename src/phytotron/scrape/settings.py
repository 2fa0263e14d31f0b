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
# may continue under other values of these.
_MANNER = frozenset({"name", "archive", "delay", "concurrency", "timeout", "retries", "backoff"})
_FORMAT = 1  # of the journal; another one cannot be continued


@dataclass(frozen=True)
class CrawlConfig:
    """A site and the limits of its crawl.

    `conf/site/` has the values, and `phytotron.config.schema` says which there may be.

    Args:
        name: the site's name, for messages.
        start_urls: where the crawl begins; fetched whatever `include` and `exclude` say.
        allowed_hosts: hosts that may be asked, as `example.org` (any port) or `example.org:8080`;
            empty for those of `start_urls`.
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
    allowed_hosts: tuple[str, ...]
    archive: Path | None
    host: str | None
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    use_sitemaps: bool
    max_pages: int
    max_depth: int
    max_page_bytes: int
    max_total_bytes: int
    max_redirects: int
    delay: float
    concurrency: int
    timeout: float
    retries: int
    backoff: float
    user_agent: str
    allow_private: bool

    def __post_init__(self) -> None:
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
        # Lists of YAML become tuples, and each address gets its one spelling.
        hosts = self.allowed_hosts or tuple(sorted({host_of(url) for url in starts}))
        normal = {
            "start_urls": tuple(dict.fromkeys(starts)),
            "allowed_hosts": tuple(name.lower() for name in hosts),
            "include": tuple(self.include),
            "exclude": tuple(self.exclude),
            "archive": None if self.archive is None else Path(self.archive),
        }
        for key, value in normal.items():
            object.__setattr__(self, key, value)

    @classmethod
    def from_mapping(cls, site: dict[str, Any]) -> CrawlConfig:
        """The crawl of a `site` config; keys for later stages, such as `labels`, are left out.

        Raises:
            UserError: a value is not allowed.
        """
        from phytotron.config.schema import check  # here: pydantic is slow to import
        from phytotron.config.schema.pipeline import Crawl

        known = {field.name for field in fields(cls)}
        own = {key: value for key, value in site.items() if key in known}
        check(Crawl, own, lambda key: None, "site")
        return cls(**own)

    @cached_property
    def patterns(self) -> tuple[list[re.Pattern[str]], list[re.Pattern[str]]]:
        """`include` and `exclude`, compiled."""
        return [re.compile(text) for text in self.include], [
            re.compile(text) for text in self.exclude
        ]

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
