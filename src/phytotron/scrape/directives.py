"""What a page tells a crawler: its links, its canonical address, and whether to index it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from requests.utils import parse_header_links
from selectolax.lexbor import LexborHTMLParser, LexborNode

from phytotron.scrape.urls import resolve

MAX_LINKS = 20_000  # of one page; more are a crawler trap
_SELECTOR = (
    "a[href], area[href], frame[src], iframe[src], base[href], link[rel][href], meta[content]"
)
_REFRESH = re.compile(r"\s*[\d.]*\s*[;,]\s*(?:url\s*=\s*)?[\"']?([^\"']+)", re.IGNORECASE)
_BLANKS = " \t\n\f\r"
# A directive that is not meant for crawlers can only make this one stricter.
_DIRECTIVE = re.compile(r"[a-z-]+")


@dataclass(frozen=True)
class Directives:
    """The directives of one page.

    Attributes:
        links: normalised addresses, each once, in the order of the page; empty under `nofollow`.
        canonical: the canonical address that the page declares, or None.
        noindex: whether the page asks not to be kept.
    """

    links: list[str]
    canonical: str | None
    noindex: bool


def read_directives(
    html: str, url: str, product: str, x_robots: str = "", link: str = ""
) -> Directives:
    """The directives on a page and in its header.

    Links marked `rel="nofollow"` are left out.

    Args:
        html: the page.
        url: its normalised address, against which links are resolved unless it has a `<base>`.
        product: the crawler's product token, in lower case.
        x_robots: value of the header field `X-Robots-Tag`.
        link: value of the header field `Link`.
    """
    base: str | None = None
    canonical = _header_canonical(link)
    rules = set(_header_rules(x_robots, product))
    references: dict[str, None] = {}
    for node in LexborHTMLParser(html).css(_SELECTOR):
        tag, attributes = node.tag, node.attributes
        if tag == "meta":
            content = attributes.get("content") or ""
            if (attributes.get("name") or "").strip().lower() in ("robots", product):
                rules.update(_DIRECTIVE.findall(content.lower()))
            elif (attributes.get("http-equiv") or "").strip().lower() == "refresh":
                match = _REFRESH.match(content)
                references[match[1].strip(_BLANKS) if match else ""] = None
        elif tag == "base":
            base = base or resolve(url, (attributes.get("href") or "").strip(_BLANKS))
        elif tag == "link":
            if "canonical" in _rel(node) and canonical is None:
                canonical = attributes.get("href")
        elif "rel" not in attributes or "nofollow" not in _rel(node):
            target = attributes.get("src" if tag in ("frame", "iframe") else "href") or ""
            references[target.partition("#")[0].strip(_BLANKS)] = None
    base = base or url
    links: list[str] = []
    if not rules & {"nofollow", "none"}:
        links = list(dict.fromkeys(_resolved(base, references)))[:MAX_LINKS]
    return Directives(
        links,
        resolve(base, canonical.strip(_BLANKS)) if canonical else None,
        bool(rules & {"noindex", "none"}),
    )


def _resolved(base: str, references: dict[str, None]) -> Iterator[str]:
    # A relative reference means the same on all pages of a folder, so `resolve` can cache it.
    folder = base.partition("?")[0].rpartition("/")[0] + "/"
    for reference in references:
        if reference:
            url = resolve(base if reference.startswith("?") else folder, reference)
            if url is not None:
                yield url


def _rel(node: LexborNode) -> list[str]:
    return (node.attributes.get("rel") or "").lower().split()


def _header_rules(value: str, product: str) -> Iterator[str]:
    """The directives in `X-Robots-Tag`; those after another crawler's name do not apply."""
    for part in value.lower().split(","):
        name, colon, rest = part.strip().partition(":")
        if not colon:
            yield name
        elif name in ("robots", product):
            yield rest.strip()


def _header_canonical(value: str) -> str | None:
    if "canonical" not in value:
        return None
    for entry in parse_header_links(value):
        if "canonical" in entry.get("rel", "").lower().split():
            return entry.get("url")
    return None
