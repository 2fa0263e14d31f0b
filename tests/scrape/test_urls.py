from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phytotron.scrape.urls import MAX_LENGTH, host_of, normalise, origin, path_of, resolve


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("HTTP://Example.ORG", "http://example.org/"),
        ("http://example.org:80/a", "http://example.org/a"),
        ("https://example.org:443/a", "https://example.org/a"),
        ("https://example.org:80/a", "https://example.org:80/a"),
        ("http://example.org/a#part", "http://example.org/a"),
        ("http://example.org/a/./b/../c", "http://example.org/a/c"),
        ("http://example.org/a/%2e%2E/c", "http://example.org/c"),
        ("http://example.org/../../a", "http://example.org/a"),
        ("http://example.org/%7euser/%e4%b8%ad", "http://example.org/~user/%E4%B8%AD"),
        ("http://example.org/中 文", "http://example.org/%E4%B8%AD%20%E6%96%87"),
        ("http://example.org/100%", "http://example.org/100%25"),
        ("http://example.org/a?q=1&r=%41", "http://example.org/a?q=1&r=A"),
        ("http://example.org?q", "http://example.org/?q"),
        ("http:\\\\example.org\\a?b\\c", "http://example.org/a?b%5Cc"),
        ("  http://exam\nple.org/a\t ", "http://example.org/a"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://example.org./a", "http://example.org/a"),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
    ],
)
def test_spellings_of_an_address_become_one(url: str, normal: str) -> None:
    assert normalise(url) == normal


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/relative",
        "mailto:someone@example.org",
        "javascript:alert(1)",
        "ftp://example.org/",
        "file:///etc/passwd",
        "http:///no-host",
        "http://user:secret@example.org/",
        "http://example.org:0/",
        "http://example.org:99999/",
        "http://[fe80::1%25eth0]/",
        "http://[::1/",
        "http://example.org/" + "a" * MAX_LENGTH,
    ],
)
def test_addresses_that_are_no_web_pages_are_left_out(url: str) -> None:
    assert normalise(url) is None


@given(st.text(alphabet="aB%2e./?#&=:é \\@-_~[]", max_size=40))
def test_normalising_twice_changes_nothing(rest: str) -> None:
    once = normalise("http://example.org/" + rest)
    if once is not None:
        assert normalise(once) == once
        parts = urlsplit(once)
        assert (host_of(once), path_of(once)) == (parts.netloc, parts.path)
        assert origin(once) == f"{parts.scheme}://{parts.netloc}"


@given(st.text(max_size=60))
def test_any_reference_resolves_to_an_address_or_to_none(reference: str) -> None:
    url = resolve("http://example.org/a/b", reference)
    assert url is None or normalise(url) == url


def test_references_resolve_as_in_rfc_3986() -> None:
    base = "http://a/b/c/d?q"
    for reference, url in {
        "g": "http://a/b/c/g",
        "../g": "http://a/b/g",
        "?y": "http://a/b/c/d?y",
        "//g": "http://g/",
        "/g": "http://a/g",
        "g;x=1/../y": "http://a/b/c/y",
        "https://h:443/": "https://h/",
    }.items():
        assert resolve(base, reference) == url
    assert resolve(base, "http://[::1") is None
