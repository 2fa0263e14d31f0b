"""The help pages of LibreOffice, read from the Debian package of a language (MPL-2.0)."""

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
class HelpPage:
    """A help page without its header, index and navigation.

    Attributes:
        name: the path below the language's folder, such as `scalc/01/func_sum.html`; it is the
            same in every language.
        paragraphs: the texts by their ids, in order; the ids are the same in every language.
        links: the names of other pages, in order.
    """

    name: str
    paragraphs: dict[str, str]
    links: list[str]


def help_pages(archive: Path) -> Iterator[HelpPage]:
    """The pages of a language, in the package's order.

    Raises:
        UserError: the archive has no help pages.
    """
    empty = True
    for path, content in archives.members(archive, "usr/share/libreoffice/help/*/text/*.html"):
        empty = False
        yield read_page(_FOLDER.sub("", path), content)
    if empty:
        raise UserError("there are no help pages in the archive", where=str(archive))


def read_page(name: str, html: bytes) -> HelpPage:
    """Parse a page."""
    area = LexborHTMLParser(html).css_first("#DisplayArea")
    if area is None:
        return HelpPage(name, {}, [])
    paragraphs = {}
    for node in area.css("[id^=par_id], [id^=hd_id]"):
        text = " ".join(node.text().split())
        identity = node.attributes["id"]
        if text and identity:
            paragraphs[identity] = text
    links = [_target(node.attributes["href"] or "") for node in area.css("a[href]")]
    return HelpPage(name, paragraphs, [link for link in links if link])


def _target(href: str) -> str | None:
    """The name of the help page that a link leads to; None for any other link.

    Links are relative to the folder above the languages: `en-US/text/scalc/01/func_sum.html#sum`.
    """
    path = posixpath.normpath(urldefrag(href).url)
    language, _, name = path.partition("/text/")
    return name if name.endswith(".html") and "/" not in language else None
