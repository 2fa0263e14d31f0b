"""Numbers and texts as a reader expects them."""

from __future__ import annotations

import math
import unicodedata
from typing import Any
from urllib.parse import urlsplit

NOTHING = "–"  # what a table shows where there is no value


def score(value: float | None, decimals: int = 3) -> str:
    """A score such as 0.612."""
    return NOTHING if _missing(value) else f"{value:.{decimals}f}"


def signed(value: float | None, decimals: int = 3) -> str:
    """A difference with its sign, such as +0.045 or −0.012."""
    if _missing(value):
        return NOTHING
    text = f"{value:+.{decimals}f}".replace("-", "−")
    return text[1:] if float(text[1:]) == 0 else text


def span(low: float | None, high: float | None, form: Any = score) -> str:
    """An interval such as `0.590 to 0.631`."""
    return NOTHING if _missing(low) or _missing(high) else f"{form(low)} to {form(high)}"


def p_value(value: float | None) -> str:
    """A p-value to two significant digits, such as 0.0005 or 0.43."""
    if _missing(value):
        return NOTHING
    assert value is not None
    return "< 0.0001" if value < 0.0001 else f"{value:.2f}" if value >= 0.095 else f"{value:.2g}"


def count(value: float | None) -> str:
    """A whole number with a comma between thousands."""
    return NOTHING if _missing(value) else f"{value:,.0f}"


def short(value: float | None) -> str:
    """A count to three digits, such as 1.62 M."""
    return _scaled(value, 1000, ["", " k", " M", " G", " T"])


def size(value: float | None) -> str:
    """Bytes in decimal units, such as 6.48 MB."""
    return _scaled(value, 1000, [" B", " kB", " MB", " GB", " TB"])


def _scaled(value: float | None, base: int, units: list[str]) -> str:
    if _missing(value):
        return NOTHING
    assert value is not None
    power = 0
    while abs(value) >= 999.5 and power < len(units) - 1:
        value, power = value / base, power + 1
    digits = 0 if power == 0 or abs(value) >= 99.95 else 1 if abs(value) >= 9.995 else 2
    return f"{value:.{digits}f}{units[power]}"


def readable(text: Any) -> str:
    """Foreign text without what cannot be written as UTF-8 or shown: surrogates and controls."""
    whole = str(text).encode("utf-8", "replace").decode("utf-8")
    return "".join(
        letter for letter in whole if letter in "\n\t" or unicodedata.category(letter) != "Cc"
    )


def shortened(text: str, length: int = 700) -> str:
    """The beginning of a long text, cut between words and ended with an ellipsis."""
    if len(text) <= length:
        return text
    head = text[: length - 1]
    return (head.rsplit(None, 1)[0] if " " in head[length // 2 :] else head) + "…"


def web_address(url: str) -> str | None:
    """`url` when it is an ordinary http(s) address, which alone may become a link; else None."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    return url.strip() if parts.scheme in ("http", "https") and parts.netloc else None


def listed(words: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _missing(value: float | None) -> bool:
    return value is None or not math.isfinite(value)
