"""From HTML to a title and paragraphs.

A paragraph is the text between two block boundaries: where a block element such as `<p>`, `<li>`
or `<td>` begins or ends, the text before it and the text after it belong to different paragraphs.
So nested blocks repeat nothing, text beside a block is not lost, and pages that leave out `</p>`
and `</li>`, as many do, are read as they look.

`extract` works on lexbor's tree and `extract_reference` on BeautifulSoup's; a test checks that they
agree. The reference is easier to read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from phytotron.errors import UserError

_BLOCKS = (
    "address,article,aside,blockquote,body,caption,center,dd,details,dialog,dir,div,dl,dt,fieldset,"
    "figcaption,figure,footer,form,h1,h2,h3,h4,h5,h6,header,hgroup,hr,legend,li,main,menu,ol,p,pre,"
    "search,section,summary,table,tbody,td,tfoot,th,thead,tr,ul"
)
# Elements that are no text to a reader: code, controls, pictures, navigation.
_NOT_TEXT = (
    "applet,audio,button,canvas,datalist,embed,frameset,head,iframe,input,map,meter,nav,noembed,"
    "noframes,noscript,object,progress,script,select,style,svg,template,textarea,video"
)
BLOCKS = frozenset(_BLOCKS.split(","))
NOT_TEXT = frozenset(_NOT_TEXT.split(","))

_BOUNDARY = "\x1e"  # the control character "record separator", which no text contains


class ExtractedPage(NamedTuple):
    """The text of a page.

    Attributes:
        title: the text of its `<title>`, blanks collapsed.
        language: the value of `<html lang>`, such as "en-US"; "" when there is none.
        paragraphs: the texts of its content in the order of the page, blanks collapsed, none empty.
    """

    title: str
    language: str
    paragraphs: list[str]


class NoContentError(ValueError):
    """The page has no element that the content selector matches."""


def extract(html: str, select: str = "body", drop: Sequence[str] = ()) -> ExtractedPage:
    """Title, language and paragraphs of a page.

    The time is linear in the page's length for a bounded nesting depth; see `check_nesting`.

    Args:
        html: the decoded page.
        select: CSS selector; the first element that it matches holds the content.
        drop: CSS selectors of elements within the content that are left out.

    Raises:
        NoContentError: nothing matches `select`.
    """
    tree = LexborHTMLParser(html)
    root, title, content = tree.root, tree.css_first("title"), tree.css_first(select)
    if content is None:
        raise NoContentError(f"nothing matches '{select}'")
    for node in content.css(",".join((_NOT_TEXT, *drop))):
        if node.mem_id != content.mem_id:  # `css` includes the node itself
            node.remove()
    for block in content.css(_BLOCKS):
        block.insert_before(_BOUNDARY)
        block.insert_after(_BOUNDARY)
    for line_break in content.css("br"):
        line_break.insert_before(" ")
    return ExtractedPage(
        _collapse(title.text()) if title else "",
        (root.attributes.get("lang") if root else None) or "",
        _paragraphs(content.text()),
    )


def extract_reference(html: str, select: str = "body", drop: Sequence[str] = ()) -> ExtractedPage:
    """As `extract`, by BeautifulSoup and the standard library's parser: slower, but simple."""
    from bs4 import BeautifulSoup
    from bs4.element import PageElement, PreformattedString, Tag

    soup = BeautifulSoup(html, "html.parser")
    # The HTML standard ends a <p> where a block begins; html.parser puts the block into it.
    for paragraph in soup.find_all("p"):
        if block := paragraph.find(BLOCKS, recursive=False):
            for sibling in [*block.next_siblings][::-1]:
                paragraph.insert_after(sibling)
            paragraph.insert_after(block)
    content = soup.select_one(select)
    if content is None:
        raise NoContentError(f"nothing matches '{select}'")
    dropped = {id(tag) for selector in drop for tag in content.select(selector)}

    text: list[str] = []
    todo: list[PageElement | str] = [*reversed(content.contents)]
    while todo:
        node = todo.pop()
        if isinstance(node, str):
            if not isinstance(node, PreformattedString):  # such as a comment
                text.append(node)
        elif not isinstance(node, Tag) or node.name in NOT_TEXT or id(node) in dropped:
            continue
        elif node.name == "br":
            text.append(" ")
        elif node.name in BLOCKS:
            todo += [_BOUNDARY, *reversed(node.contents), _BOUNDARY]
        else:
            todo += reversed(node.contents)
    return ExtractedPage(
        _collapse(soup.title.get_text()) if soup.title else "",
        str(soup.html.get("lang", "")) if soup.html else "",
        _paragraphs("".join(text)),
    )


def check_selector(selector: str, where: str) -> None:
    """Raise a `UserError` naming `where` when `selector` is no valid CSS selector."""
    try:
        LexborHTMLParser("").css(selector)
    except SelectolaxError as error:
        raise UserError(f"'{selector}' is no CSS selector", where=where) from error


def _paragraphs(text: str) -> list[str]:
    return [paragraph for part in text.split(_BOUNDARY) if (paragraph := _collapse(part))]


def _collapse(text: str) -> str:
    return " ".join(text.split())
