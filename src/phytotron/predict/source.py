"""What a person asks a model of texts: a text, a file, an address, or standard input."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from phytotron.clean.extract import NoContentError, extract
from phytotron.clean.normalise import normalise, split_long
from phytotron.clean.rules import Rules
from phytotron.clean.settings import CleanConfig
from phytotron.errors import UserError
from phytotron.html.complexity import ComplexityError
from phytotron.html.encoding import decode
from phytotron.html.nesting import check_nesting
from phytotron.html.pages import HTML_TYPES
from phytotron.scrape.fetch import Fetcher, FetchError, Response
from phytotron.scrape.settings import USER_AGENT
from phytotron.scrape.urls import normalise as normalise_url
from phytotron.scrape.urls import resolve

MAX_BYTES = 10_000_000
TIMEOUT_SECONDS = 20
_REDIRECTS = 5
# Where a page says so, its content without header, menus and footer.
_CONTENT = ("main", "[role=main]", "body")
_HTML_SUFFIXES = {".html", ".htm", ".xhtml"}
_TEXT_SUFFIXES = {".txt", ".md", ".rst", ".log", ".csv", ".json"}
_HTML_START = re.compile(rb"\s*(<!doctype html|<html|<head|<body)", re.IGNORECASE)


def paragraphs(source: str, clean: CleanConfig, *, allow_private: bool = False) -> list[str]:
    """The paragraphs of a source, cleaned as those that the model learned from.

    A document's short paragraphs (menus, headings) are left out, unless all are short.

    Args:
        source: `-` for standard input (one document), an http(s) address, the path of a text or
            HTML file, or else the text itself. Blank lines separate the paragraphs of a text.
        clean: how paragraphs become samples.
        allow_private: whether an address may be on a private network or this machine.

    Raises:
        UserError: there is no text in it, or it cannot be read or fetched.
    """
    if source == "-":
        found = _text_or_html(sys.stdin.buffer.read(MAX_BYTES + 1), "standard input")
    elif is_address(source):
        found = _fetched(source, allow_private)
    elif (path := _file(source)) is not None:
        with path.open("rb") as file:
            found = _text_or_html(file.read(MAX_BYTES + 1), source)
    else:
        found = _split(source)
    rules = Rules(clean.rules, clean.rule_timeout)
    texts = [
        piece
        for text in found
        for piece in split_long(
            " ".join(rules.apply(normalise(text, clean.unicode_form)).split()), clean.max_chars
        )
    ]
    if not texts:
        raise UserError("there is no text in it", where=None if source in ("", "-") else source)
    return [text for text in texts if len(text) >= clean.min_chars] or texts


def is_address(source: str) -> bool:
    """Whether a source is an address on the web."""
    return urlsplit(source).scheme.lower() in ("http", "https") and not re.search(r"\s", source)


def _file(source: str) -> Path | None:
    """The file that a source names; None when it is a text."""
    path = Path(source)
    try:
        is_file, is_folder = path.is_file(), path.is_dir()
    except (OSError, ValueError):  # too long or too strange for a path: a text
        return None
    if is_file:
        return path
    if is_folder and source:
        raise UserError("is a folder", where=source, allowed="a text or HTML file")
    looks_like_a_file = path.suffix.lower() in _HTML_SUFFIXES | _TEXT_SUFFIXES
    if looks_like_a_file and not re.search(r"\s", source):
        raise UserError("there is no such file", where=source)
    return None


def _text_or_html(content: bytes, where: str) -> list[str]:
    if len(content) > MAX_BYTES:
        raise UserError(f"is larger than {MAX_BYTES // 10**6} MB", where=where)
    if Path(where).suffix.lower() in _HTML_SUFFIXES or _HTML_START.match(content):
        return _html(content, "", where)
    if b"\0" in content:
        raise UserError("is no text", where=where, allowed="text or HTML")
    return _split(decode(content))


def _split(text: str) -> list[str]:
    return re.split(r"\n\s*\n", text)


def _html(body: bytes, content_type: str, where: str) -> list[str]:
    html = decode(body, content_type)
    try:
        check_nesting(html)
    except ComplexityError as error:
        raise UserError(f"cannot be read safely: {error}", where=where) from error
    for select in _CONTENT:
        try:
            return extract(html, select).paragraphs
        except NoContentError:
            continue
    return []


def _fetched(address: str, allow_private: bool) -> list[str]:
    """The paragraphs of a page or text on the web."""
    response = fetched(address, allow_private, _refuses)
    content_type = response.header("Content-Type")
    if media_type(response) in HTML_TYPES:
        return _html(response.body, content_type, address)
    return _split(decode(response.body, content_type))


def fetched(
    address: str, allow_private: bool, refuses: Callable[[Response], str | None]
) -> Response:
    """What is at an address on the web, fetched with the crawler's guards.

    Args:
        address: http or https.
        allow_private: whether it may be on a private network or this machine.
        refuses: why the body of a response is not wanted, from its head; None: it is wanted.

    Raises:
        UserError: it cannot be fetched, or is not wanted.
    """
    url = normalise_url(address)
    if url is None:
        raise UserError("is no address that can be fetched", where=address)
    fetcher = Fetcher(USER_AGENT, TIMEOUT_SECONDS, allow_private=allow_private)
    try:
        for _ in range(_REDIRECTS + 1):
            response = fetcher.get(url, MAX_BYTES, refuses=refuses)
            if not 300 <= response.status < 400:
                break
            url = resolve(url, response.header("Location"))
            if url is None:
                raise UserError("redirects to what is no web address", where=address)
        else:
            raise UserError(f"redirects more than {_REDIRECTS} times", where=address)
    except FetchError as error:
        raise UserError(f"cannot be fetched: {error.reason}", where=address) from error
    finally:
        fetcher.close()
    if response.status != 200 or response.unwanted:
        what = response.unwanted or f"HTTP status {response.status}"
        raise UserError(f"cannot be fetched: {what}", where=address)
    return response


def _refuses(head: Response) -> str | None:
    kind = media_type(head)
    return None if kind in HTML_TYPES or kind == "text/plain" else f"it is {kind or 'of no type'}"


def media_type(response: Response) -> str:
    return response.header("Content-Type").partition(";")[0].strip().lower()
