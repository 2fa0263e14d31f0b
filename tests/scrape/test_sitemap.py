from __future__ import annotations

import contextlib
import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phytotron.scrape.sitemap import MAX_ADDRESSES, MAX_BYTES, SitemapError, parse

URLSET = (
    b'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    b"<url><loc> http://h/a </loc><lastmod>2026-01-01</lastmod></url>"
    b"<url><loc>http://h/b?x=1&amp;y=2</loc>"
    b"<image:image xmlns:image='urn:i'><image:loc>http://h/i.png</image:loc></image:image></url>"
    b"</urlset>"
)


def test_pages_of_a_sitemap() -> None:
    assert parse(URLSET).pages == ["http://h/a", "http://h/b?x=1&y=2"]
    assert parse(gzip.compress(URLSET)) == parse(URLSET)
    assert parse(b"\xef\xbb\xbf" + URLSET) == parse(URLSET)


def test_sitemaps_of_an_index() -> None:
    index = b"<sitemapindex><sitemap><loc>http://h/1.xml.gz</loc></sitemap></sitemapindex>"
    assert parse(index).sitemaps == ["http://h/1.xml.gz"]
    assert parse(index).pages == []


def test_a_sitemap_may_be_lines_of_text() -> None:
    assert parse(b"http://h/a\nhttp://h/b\n\nnonsense\n").pages == ["http://h/a", "http://h/b"]


def test_no_more_addresses_than_the_protocol_allows() -> None:
    many = b"<urlset>" + b"<url><loc>http://h/</loc></url>" * (MAX_ADDRESSES + 5) + b"</urlset>"
    assert len(parse(many).pages) == MAX_ADDRESSES


ENTITIES = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<urlset><url><loc>&b;</loc></url></urlset>"
)
FILE = (
    b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    b"<urlset><url><loc>&a;</loc></url></urlset>"
)


@pytest.mark.parametrize(
    "body",
    [
        URLSET[:-20],
        b"<urlset>&undefined;</urlset>",
        ENTITIES,
        FILE,
        b"<a>" * 100_000,
        gzip.compress(URLSET)[:-12],
        gzip.compress(bytes(MAX_BYTES + 1)),
        b"<?xml version='1.0' encoding='no-such'?><urlset/>",
    ],
    ids=["cut", "entity", "bomb", "file", "nested", "cut-gzip", "gzip-bomb", "encoding"],
)
def test_a_sitemap_that_is_broken_or_hostile_is_an_error(body: bytes) -> None:
    with pytest.raises(SitemapError):
        parse(body)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_sitemap_or_an_error(body: bytes) -> None:
    for data in (body, b"<urlset>" + body, b"\x1f\x8b" + body):
        with contextlib.suppress(SitemapError):
            parse(data)
