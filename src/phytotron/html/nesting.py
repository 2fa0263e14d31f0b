"""The cheap bound on a page's nesting depth, and on formatting that a parser would repeat.

`phytotron.html.complexity` counts as the HTML standard does, which takes longer than parsing an
ordinary page. The cleaner, which parses every page of an archive, uses this faster count, which is
never lower; only pages above the bound need the exact count.
"""

from __future__ import annotations

import re

from phytotron.html.complexity import MAX_DEPTH, ComplexityError, check_complexity

_TAG = re.compile(rb"<(/?[a-z][^\s/>]*)")
# Elements without content, and elements that end where another one of the kind begins. They nest in
# themselves only with an element between them that is counted.
_UNCOUNTED = frozenset(
    b"area base br col embed hr img input link meta param source track wbr "
    b"html head body p li dd dt option a nobr thead tbody tfoot tr td th colgroup "
    b"/p /li /dd /dt /option /a /td /th /tr /thead /tbody /tfoot /html /head /body".split()
)
_FORMATTING = frozenset(b"/b /big /code /em /font /i /s /small /strike /strong /tt /u".split())
_MAX_REOPENED = 1_000_000


def check_nesting(html: str) -> None:
    """Raise `ComplexityError` for a page whose tree would take a parser too long to build.

    Besides depth, this limits unclosed formatting, which a parser opens again in each new
    paragraph: 500 `<b>` before 2,000 `<p>` (15 KB) become a million elements.
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
        if ends and ends[-1] == tag:  # other end tags are assumed to close nothing
            ends.pop()
            formatting -= tag in _FORMATTING
        elif tag[0] != ord("/"):
            ends.append(b"/" + tag)
            formatting += ends[-1] in _FORMATTING
            if len(ends) > MAX_DEPTH:
                check_complexity(body)
                break
    if reopened > _MAX_REOPENED:
        raise ComplexityError("too much unclosed formatting, which each paragraph repeats")
