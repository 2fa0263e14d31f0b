"""One spelling for each address.

Addresses are brought into the normal form of RFC 3986 section 6.2: scheme and host in lower case,
no default port, no dot segments, no fragment, unreserved characters unescaped and all others
escaped with upper-case digits. Two spellings of one address are then one page.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache
from urllib.parse import urljoin

from requests.exceptions import InvalidURL
from requests.utils import unquote_unreserved
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

MAX_LENGTH = 2083  # characters; longer addresses are traps or mistakes
_PORTS = {"http": 80, "https": 443}
# Most addresses are in the normal form already; this check is 20 times as fast as normalising.
_NORMAL = re.compile(
    r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*/(?:[A-Za-z0-9_~-][A-Za-z0-9_.~-]*/)*"
    r"(?:[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)?"
)


def normalise(url: str) -> str | None:
    """The normal form of an absolute `http` or `https` address; None for anything else.

    None also for addresses that carry a user name, have no host, or are longer than `MAX_LENGTH`.
    """
    if len(url) <= MAX_LENGTH and _NORMAL.fullmatch(url):
        return url
    url = re.sub(r"[\t\r\n]", "", url.strip("".join(map(chr, range(33)))))  # as browsers do
    head, mark, query = url.partition("?")
    url = head.replace("\\", "/") + mark + query
    if len(url) > MAX_LENGTH or not url[:8].lower().startswith(("http://", "https://")):
        return None
    with suppress(InvalidURL):  # a stray "%" becomes "%25" below
        url = unquote_unreserved(url)
    try:
        parts = parse_url(url)
    except (LocationParseError, ValueError):
        return None
    host = (parts.host or "").rstrip(".")
    if not host or "%" in host or parts.auth is not None or parts.port == 0:
        return None
    port = "" if parts.port in (None, _PORTS[parts.scheme or ""]) else f":{parts.port}"
    query = "" if parts.query is None else f"?{parts.query}"
    result = f"{parts.scheme}://{host}{port}{parts.path or '/'}{query}"
    return result if len(result) <= MAX_LENGTH else None


@lru_cache(maxsize=1 << 16)
def resolve(base: str, reference: str) -> str | None:
    """The normal form of a reference on the page at `base`; None if it is no web address."""
    try:
        return normalise(urljoin(base, reference))
    except ValueError:  # such as the incomplete address http://[::1
        return None


def origin(url: str) -> str:
    """Scheme, host and port of a normalised address: the scope of a robots.txt."""
    return url[: url.index("/", 8)]


def host_of(url: str) -> str:
    """Host and port of a normalised address; the port only when it is not the default."""
    start = url.index("//") + 2
    return url[start : url.index("/", start)]


def path_of(url: str) -> str:
    """The path of a normalised address, without the query."""
    return url[url.index("/", 8) :].partition("?")[0]
