"""The addresses in a sitemap (sitemaps.org): XML, an index of sitemaps, or lines of text."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass, field
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from phytotron.scrape.decompress import Decoder, EncodingError, TooLargeError

MAX_BYTES = 50 << 20  # of a sitemap, unpacked: the protocol's limit
MAX_ADDRESSES = 50_000  # in a sitemap: the protocol's limit
MAX_LEVELS = 3  # an index that lists an index that lists sitemaps


class SitemapError(Exception):
    """A sitemap cannot be read; the text says why."""


@dataclass
class Sitemap:
    """The contents of a sitemap: pages, further sitemaps, or both."""

    pages: list[str] = field(default_factory=list)
    sitemaps: list[str] = field(default_factory=list)


def parse(body: bytes) -> Sitemap:
    """Read a sitemap; gzip is recognised by its first bytes, text by not beginning with "<".

    Addresses beyond `MAX_ADDRESSES` are left out.

    Raises:
        SitemapError: not readable, larger than `MAX_BYTES`, or XML that declares entities.
    """
    if body.startswith(b"\x1f\x8b"):
        body = _gunzip(body)
    body = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not body.startswith((b"<", b"\xff\xfe", b"\xfe\xff")):
        lines = body.decode("utf-8", errors="replace").split()
        return Sitemap([line for line in lines if line.startswith("http")][:MAX_ADDRESSES])
    found = Sitemap()
    path: list[str] = []
    try:
        for event, element in iterparse(io.BytesIO(body), events=("start", "end")):
            name = element.tag.rpartition("}")[2]
            if event == "start":
                path.append(name)
                if len(path) > 64:
                    raise SitemapError("sitemap is nested too deeply")
                continue
            if path[-2:] in (["url", "loc"], ["sitemap", "loc"]):
                target = found.pages if path[-2] == "url" else found.sitemaps
                target.append((element.text or "").strip())
            path.pop()
            element.clear()
            if len(found.pages) + len(found.sitemaps) >= MAX_ADDRESSES:
                break
    except (ParseError, ValueError, LookupError) as error:
        raise SitemapError("sitemap is not well-formed XML") from error
    except DefusedXmlException as error:
        raise SitemapError("sitemap declares entities") from error
    return found


def _gunzip(body: bytes) -> bytes:
    decoder = Decoder("gzip", MAX_BYTES)
    try:
        decoder.feed(body)
        decoder.check_end()
    except (EncodingError, TooLargeError, zlib.error) as error:
        raise SitemapError("sitemap cannot be unpacked") from error
    return decoder.body()
