"""A page's nesting depth, bounded in linear time before a parser sees the page.

`phytotron.html.complexity` counts as the HTML standard does. That takes longer than parsing an
ordinary page, so most pages get by with a cruder count here that never comes out lower.
"""

from __future__ import annotations

import re

from phytotron.html.complexity import MAX_DEPTH, ComplexityError, check_complexity

_TAG = re.compile(rb"<(/?[a-z][^\s/>]*)")
# Elements without content, and elements that end where their like begins: they nest only with
# another element, which is counted, between them.
_UNCOUNTED = frozenset(
    b"area base br col embed hr img input link meta param source track wbr "
    b"html head body p li dd dt option a nobr thead tbody tfoot tr td th colgroup "
    b"/p /li /dd /dt /option /a /td /th /tr /thead /tbody /tfoot /html /head /body".split()
)
_FORMATTING = frozenset(b"/b /big /code /em /font /i /s /small /strike /strong /tt /u".split())
_MAX_REOPENED = 1_000_000


def check_nesting(html: str) -> None:
    """Raise `ComplexityError` for a page whose tree would take a parser too long to build.

    Besides depth that is unclosed formatting: a parser opens it again in each new paragraph, so
    that 500 `<b>` before 2,000 `<p>` (15 KB) become a million elements.
    """
    if html.count("<") <= MAX_DEPTH:
        return
    body = html.encode()
    reopened = formatting = 0
    ends: list[bytes] = []  # the end tags that would close the open elements
    for tag in _TAG.findall(body.lower()):
        reopened += formatting
        if tag in _UNCOUNTED:
            continue
        if ends and ends[-1] == tag:  # any other end tag is taken to close nothing
            ends.pop()
            formatting -= tag in _FORMATTING
        elif tag[0] != ord("/"):
            ends.append(b"/" + tag)
            formatting += ends[-1] in _FORMATTING
            if len(ends) > MAX_DEPTH:
                check_complexity(body)
                break
    if reopened > _MAX_REOPENED:
        raise ComplexityError("unclosed formatting would be opened again too often")
