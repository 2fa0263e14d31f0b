from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phytotron.html.pages import links
from phytotron.scrape.directives import MAX_LINKS, Directives, read_directives
from phytotron.scrape.urls import normalise

URL = "http://h/dir/page?q=1"


def read(html: str, **header: str) -> Directives:
    return read_directives(html, URL, "phytotron", **header)


def test_links_are_absolute_normalised_and_each_is_there_once() -> None:
    html = """
        <a href="a">1</a> <a href="./a#part">2</a> <a href=" /b ">3</a> <area href="?q=2">
        <a href="HTTP://H:80/c">4</a> <a href="mailto:x@h">5</a> <a href="javascript:go()">6</a>
        <a href="http://[::1">7</a> <a>8</a> <a href="">9</a> <a href="#top">10</a>
        <iframe src="frame"></iframe>"""
    urls = ["http://h/dir/a", "http://h/b", "http://h/dir/page?q=2", "http://h/c"]
    assert read(html).links == [*urls, "http://h/dir/frame"]


def test_the_first_base_counts() -> None:
    html = '<base target=x><base href="/other/"><base href="/no/"><a href="a">'
    assert read(html).links == ["http://h/other/a"]
    assert read('<base href="http://[bad"><a href="a">').links == ["http://h/dir/a"]


@pytest.mark.parametrize("name", ["robots", "ROBOTS", "phytotron"])
def test_meta_directives(name: str) -> None:
    html = f'<meta name="{name}" content="NoIndex, nofollow"><a href="a">'
    assert read(html) == Directives([], None, True)
    assert read(f'<meta name="{name}" content="none"><a href="a">') == Directives([], None, True)


def test_directives_for_other_crawlers_do_not_count() -> None:
    html = '<meta name="otherbot" content="noindex"><a href="a">'
    assert read(html, x_robots="otherbot: noindex") == Directives(["http://h/dir/a"], None, False)


def test_header_directives() -> None:
    assert read("<a href=a>", x_robots="noarchive, noindex").noindex
    assert read("<a href=a>", x_robots="nofollow").links == []
    assert read("<a href=a>", x_robots="Phytotron: noindex").noindex


def test_links_marked_nofollow_are_left_out() -> None:
    html = '<a rel="ugc nofollow" href="a"><a rel="next" href="b">'
    assert read(html).links == ["http://h/dir/b"]


def test_the_canonical_address_of_the_page_or_of_its_header() -> None:
    assert read('<link rel="Canonical" href="../c#x">').canonical == "http://h/c"
    assert read("", link='</c>; rel="canonical"').canonical == "http://h/c"
    assert read("", link="</c>; rel=next").canonical is None
    assert read("", link="<<<;;;canonical").canonical is None


def test_a_page_that_refreshes_into_another_links_to_it() -> None:
    html = '<meta http-equiv="Refresh" content="0; URL=\'next.html\'">'
    assert read(html).links == ["http://h/dir/next.html"]


def test_links_of_a_trap_are_limited() -> None:
    html = "".join(f'<a href="{number}">' for number in range(MAX_LINKS + 5))
    assert len(read(html).links) == MAX_LINKS


@given(st.text(alphabet="<>abehrflink='\"/#?: .;=0", max_size=80))
def test_any_text_gives_normalised_links(html: str) -> None:
    for url in read(html).links:
        assert normalise(url) == url


def test_the_same_links_as_the_page_has() -> None:
    html = '<base href="/x/"><a href="1.html">a</a><a href="../2.html?a=b#c">b</a><a href="//g/">'
    assert set(read(html).links) == set(links(html, URL))
