from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phytotron.scrape.decompress import Decoder, EncodingError, TooLargeError


def raw_deflate(data: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-15)
    return deflater.compress(data) + deflater.flush()


ENCODERS = {
    "gzip": gzip.compress,
    "x-gzip": lambda data: gzip.compress(data[:5]) + gzip.compress(data[5:]),  # two members
    "deflate": zlib.compress,
    "identity": bytes,
}


def decoded(encoding: str, data: bytes, limit: int = 1 << 20, piece: int = 1 << 16) -> bytes:
    decoder = Decoder(encoding, limit)
    for start in range(0, len(data), piece):
        decoder.feed(data[start : start + piece])
    decoder.check_end()
    return decoder.body()


@given(st.binary(max_size=300), st.sampled_from(sorted(ENCODERS)), st.integers(1, 64))
def test_decoding_does_not_depend_on_how_the_bytes_are_cut(
    data: bytes, encoding: str, piece: int
) -> None:
    assert decoded(encoding, ENCODERS[encoding](data), piece=piece) == data


def test_deflate_without_its_header_is_understood() -> None:
    assert decoded("deflate", raw_deflate(b"page" * 100)) == b"page" * 100


def test_a_body_of_just_the_limit_fits_and_one_byte_more_does_not() -> None:
    assert len(decoded("gzip", gzip.compress(bytes(1000)), limit=1000)) == 1000
    decoder = Decoder("gzip", 999)
    with pytest.raises(TooLargeError):
        decoder.feed(gzip.compress(bytes(1000)))
    assert decoder.body() == bytes(999)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_garbage_is_an_error(encoding: str) -> None:
    with pytest.raises(EncodingError):
        decoded(encoding, b"\xff this was never compressed \xff" * 10)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_stream_that_stops_in_the_middle_is_an_error(encoding: str) -> None:
    data = ENCODERS[encoding](bytes(range(256)) * 40)
    with pytest.raises(EncodingError, match="too early"):
        decoded(encoding, data[:-20])
