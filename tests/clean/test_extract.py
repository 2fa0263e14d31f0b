"""The fast extractor agrees with the reference, and extracts text only."""

from __future__ import annotations

import html
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phytotron.clean.extract import (
    NoContentError,
    check_selector,
    extract,
    extract_reference,
)
from phytotron.clean.settings import ContentRules
from phytotron.errors import UserError
from phytotron.html.encoding import decode

BOTH = pytest.mark.parametrize("read", [extract, extract_reference])


@BOTH
def test_text_between_two_block_boundaries_is_a_paragraph(read):
    page = read(
        "<title> A  title </title><body>before<p>one <b>bold</b>\n word<p>two"
        "<ul><li>three<ul><li>four</ul>after four<li>five</ul>"
        "<table><tr><th>six<td>seven</table><pre>eight\n  nine</pre>last<br>line</body>"
    )
    assert page.title == "A title"
    assert page.paragraphs == [
        *("before", "one bold word", "two", "three", "four", "after four", "five"),
        *("six", "seven", "eight nine", "last line"),
    ]


@BOTH
def test_scripts_styles_navigation_and_comments_are_no_text(read):
    page = read(
        "<body><nav>menu</nav><script>var a = '<p>x</p>'</script><style>p {}</style><!-- note -->"
        "<noscript>no</noscript><template><p>t</p></template><svg><text>s</text></svg>"
        "<select><option>o</option></select><p>text</p></body>"
    )
    assert page.paragraphs == ["text"]


@BOTH
def test_content_is_selected_and_parts_of_it_are_dropped(read):
    page = read(
        "<body><p>outside</p><div id=c><h1>Title</h1><p>kept <a class=permalink>#</a></p>"
        "<div class=toc><p>contents</p></div></div></body>",
        "#c",
        ["h1", ".permalink", "div.toc"],
    )
    assert page.paragraphs == ["kept"]


@BOTH
def test_selectors_see_the_page_as_it_came(read):
    # the second selector must not meet a tree from which the first has taken something
    source = "<body><div><span>a</span><span>b</span><i>c</i></div></body>"
    page = read(source, "div", ["i", "span:last-child"])
    assert page.paragraphs == ["ab"]


@BOTH
def test_a_paragraph_ends_where_a_block_begins(read):
    source = "<body><div><p class=note>dropped <p>kept</p></p>and this</div></body>"
    assert read(source, "div", [".note"]).paragraphs == ["kept", "and this"]


@BOTH
def test_the_content_element_itself_is_never_dropped(read):
    assert read("<body><div class=x>text</div></body>", ".x", [".x"]).paragraphs == ["text"]
    assert read("<body><nav>text</nav></body>", "nav").paragraphs == ["text"]


@BOTH
def test_the_declared_language(read):
    assert read('<html lang="pt-BR"><body>texto</body></html>').language == "pt-BR"
    assert read("<html><body>text</body></html>").language == ""


@BOTH
def test_a_missing_content_element_is_an_error(read):
    with pytest.raises(NoContentError, match="#content"):
        read("<body><p>text</p></body>", "#content")


def test_a_broken_selector_names_its_place():
    check_selector("div:not(:last-child) > a[href*='x']", "site.content[0]")
    with pytest.raises(UserError, match=r"site\.content\[3\].*'p:nope\('"):
        check_selector("p:nope(", "site.content[3]")


def test_half_a_million_flat_paragraphs_take_no_more_than_seconds():
    started = time.perf_counter()
    assert len(extract("<body>" + "<p>x" * 500_000).paragraphs) == 500_000
    assert time.perf_counter() - started < 30


# Well-placed HTML: the subset in which the two parsers must agree on every tree.
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12).map(html.escape)
INLINE_NAMES = st.sampled_from(["a", "b", "code", "em", "i", "span", "strong", "sup", "var"])
HIDDEN = st.sampled_from(
    ["<script>if (a < b) f('<p>')</script>", "<style>p{}</style>", "<!-- <p> -->", "<br>", "<br/>"]
)
CLASS = st.sampled_from(["", "", " class=drop", ' class="x drop"', " id='a'"])


def element(name: str, attributes: str, inner: str, end: bool = True) -> str:
    return f"<{name}{attributes}>{inner}" + (f"</{name}>" if end else "")


INLINE = st.recursive(
    TEXT | HIDDEN,
    lambda inner: st.builds(element, INLINE_NAMES, CLASS, st.lists(inner, max_size=3).map("".join)),
    max_leaves=6,
).filter(lambda text: text.count("<a") < 2)  # links do not nest
LINE = st.lists(INLINE, max_size=3).map("".join).filter(lambda text: text.count("<a") < 2)
PARAGRAPH = st.builds(element, st.just("p"), CLASS, LINE, st.booleans())


def lists(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    item = st.builds(element, st.just("li"), CLASS, inner, st.booleans())
    return st.builds(
        element, st.sampled_from(["ul", "ol"]), CLASS, st.lists(item, max_size=3).map("".join)
    )


def tables(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    cell = st.builds(element, st.sampled_from(["td", "th"]), CLASS, inner, st.booleans())
    cells = st.lists(cell, min_size=1, max_size=3).map("".join)
    row = st.builds(element, st.just("tr"), CLASS, cells)
    return st.builds(element, st.just("table"), CLASS, st.lists(row, max_size=2).map("".join))


def blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    flow = st.lists(inner, max_size=3).map("".join)
    boxes = st.sampled_from(["div", "section", "blockquote", "article"])
    return st.builds(element, boxes, CLASS, flow) | lists(flow) | tables(flow)


FLOW = st.recursive(PARAGRAPH | LINE, blocks, max_leaves=12)
PAGE = st.lists(FLOW, max_size=4).map("".join)


def drop_selectors(page: str) -> list[str]:
    """Nothing is dropped where an end tag is missing: the two trees end such elements apart."""
    complete = all(
        page.count(f"<{tag}") == page.count(f"</{tag}>") for tag in ("p", "li", "td", "th")
    )
    return [".drop"] if complete else []


@settings(max_examples=60, deadline=None)
@given(TEXT, PAGE)
def test_both_extractors_agree(title, body):
    page = f"<html><head><title>{title}</title></head><body><div id=c>{body}</div></body></html>"
    drop = drop_selectors(page)
    assert extract(page, "#c", drop) == extract_reference(page, "#c", drop)


def check_site(pages, site_config) -> int:
    contents = ContentRules(site_config["content"])
    compared = 0
    for url, body in pages:
        content = contents.of(url)
        if content is None:
            continue
        results = []
        for read in (extract, extract_reference):
            try:
                results.append(read(decode(body), content.select, content.drop))
            except NoContentError as error:
                results.append(str(error))
        assert results[0] == results[1], url
        compared += 1
    return compared


def test_both_extractors_agree_on_a_sample_of_the_bundled_site(bundled_pages, site_config):
    assert check_site(bundled_pages(90), site_config) > 45


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_both_extractors_agree_on_the_whole_bundled_site(bundled_pages, site_config):
    assert check_site(bundled_pages(1), site_config) > 4400
