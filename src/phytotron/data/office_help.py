"""The help pages of LibreOffice, out of the Debian package of a language (MPL-2.0)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urldefrag

from selectolax.lexbor import LexborHTMLParser

from phytotron.data import archives
from phytotron.errors import UserError

_FOLDER = re.compile(r"usr/share/libreoffice/help/[^/]+/text/")


@dataclass(frozen=True)
class Page:
    """A help page without its header, index and navigation.

    Attributes:
        name: the path below the language's folder, such as `scalc/01/func_sum.html`; it is the
            same in every language.
        paragraphs: the texts by their ids, in order; the ids, too, are the same in every language.
        links: the names of other pages, in order.
    """

    name: str
    paragraphs: dict[str, str]
    links: list[str]


def pages(archive: Path) -> Iterator[Page]:
    """The pages of a language, in the package's order.

    Raises:
        UserError: there are none.
    """
    empty = True
    for path, content in archives.members(archive, "usr/share/libreoffice/help/*/text/*.html"):
        empty = False
        yield read_page(_FOLDER.sub("", path), content)
    if empty:
        raise UserError("there are no help pages in it", where=str(archive))


def read_page(name: str, html: bytes) -> Page:
    """What is between the tags of a page."""
    area = LexborHTMLParser(html).css_first("#DisplayArea")
    if area is None:
        return Page(name, {}, [])
    paragraphs = {}
    for node in area.css("[id^=par_id], [id^=hd_id]"):
        text = " ".join(node.text().split())
        identity = node.attributes["id"]
        if text and identity:
            paragraphs[identity] = text
    links = [_target(node.attributes["href"] or "") for node in area.css("a[href]")]
    return Page(name, paragraphs, [link for link in links if link])


def _target(href: str) -> str | None:
    """The page that a link leads to, or None for one that leads elsewhere.

    Links are relative to the folder above the languages: `en-US/text/scalc/01/func_sum.html#sum`.
    """
    path = posixpath.normpath(urldefrag(href).url)
    language, _, name = path.partition("/text/")
    return name if name.endswith(".html") and "/" not in language else None
