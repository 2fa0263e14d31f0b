from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser, LexborNode

from phytotron.html import complexity as nesting
from phytotron.html.complexity import ComplexityError, check_complexity, nesting_depth


def parsed_depth(html: str) -> int:
    """The depth of the tree that the parser really builds."""
    deepest = 0
    waiting: list[tuple[LexborNode, int]] = [(LexborHTMLParser(html).root, 1)]
    while waiting:
        node, depth = waiting.pop()
        deepest = max(deepest, depth)
        child = node.child
        while child is not None:
            if child.tag and not child.tag.startswith("-"):
                waiting.append((child, depth + 1))
            child = child.next
    return deepest


TAGS = (
    "div /div span /span b /b a /a nobr /nobr p /p ul li /ul object /object table tr td /td /table "
    "select option /select button /button svg /svg g /g style /style script /script title /title "
    "template /template foreignObject /foreignObject desc /desc math mi /mi /math !-- !x / x/ br "
    "input div/ textarea /textarea form /form h1 /h1 marquee /marquee noscript /noscript"
)
PIECES = st.sampled_from(
    [f"<{name}>" for name in TAGS.split()]
    + [
        "<i x=1>",
        "</i>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        '">',
        '"',
        "'",
        "=",
        "<a x='",
        "text",
        "<g/>",
        "<g x=''/>",
        "<g x=y/>",
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(PIECES, max_size=3).map(" ".join),
    st.lists(PIECES, min_size=1, max_size=10).map(" ".join),
)
@example("", "<div><object></div></object>")
@example("", "<b><div></b>")
@example("", "<span><div></span>")
@example("", "<div><!--</div>-->")
@example("", "<div><script></div></script>")
@example("<svg><style>", "<g>")
@example("<svg>", "<g><![CDATA[></g>]]>")
@example("<svg>", "<a>")
@example("<svg>", '<g x=y"/>')
@example("<svg><p>", "<g/>")
@example("<svg><desc>", "<g/>")
@example("", "<p><span></p><g></span>")
@example("", "</math><math><span>")
@example("", "<noscript><li></noscript>")
@example("", "<math><style></math><div><script></div></script>")
@example("", '<div title="</div>">')
@example("", '<div "><div ">')
def test_no_page_nests_much_deeper_than_the_count_says(start: str, block: str) -> None:
    """Whatever is repeated: an attack that the count did not see would grow without limit."""
    html = start + block * 300
    try:
        counted = nesting_depth(html.encode())
    except ComplexityError:
        return
    if counted <= nesting.MAX_DEPTH:
        # of <table><tbody><tr><td><p> only the table is counted
        assert parsed_depth(html) <= 8 * counted + 50


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 200_000,
        "<b><div></b>" * 50_000,
        "<div><object></div></object>" * 50_000,
        "<div><!--</div>-->" * 50_000,
        "<svg>" + "<g><![CDATA[></g>]]>" * 50_000,
        "<div " + " ".join(f"a{i}=1" for i in range(100_000)) + ">",
        "<svg><style><g " + "a " * 100_000 + "></style>",
    ],
    ids=["nested", "formatting", "object", "comment", "cdata", "attributes", "hidden-attributes"],
)
def test_pages_that_keep_a_parser_busy_are_refused_at_once(html: str) -> None:
    began = time.process_time()
    with pytest.raises(ComplexityError):
        check_complexity(html.encode())
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "piece",
    [
        "<!--",
        "<a ",
        '<a b="',
        "<script>",
        "<script",
        "<svg><![CDATA[",
        "<",
        "</",
        "<a =",
        "&",
        "</x>",
    ],
)
def test_the_count_takes_linear_time(piece: str) -> None:
    def seconds(size: int) -> float:
        body = (piece * (size // len(piece))).encode()
        began = time.process_time()
        with contextlib.suppress(ComplexityError):
            nesting_depth(body)
        return time.process_time() - began

    # 16 times as much would take 256 times as long if the time grew with the square
    assert seconds(3_200_000) < 64 * max(min(seconds(200_000) for _ in range(3)), 0.002)


def test_end_tags_without_an_element_stay_cheap() -> None:
    body = b"<x><object>" + b"<div>" * 500 + b"</x>" * 200_000
    began = time.process_time()
    nesting_depth(body)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "html",
    [
        "<p>text" * 5000,
        "<ul>" + "<li>item" * 5000,
        "<table>" + "<tr><td>1<td>2" * 5000,
        "<a name=x>" * 5000,
        "<div>text</div>" * 5000,
        "<br><img src=x><input>" * 5000,
        "<select>" + "<option>1" * 5000,
        "<script>" + "'<div>' + " * 5000 + "</script>",
        "<svg><path d='M0'/></svg>" * 5000,
    ],
)
def test_long_pages_that_do_not_nest_pass(html: str) -> None:
    check_complexity(html.encode())


def test_a_page_at_the_limit_passes() -> None:
    check_complexity(b"<div>" * nesting.MAX_DEPTH)
    with pytest.raises(ComplexityError):
        check_complexity(b"<div>" * (nesting.MAX_DEPTH + 1))
