"""Web archive records (WARC 1.1, ISO 28500) whose bytes depend only on the response.

warcio writes the records. Its own dates and ids would differ from run to run, so both are derived
from the response: `WARC-Date` is its `Date`, and the id is a hash of address and payload.
"""

from __future__ import annotations

import hashlib
import io
import re
import struct
import uuid
import zlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from phytotron.scrape.fetch import Response

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://iipc.github.io/warc-specifications/")
_NOT_PRINTABLE = re.compile(r"[^\x20-\x7e]")
# Fields that belong to the connection and not to the page, and cookies, which identify the client.
_DROPPED = frozenset({"connection", "keep-alive", "transfer-encoding", "trailer", "set-cookie"})
# The body is stored decoded. As in Common Crawl, these fields keep how it was sent.
_RENAMED = {
    "content-encoding": "X-Crawler-Content-Encoding",
    "content-length": "X-Crawler-Content-Length",
}


def response_record(response: Response) -> bytes:
    """A response as one gzip member of a web archive."""
    digest = hashlib.sha1(response.body).hexdigest()
    encoded = response.header("Content-Encoding")
    fields = []
    for name, value in response.headers:
        lower = name.lower()
        if lower in _DROPPED or (lower == "content-length" and not encoded):
            continue
        fields.append((_RENAMED.get(lower, _ascii(name)), _ascii(value)))
    fields.append(("Content-Length", str(len(response.body))))
    plain = io.BytesIO()
    writer = WARCWriter(plain, gzip=False, warc_version="1.1")
    record = writer.create_warc_record(
        response.url,
        "response",
        payload=io.BytesIO(response.body),
        length=len(response.body),
        http_headers=StatusAndHeaders(
            f"{response.status} {_ascii(response.reason)}", fields, protocol="HTTP/1.1"
        ),
        warc_headers_dict={
            "WARC-Record-ID": f"<urn:uuid:{uuid.uuid5(_NAMESPACE, f'{response.url} {digest}')}>",
            "WARC-Date": warc_date(response.header("Date") or response.header("Last-Modified")),
        },
    )
    writer.write_record(record)
    return gzip_member(plain.getvalue())


def payload(record: bytes) -> bytes:
    """The body of the response in an archive record."""
    for archived in ArchiveIterator(io.BytesIO(record)):
        return archived.content_stream().read()
    raise ValueError("no archive record")


def warc_date(http_date: str) -> str:
    """An HTTP date as a WARC date; 1970 when it is missing or not valid."""
    try:
        moment = parsedate_to_datetime(http_date)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        moment = moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        moment = datetime.fromtimestamp(0, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _ascii(text: str) -> str:
    """A part of a header in which all characters but printable ASCII are escaped as in a URL.

    Servers send anything here, and readers of the archive must find the end of the line.
    """
    return _NOT_PRINTABLE.sub(lambda match: quote(match[0]), text)


def gzip_member(data: bytes) -> bytes:
    """`data` as a gzip member without a time and without the name of the operating system."""
    deflated = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = deflated.compress(data) + deflated.flush()
    header = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    return header + body + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)
