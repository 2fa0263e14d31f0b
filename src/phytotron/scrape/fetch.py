"""One request and its response, with limits on size, time and address."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException, IncompleteRead

from requests import PreparedRequest, RequestException
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from phytotron.scrape.addresses import AddressError
from phytotron.scrape.decompress import ENCODINGS, Decoder, EncodingError, TooLargeError
from phytotron.scrape.transport import Exchange, GuardedAdapter, Watchdog

_BLOCK = 1 << 16  # bytes read at once
_DRAIN = 1 << 16  # an unwanted body up to this size is read, to keep the connection


@dataclass(frozen=True)
class Response:
    """The response of a server.

    Attributes:
        url: the requested address.
        status: the HTTP status.
        reason: the reason phrase of the status.
        headers: the header fields, in their order.
        body: the body after decompression; empty unless the status is 200 and the body is wanted.
        unwanted: why the body was not read, or None.
    """

    url: str
    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes
    unwanted: str | None = None

    def header(self, name: str) -> str:
        """The value of a header field; several fields of one name are joined; "" when absent."""
        name = name.lower()
        return ", ".join(value for key, value in self.headers if key.lower() == name)


class FetchError(Exception):
    """There was no usable response.

    Attributes:
        reason: in a few words that are the same in every run.
        temporary: whether another attempt may succeed.
        unreachable: whether there was not even a connection.
    """

    def __init__(self, reason: str, *, temporary: bool = True, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.temporary = temporary
        self.unreachable = unreachable


class Fetcher:
    """Fetches addresses; may be used from several threads at once.

    Args:
        user_agent: the name of the crawler.
        timeout: seconds that a request may take from connecting to the last byte.
        pinned: socket addresses of host names that are not looked up.
        allow_private: whether private and loopback addresses are allowed.
    """

    def __init__(
        self,
        user_agent: str,
        timeout: float,
        pinned: Mapping[str, tuple[str, int]] | None = None,
        *,
        allow_private: bool = False,
    ) -> None:
        self._headers = {
            "User-Agent": user_agent,
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.1",
            "Accept-Encoding": "gzip, deflate",
        }
        self._timeout = timeout
        self._pinned = pinned or {}
        self._allow_private = allow_private
        self._local = threading.local()
        self._watchdog = Watchdog(tick=min(0.25, timeout / 4))

    def close(self) -> None:
        """End the watchdog's thread."""
        self._watchdog.stop()

    def get(
        self,
        url: str,
        max_bytes: int,
        *,
        headers: Mapping[str, str] | None = None,
        refuses: Callable[[Response], str | None] = lambda head: None,
        cut: bool = False,
    ) -> Response:
        """The response to a GET request; redirects are not followed.

        Args:
            url: a normalised address.
            max_bytes: size that the body may have after decompression.
            headers: further header fields.
            refuses: takes the response without its body and returns why the body is not wanted.
            cut: keep the first `max_bytes` of a longer body instead of failing.

        Raises:
            FetchError: no connection, no valid response, too slow, too large or truncated.
        """
        exchange = Exchange(self._timeout, self._pinned, self._allow_private)
        try:
            with self._watchdog.watching(exchange):
                response = self._exchange(url, max_bytes, headers or {}, refuses, cut)
        except AddressError as error:
            raise FetchError(str(error), temporary=False) from error
        except TooLargeError as error:
            raise FetchError(f"larger than {max_bytes} bytes", temporary=False) from error
        except EncodingError as error:
            raise FetchError(str(error)) from error
        except (RequestException, HTTPError, HTTPException, OSError, ValueError) as error:
            if exchange.expired:
                raise FetchError("took too long", unreachable=exchange.socket is None) from error
            raise FetchError(_reason(error), unreachable=exchange.socket is None) from error
        if exchange.expired:  # the watchdog closed the connection
            raise FetchError("took too long")
        return response

    def _exchange(
        self,
        url: str,
        max_bytes: int,
        headers: Mapping[str, str],
        refuses: Callable[[Response], str | None],
        cut: bool,
    ) -> Response:
        # The adapter itself, because a session reads the whole body of a redirect, however large.
        # The address is normalised already and is sent as it is.
        request = PreparedRequest()
        request.method = "GET"
        request.url = url
        request.headers = CaseInsensitiveDict(self._headers | dict(headers))
        raw = self._adapter().send(request, stream=True, timeout=self._timeout).raw
        try:
            fields = [(name, " ".join(value.split())) for name, value in raw.headers.items()]
            head = Response(url, raw.status, raw.reason or "", fields, b"")
            if raw.status != 200:
                unwanted: str | None = "not a page"
            else:
                unwanted = refuses(head)
            encoding = head.header("Content-Encoding").strip().lower()
            if unwanted is None and encoding not in ENCODINGS:
                unwanted = "unknown content encoding"
            if unwanted is not None:
                if raw.length_remaining is not None and raw.length_remaining <= _DRAIN:
                    raw.read(_DRAIN, decode_content=False)
                unwanted = None if raw.status != 200 else unwanted
                return Response(url, raw.status, raw.reason or "", fields, b"", unwanted)
            decoder = Decoder(encoding, max_bytes)
            try:
                while block := raw.read(_BLOCK, decode_content=False):
                    decoder.feed(block)
                decoder.check_end()
            except TooLargeError:
                if not cut:
                    raise
            return Response(url, raw.status, raw.reason or "", fields, decoder.body())
        finally:
            # A connection whose response was read to the end is back in its pool by now. Any other
            # one is closed, because the rest of its response would look like the next response.
            raw.close()

    def _adapter(self) -> GuardedAdapter:
        if not hasattr(self._local, "adapter"):
            self._local.adapter = GuardedAdapter(pool_maxsize=1)
        return self._local.adapter


def _reason(error: BaseException) -> str:
    """A failure in a few words, without addresses, numbers or times."""
    causes = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        inner = [arg for arg in cause.args if isinstance(arg, BaseException)]
        cause = cause.__cause__ or (inner[0] if inner else cause.__context__)
    for kinds, text in _REASONS:
        if any(isinstance(cause, kinds) for cause in causes):
            return text
    return "no valid HTTP response"


_REASONS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    ((socket.gaierror, UnicodeError), "host name not found"),
    (ssl.SSLError, "no trusted TLS connection"),
    (IncompleteRead, "body ends too early"),
    (ConnectionRefusedError, "connection refused"),
    ((ConnectionResetError, BrokenPipeError), "connection reset"),
    (TimeoutError, "took too long"),
)
