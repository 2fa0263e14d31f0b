"""Undo a `Content-Encoding`, decoding no more than the limit."""

from __future__ import annotations

import zlib

ENCODINGS = ("gzip", "x-gzip", "deflate", "identity", "")


class TooLargeError(Exception):
    """More bytes than the limit."""


class EncodingError(Exception):
    """The bytes are not in the encoding that `Content-Encoding` names."""


class Decoder:
    """Collects the body of a response, decoded piece by piece.

    Args:
        encoding: one of `ENCODINGS`.
        limit: bytes that the decoded body may have.
    """

    def __init__(self, encoding: str, limit: int) -> None:
        self._encoding = encoding
        self._room = limit
        self._parts: list[bytes] = []
        # 32 + 15: detect whether the header is gzip or zlib
        self._inflater = None if encoding in ("", "identity") else zlib.decompressobj(47)
        self._started = False

    def feed(self, data: bytes) -> None:
        """Decode some more bytes.

        Raises:
            TooLargeError: there is more than the limit; `body` then returns the part within it.
            EncodingError: this is not gzip or deflate.
        """
        if self._inflater is None:
            self._keep(data)
            return
        while data:
            data = self._inflate(data)

    def body(self) -> bytes:
        """All decoded bytes."""
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    def check_end(self) -> None:
        """Raise `EncodingError` when the compressed stream is truncated."""
        if self._inflater is not None and self._started and not self._inflater.eof:
            raise EncodingError("compressed body ends too early")

    def _inflate(self, data: bytes) -> bytes:
        """Decode `data` up to the limit; return what is left for the next member."""
        assert self._inflater is not None
        try:
            plain = self._inflater.decompress(data, self._room + 1)
        except zlib.error as error:
            if self._started or self._encoding != "deflate":
                raise EncodingError("body is not compressed as it says") from error
            # some servers mean by "deflate" the raw stream without the zlib header
            self._inflater = zlib.decompressobj(-15)
            self._started = True
            return data
        self._started = True
        self._keep(plain)
        rest = self._inflater.unused_data
        if rest[:2] == b"\x1f\x8b":  # a gzip file may have several members
            self._inflater = zlib.decompressobj(47)
            return rest
        return b""  # other bytes after the end are padding

    def _keep(self, data: bytes) -> None:
        if len(data) > self._room:
            self._parts.append(data[: self._room])
            self._room = 0
            raise TooLargeError
        self._room -= len(data)
        self._parts.append(data)
