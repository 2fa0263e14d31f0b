"""Which encoding a page is read in."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phytotron.html.encoding import declared_encoding, decode


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("é".encode(), "text/html", "é"),
        ("é".encode("latin-1"), "text/html; charset=ISO-8859-1", "é"),
        (b"<meta charset=windows-1251>\xff", "text/html", "<meta charset=windows-1251>я"),
        (b"<meta charset=utf-16>x", "text/html; charset=koi8-r", "<meta charset=utf-16>x"),
        (b"\x80 5", "text/html; charset=us-ascii", "€ 5"),
        (codecs.BOM_UTF8 + "é".encode(), "text/html; charset=latin-1", "é"),
        (codecs.BOM_UTF16_BE + "é".encode("utf-16-be"), "", "é"),
        (b"\xff", "text/html; charset=no-such-thing", "\ufffd"),
        (b"\xff", "text/html; charset=base64", "\ufffd"),
        (b"<meta charset=utf-16>x", "text/html", "<meta charset=utf-16>x"),
        (b"\x82\xa0", "text/html; charset=Shift_JIS", "あ"),
    ],
)
def test_decoding(body: bytes, content_type: str, text: str) -> None:
    assert decode(body, content_type) == text


@given(body=st.binary(max_size=60), content_type=st.text(max_size=30))
def test_decoding_never_fails(body: bytes, content_type: str) -> None:
    assert isinstance(decode(body, content_type), str)


def test_declared_encoding() -> None:
    http_equiv = b'<meta http-equiv="Content-Type" content="text/html; charset=EUC-KR">'
    assert declared_encoding(http_equiv) == "EUC-KR"
    assert declared_encoding(b"<p>charset=utf-8") is None
    assert declared_encoding(b" " * 1024 + http_equiv) is None
