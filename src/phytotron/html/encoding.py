"""The encoding of a page, by the rules of the HTML standard (section 13.2.3)."""

from __future__ import annotations

import codecs
import re

_HEADER = re.compile(r"charset\s*=\s*[\"']?([-\w:.]+)", re.IGNORECASE)
_DECLARED = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([-\w:.]+)""", re.IGNORECASE)
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
# The encodings of the HTML standard. Python has others, which are not for text or are slow.
_WEB_CODECS = frozenset(
    ["utf-8", "utf-16-le", "utf-16-be", "gb18030", "big5hkscs", "euc_jp", "iso2022_jp"]
    + ["cp932", "cp949", "cp866", "cp874", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic"]
    + [f"cp{page}" for page in range(1250, 1259)]
    + [f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)]
)
# Encodings that the standard decodes as a larger one, because pages are often labelled wrongly.
_READ_AS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "utf-16": "utf-16-le",
}
_PROLOGUE = 1024  # bytes in which the HTML standard looks for a declared encoding


def decode(body: bytes, content_type: str = "") -> str:
    """The text of a page: by byte-order mark, `Content-Type`, `<meta charset>`, else UTF-8.

    Bytes that are not valid in the encoding become U+FFFD.
    """
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, errors="replace")
    header = _HEADER.search(content_type)
    declared = declared_encoding(body)
    if declared and declared.lower().startswith("utf-16"):
        declared = None  # the declaration was readable as ASCII, so the page is not UTF-16
    for name in (header and header[1], declared):
        if name and (codec := _codec(name)):
            return body.decode(codec, errors="replace")
    return body.decode("utf-8", errors="replace")


def declared_encoding(body: bytes) -> str | None:
    """The encoding that a page's `<meta charset>` or `<meta http-equiv>` declares, as written."""
    declared = _DECLARED.search(body, 0, _PROLOGUE)
    return declared[1].decode("ascii") if declared else None


def _codec(name: str) -> str | None:
    """Python's codec for an encoding's name on the web, or None for other encodings."""
    try:
        codec = codecs.lookup(name).name
    except LookupError:
        return None
    codec = _READ_AS.get(codec, codec)
    return codec if codec in _WEB_CODECS else None
