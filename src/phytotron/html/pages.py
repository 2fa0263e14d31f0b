"""The contents of a page: its title, links, images and tables; and the records of XML feeds.

All functions take text and return plain values, so they are of use for the crawler, a notebook and
an archive of pages. HTML is parsed by lexbor (selectolax), which reads pages as a browser does. Its
time grows with the square of the nesting depth: check untrusted pages with
`phytotron.html.complexity` first, as the crawler does.

HTML and XML look alike and differ in what a parser may assume:

| about         | HTML                                      | XML                                  |
|---------------|-------------------------------------------|--------------------------------------|
| purpose       | shows a document to a reader              | carries data from program to program |
| content       | data and presentation mixed               | data; presentation is kept elsewhere |
| tags          | those of the standard                     | your own                             |
| case          | `<P>` is `<p>`                            | `<P>` is not `<p>`                   |
| closing tags  | may be missing (`<li>`) or have to (`<br>`) | every element is closed            |
| attributes    | quotes and values may be missing          | always `name="value"`                |
| namespaces    | a prefix is part of the name              | a prefix stands for an address       |
| mistakes      | are repaired                              | end the parsing                      |

Sources: Rajput 2023, ch. 3
Catalogue: A01, A02
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin
from xml.etree import ElementTree

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from selectolax.lexbor import LexborHTMLParser, LexborNode

from phytotron.errors import UserError
from phytotron.html.encoding import decode

if TYPE_CHECKING:
    import pandas

_BLANKS = " \t\n\f\r"
HTML_TYPES = ("text/html", "application/xhtml+xml")
_FEED_NAMES = {
    "title": ("title",),
    "link": ("link",),
    "published": ("pubDate", "published", "date", "updated"),
    "summary": ("description", "summary", "content"),
}
_MAX_CELLS = 1_000_000  # of one table, spans counted


def title(html: str) -> str | None:
    """The text of the first `<title>`, blanks collapsed; None when the page has none."""
    node = LexborHTMLParser(html).css_first("title")
    return " ".join(node.text().split()) if node else None


def links(html: str, base_url: str) -> list[str]:
    """The web addresses that a page's `<a href>` and `<area href>` point to.

    Absolute, resolved against the page's first `<base href>` or else `base_url`; without
    fragments; each once, in the order of the page. Only `http` and `https`.
    """
    tree = LexborHTMLParser(html)
    base = _base(tree, base_url)
    hrefs = (node.attributes.get("href") or "" for node in tree.css("a[href], area[href]"))
    # Many links of a page differ only in the fragment: resolve each address once.
    distinct = dict.fromkeys(href.partition("#")[0] for href in hrefs)
    found = dict.fromkeys(_join(base, href) for href in distinct)
    return [url for url in found if url and url.startswith(("http://", "https://"))]


def images(html: str, base_url: str) -> list[str | None]:
    """The address of each `<img>`, in the order of the page; None for an image without `src`."""
    tree = LexborHTMLParser(html)
    base = _base(tree, base_url)
    return [_join(base, node.attributes.get("src")) for node in tree.css("img")]


def tables(html: str, selector: str = "table", **options: Any) -> list[pandas.DataFrame]:
    """The tables that a CSS selector finds, as data frames, in the order of the page.

    `tables(html, "table.wikitable")[0]` is the first table of that class, also when it has other
    classes as well. Tables without a cell are left out. Spans are limited as in browsers, so a cell
    that asks to span a billion columns costs nothing.

    Args:
        html: the page.
        selector: selects the tables; elements of other kinds are ignored.
        options: for `pandas.read_html`, such as `header=0` or `thousands="."`.
    """
    import pandas

    frames = []
    for node in LexborHTMLParser(html).css(selector):
        if node.tag != "table":
            continue
        _limit_spans(node)
        try:
            table = StringIO(node.html or "")
            frames.append(pandas.read_html(table, **({"flavor": "lxml"} | options))[0])
        except ValueError as error:
            if "No tables found" not in str(error):
                raise
    return frames


def xml_records(xml: str | bytes, tag: str) -> list[dict[str, str]]:
    """The elements named `tag` as dictionaries: attributes and the text of each child element.

    Names come without namespace. Where a child occurs twice, the first one counts.

    Raises:
        UserError: the text is not well-formed XML, or it declares entities, which is how a small
            document can unfold to gigabytes or read a local file.
    """
    records = []
    for element in _parse_xml(xml).iter():
        if _local(element) == tag:
            record = {name.rpartition("}")[2]: value for name, value in element.attrib.items()}
            for child in element:
                record.setdefault(_local(child), _text(child))
            records.append(record)
    return records


def feed_entries(xml: str | bytes) -> list[dict[str, str]]:
    """The entries of an RSS or Atom feed: `title`, `link`, `published` and `summary` of each.

    A missing part is an empty text. Errors are those of `xml_records`.
    """
    entries = []
    for element in _parse_xml(xml).iter():
        if _local(element) not in ("item", "entry"):
            continue
        parts = [(_local(child), child) for child in element]
        entry = {
            key: next((_text(child) for name, child in parts if name in names), "")
            for key, names in _FEED_NAMES.items()
        }
        # RSS has the address as the text of the element, Atom as `href`; "alternate" is the page.
        targets = [child for name, child in parts if name == "link" and "href" in child.attrib]
        page = [child for child in targets if child.get("rel", "alternate") == "alternate"]
        entry["link"] = entry["link"] or next((link.attrib["href"] for link in page), "")
        entries.append(entry)
    return entries


def archived_pages(warc: Path | str) -> Iterator[tuple[str, str]]:
    """The HTML pages of a WARC file as (address, text), in the order of the file.

    Only successful responses (status 200) whose type is HTML; texts are decoded.
    """
    from warcio.archiveiterator import ArchiveIterator

    with Path(warc).open("rb") as file:
        for record in ArchiveIterator(file):
            if record.rec_type != "response" or record.http_headers.get_statuscode() != "200":
                continue
            content_type = record.http_headers.get_header("Content-Type", "")
            if content_type.partition(";")[0].strip().lower() in HTML_TYPES:
                url = record.rec_headers.get_header("WARC-Target-URI")
                yield url, decode(record.content_stream().read(), content_type)


def _base(tree: LexborHTMLParser, base_url: str) -> str:
    node = tree.css_first("base[href]")
    base = (node and _join(base_url, node.attributes.get("href"))) or base_url
    return base.partition("#")[0]


def _join(base: str, reference: str | None) -> str | None:
    if reference is None:
        return None
    try:
        return urljoin(base, reference.strip(_BLANKS))
    except ValueError:  # such as the incomplete address http://[::1
        return None


def _limit_spans(table: LexborNode) -> None:
    """Limit `colspan` and `rowspan` to the bounds of the HTML standard and of the table."""
    rows = len(table.css("tr"))
    area = 0
    for cell in table.css("td, th"):
        columns = _span(cell, "colspan", 1000)
        area += columns * _span(cell, "rowspan", rows)
    if area > _MAX_CELLS:
        raise UserError(
            f"the spans of a table add up to {area} cells", allowed=f"up to {_MAX_CELLS}"
        )


def _span(cell: LexborNode, name: str, limit: int) -> int:
    digits = re.match(r"\s*(\d{1,9})", cell.attributes.get(name) or "1")
    span = min(max(int(digits[1]) if digits else 1, 1), limit)
    cell.attrs[name] = str(span)
    return span


def _parse_xml(xml: str | bytes) -> ElementTree.Element:
    try:
        return fromstring(xml)
    except ElementTree.ParseError as error:
        raise UserError(f"not well-formed XML: {error}") from error
    except DefusedXmlException as error:
        raise UserError(
            f"XML refused: {error!r}", allowed="XML without entity declarations"
        ) from error


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())
