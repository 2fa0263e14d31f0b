"""Pages that would keep a parser busy are refused before it sees them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phytotron.html.complexity import MAX_DEPTH, ComplexityError, nesting_depth
from phytotron.html.nesting import check_nesting


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 200_000,
        "<DIV>x</nothing>" * 200_000,
        "<x><div></x></div>" * 2_000,
        "<p>" + "".join(f"<b id={i}>" for i in range(500)) + "<p>x" * 2_100,
    ],
    ids=["nested", "with end tags that close nothing", "misnested", "formatting opened again"],
)
def test_hostile_pages_are_refused_quickly(page):
    started = time.perf_counter()
    with pytest.raises(ComplexityError):
        check_nesting(page)
    assert time.perf_counter() - started < 10


@pytest.mark.parametrize(
    "page",
    [
        "<p>x" * 500_000,
        "<ul>" + "<li>x" * 5_000,
        "<div><b>x</b><br><img src=a></div>" * 5_000,
        "<b><i>x</b></i>" * 1_000,
        "<table>" + "<tr><td>x" * 5_000,
    ],
)
def test_flat_pages_pass(page):
    check_nesting(page)


TAGS = st.sampled_from(["div", "b", "p", "li", "ul", "table", "td", "x", "br", "span"])
SOUP = st.lists(st.builds("<{}{}>".format, st.sampled_from(["", "", "", "/"]), TAGS), max_size=40)


@settings(max_examples=50, deadline=None)
@given(SOUP, st.integers(20, 60))
def test_the_fast_count_is_never_lower_than_the_exact_one(soup, times):
    page = "".join(soup) * times
    try:
        refused = nesting_depth(page.encode()) > MAX_DEPTH
    except ComplexityError:
        refused = True
    if refused:
        with pytest.raises(ComplexityError):
            check_nesting(page)
