"""The rules of a robots.txt, by RFC 9309.

Protego reads the rules; section 2.3.1 of the RFC says what holds where there are none.
"""

from __future__ import annotations

from dataclasses import dataclass

from protego import Protego

MAX_BYTES = 512 << 10  # that are read of a robots.txt; the RFC demands at least 500 KiB
MAX_AGE = 24 * 3600.0  # seconds for which the rules hold
MAX_REDIRECTS = 5
MAX_DELAY = 600.0  # seconds; a site that asks for more between two requests is not crawled


@dataclass(frozen=True)
class Rules:
    """The rules of one origin (scheme, host and port) for one crawler.

    Attributes:
        fetched_at: when they were fetched, in seconds since 1970.
        delay: seconds that the site asks for between two requests.
        sitemaps: addresses of its sitemaps, as written.
        forbidden: why no address may be requested, whatever the rules; or None.
    """

    fetched_at: float
    delay: float = 0.0
    sitemaps: tuple[str, ...] = ()
    forbidden: str | None = None
    _parser: Protego | None = None
    _agent: str = ""

    @classmethod
    def parse(cls, body: bytes, agent: str, fetched_at: float) -> Rules:
        """The rules in a robots.txt.

        Args:
            body: the file; bytes beyond `MAX_BYTES` are left out.
            agent: the crawler's product token.
            fetched_at: seconds since 1970.
        """
        if len(body) > MAX_BYTES:
            body = body[:MAX_BYTES].rpartition(b"\n")[0]  # without a last line that was cut
        parser = Protego.parse(body.decode("utf-8-sig", errors="replace"))
        delay = parser.crawl_delay(agent) or 0.0
        forbidden = None
        if delay > MAX_DELAY:
            forbidden = f"robots.txt asks for {delay:g} s between requests"
        return cls(fetched_at, delay, tuple(parser.sitemaps), forbidden, parser, agent)

    @classmethod
    def absent(cls, fetched_at: float) -> Rules:
        """No robots.txt (a 4xx status, or redirects without end): everything is allowed."""
        return cls(fetched_at)

    @classmethod
    def unreachable(cls, why: str, fetched_at: float) -> Rules:
        """The rules cannot be fetched now (5xx, no connection): nothing is allowed."""
        return cls(fetched_at, forbidden=f"robots.txt cannot be fetched ({why})")

    def refusal(self, url: str) -> str | None:
        """Why an address must not be requested, or None when it may."""
        if self.forbidden:
            return self.forbidden
        if self._parser is None or self._parser.can_fetch(url, self._agent):
            return None
        return "robots.txt"
