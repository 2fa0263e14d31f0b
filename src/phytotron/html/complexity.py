"""The exact bound on a page's nesting depth, checked before a parser sees the page.

The time of HTML parsers grows with the square of the nesting depth, and with the square of the
number of attributes of one tag: a page of 1 MB can keep a parser busy for an hour. This count takes
linear time. It follows the HTML standard (section 13.2.6): an element counts as closed only where
the standard is sure to close it, so the count may be too high on a malformed page, but hardly ever
too low.

The crawler checks each page with it. `phytotron.html.nesting` is the cheaper check of the cleaner,
which falls back on this one.
"""

from __future__ import annotations

import re

MAX_DEPTH = 512  # as in browsers; real pages stay below 100
MAX_ATTRIBUTES = 512  # of one tag
_TOO_MANY_ATTRIBUTES = f"a tag has more than {MAX_ATTRIBUTES} attributes"

_BLANK = rb"[ \t\n\f\r]"
_ATTRIBUTE = (
    rb"[^ \t\n\f\r/>][^ \t\n\f\r/>=]*+(?:" + _BLANK + rb"*+=" + _BLANK + rb"*+"
    rb"(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^ \t\n\f\r>\"'][^ \t\n\f\r>]*+)?+)?+"
)
_ATTRIBUTES = rb"(?:[ \t\n\f\r/]++|" + _ATTRIBUTE + rb")*+"
_TOKEN = re.compile(
    rb"<!--(?:-?>|.*?(?:--!?>|\Z))|<[!?][^>]*+|</[^a-zA-Z>][^>]*+"  # comments
    rb"|<(/?[a-zA-Z][^ \t\n\f\r/>]*+)(" + _ATTRIBUTES + rb")>?",
    re.DOTALL,
)
_START_TAG = re.compile(rb"<[a-zA-Z]")
_ONE_ATTRIBUTE = re.compile(_ATTRIBUTE)
_MANY_ATTRIBUTES = re.compile(
    rb"<[a-zA-Z][^ \t\n\f\r/>]*+(?:[ \t\n\f\r/]*+" + _ATTRIBUTE + rb"){%d}" % (MAX_ATTRIBUTES + 1)
)


def _names(text: str) -> frozenset[bytes]:
    return frozenset(text.encode().split())


# Elements whose content is text: tags in it are not tags.
_TEXT = _names("script style textarea title xmp iframe noembed noframes")
_TEXT_END = {name: re.compile(rb"(?i)</%s(?=[ \t\n\f\r/>])" % name) for name in _TEXT}
# Elements without content, and elements that end where another one of the kind begins. They nest in
# themselves only with an element between them that is counted.
_VOID = _names("area base br col embed hr img input link meta param source track wbr")
_ENDS_ITSELF = _names(
    "html head body p li dd dt option optgroup tr td th tbody thead tfoot caption colgroup "
    "rb rt rp rtc frame"
)
# An end tag closes no element outside the innermost of these.
_BOUNDARY = _names(
    "applet marquee object select table template foreignobject desc mi mo mn ms mtext "
    "annotation-xml"
)
# End tags of blocks and of formatting elements close elements outside an open block; others do not.
_BLOCK = _names(
    "address article aside blockquote button center details dialog dir div dl fieldset figcaption "
    "figure footer h1 h2 h3 h4 h5 h6 header hgroup listing main menu nav ol pre search section "
    "summary ul applet marquee object select table template"
)
_FORMATTING = _names("a b big code em font i nobr s small strike strong tt u form")
_NO_BLOCK = _BOUNDARY | _BLOCK | _ENDS_ITSELF | _names("form noscript plaintext")
# These tags end <svg> and <math> wherever they occur in them ...
_BREAKOUT = _names(
    "b big blockquote body br center code dd div dl dt em embed font h1 h2 h3 h4 h5 h6 head hr i "
    "img li listing menu meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul "
    "var /br /p"
)
# ... except inside these, whose content is HTML.
_HTML_INSIDE = _names("foreignobject desc title mi mo mn ms mtext annotation-xml")
_SEARCH = 48  # open elements that an end tag is compared with, innermost first


class ComplexityError(Exception):
    """The page nests too deeply or has a tag with too many attributes."""


def check_complexity(body: bytes) -> None:
    """Raise `ComplexityError` for a page that could keep a parser busy for long."""
    # Most pages have too few tags to nest deeply, and counting tags is fast.
    few_tags = body.count(b"<") - body.count(b"</") <= MAX_DEPTH
    if few_tags and not _MANY_ATTRIBUTES.search(body):
        return
    if nesting_depth(body) > MAX_DEPTH:
        raise ComplexityError(f"nested deeper than {MAX_DEPTH} elements")


def nesting_depth(body: bytes) -> int:
    """The greatest number of elements that are open at once; counted up to `MAX_DEPTH` + 1.

    Elements that cannot nest in themselves, such as paragraphs and table cells, are left out.

    Args:
        body: the page in an encoding that contains ASCII.

    Raises:
        ComplexityError: a tag has more than `MAX_ATTRIBUTES` attributes.
    """
    stack: list[bytes] = []
    deepest = position = 0
    has_foreign = False  # whether there was an <svg> or a <math>
    has_left = False  # whether a tag may have ended one before its end tag
    while deepest <= MAX_DEPTH and (token := _TOKEN.search(body, position)):
        position = token.end()
        name = (token[1] or b"").lower()
        has_left = has_left or (has_foreign and name in _BREAKOUT and _in_foreign(stack))
        if name[:1] == b"/":
            if stack and stack[-1] == name[1:]:
                stack.pop()
            else:
                _close(stack, name[1:])
            continue
        # In <svg> and <math>, the sets of HTML elements do not apply.
        foreign = has_foreign and (b"svg" in stack or b"math" in stack)
        if foreign and _is_ambiguous(body, token, name):
            # The rest can be parsed in two ways. Be safe in both: count all tags as nested.
            if _MANY_ATTRIBUTES.search(body, token.start()):
                raise ComplexityError(_TOO_MANY_ATTRIBUTES)
            rest = sum(1 for _ in _START_TAG.finditer(body, token.start()))
            return min(len(stack) + rest, MAX_DEPTH + 1)
        if not name:
            continue
        _check_attributes(token[2])
        if not foreign:
            if name in _TEXT:
                end = _TEXT_END[name].search(body, position)
                position = end.start() if end else len(body)
            # Only in <noscript>, an open item or paragraph can keep an end tag from closing.
            if (
                name in _VOID
                or name in _TEXT
                or (name in _ENDS_ITSELF and b"noscript" not in stack)
            ):
                continue
            if name in (b"a", b"nobr") and name in stack:
                _close(stack, name)  # an open one ends where the next begins
        elif not has_left and _in_foreign(stack) and _closes_itself(token[2]):
            continue
        has_foreign = has_foreign or name in (b"svg", b"math")
        stack.append(name)
        deepest = max(deepest, len(stack))
    return deepest


def _in_foreign(stack: list[bytes]) -> bool:
    """Whether the innermost element is one of SVG or MathML."""
    for name in reversed(stack):
        if name in (b"svg", b"math"):
            return True
        if name in _HTML_INSIDE:
            return False
    return False


def _closes_itself(attributes: bytes) -> bool:
    """Whether a tag ends in a slash that does not belong to its last attribute."""
    end = 0
    for attribute in _ONE_ATTRIBUTE.finditer(attributes):
        end = attribute.end()
    return attributes.endswith(b"/") and end < len(attributes)


def _check_attributes(attributes: bytes) -> None:
    # An attribute has at least two bytes.
    if len(attributes) > 2 * MAX_ATTRIBUTES:
        count = sum(1 for _ in _ONE_ATTRIBUTE.finditer(attributes))
        if count > MAX_ATTRIBUTES:
            raise ComplexityError(_TOO_MANY_ATTRIBUTES)


def _is_ambiguous(body: bytes, token: re.Match[bytes], name: bytes) -> bool:
    """Whether HTML and SVG find different tags in the following text.

    Text elements contain tags in SVG but not in HTML; for CDATA sections it is the other way round.
    It makes no difference when there is no "<" in them.
    """
    following = body.find(b"<", token.end())
    if name in _TEXT:
        return _TEXT_END[name].match(body, following) is None if following >= 0 else False
    if not name and token[0][:9] == b"<![CDATA[":
        end = body.find(b"]]>", token.start())
        following = body.find(b"<", token.start() + 1)
        return following >= 0 and not 0 <= end < following
    return False


def _close(stack: list[bytes], name: bytes) -> None:
    """Remove the element that an end tag is sure to close: the one of its name.

    Elements that are open inside it may be closed with it, or the end tag may have no effect
    because the element was closed before, in a way that is not followed here. So they stay.
    """
    blocking = _BOUNDARY if name in _BLOCK or name in _FORMATTING else _NO_BLOCK
    for i in range(len(stack) - 1, max(len(stack) - 1 - _SEARCH, -1), -1):
        if stack[i] == name:
            del stack[i]
            return
        if stack[i] in blocking:
            return
