from __future__ import annotations

import gzip
import io

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from phytotron.scrape.fetch import Response
from phytotron.scrape.warc import payload, response_record, warc_date

RESPONSE = Response(
    "http://h/ä",
    200,
    "OK",
    [
        ("Date", "Thu, 01 Jan 2026 12:00:00 GMT"),
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Encoding", "gzip"),
        ("Content-Length", "55"),
        ("Transfer-Encoding", "chunked"),
        ("Set-Cookie", "id=7"),
        ("X-Umlaut", "ü"),
    ],
    "<p>größer".encode(),
)


def test_a_record_follows_the_standard() -> None:
    archive = ArchiveIterator(io.BytesIO(response_record(RESPONSE)), check_digests="raise")
    record = next(archive)
    assert record.rec_headers.protocol == "WARC/1.1"
    assert record.rec_type == "response"
    assert record.rec_headers.get_header("WARC-Target-URI") == "http://h/ä"
    assert record.rec_headers.get_header("WARC-Date") == "2026-01-01T12:00:00Z"
    assert record.http_headers.get_statuscode() == "200"
    assert record.content_stream().read() == RESPONSE.body
    assert next(archive, None) is None


def test_the_body_is_stored_decoded_and_its_header_agrees() -> None:
    (record,) = ArchiveIterator(io.BytesIO(response_record(RESPONSE)))
    fields = record.http_headers
    assert fields.get_header("Content-Length") == str(len(RESPONSE.body))
    assert fields.get_header("Content-Encoding") is None
    assert fields.get_header("X-Crawler-Content-Encoding") == "gzip"
    assert fields.get_header("Set-Cookie") is None
    assert fields.get_header("Transfer-Encoding") is None


def test_the_checker_of_warcio_finds_no_fault(tmp_path, capsys) -> None:
    path = tmp_path / "pages.warc.gz"
    path.write_bytes(response_record(RESPONSE) * 2)
    arguments = type("Arguments", (), {"verbose": False, "inputs": [str(path)]})()
    checker = Checker(arguments)
    checker.process_all()
    assert checker.exit_value == 0, capsys.readouterr().out


def test_the_same_response_gives_the_same_bytes_and_another_page_another_id() -> None:
    record = response_record(RESPONSE)
    assert record == response_record(RESPONSE)
    assert record[4:10] == bytes(5) + b"\xff"  # no time, no system
    assert payload(record) == RESPONSE.body
    other = Response("http://h/b", 200, "OK", RESPONSE.headers, RESPONSE.body)
    assert identity(record) != identity(response_record(other))


def identity(record: bytes) -> str:
    plain = gzip.decompress(record).decode("latin-1")
    return plain.partition("WARC-Record-ID: ")[2].partition("\r\n")[0]


@pytest.mark.parametrize(
    ("http", "warc"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"),
        ("Sun, 06 Nov 1994 09:49:37 +0100", "1994-11-06T08:49:37Z"),
        ("Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z"),
        ("yesterday", "1970-01-01T00:00:00Z"),
        ("Mon, 99 Foo 9999 99:99:99 GMT", "1970-01-01T00:00:00Z"),
        ("Fri, 31 Dec 9999 23:59:59 -2300", "1970-01-01T00:00:00Z"),
        ("", "1970-01-01T00:00:00Z"),
    ],
)
def test_dates(http: str, warc: str) -> None:
    assert warc_date(http) == warc
