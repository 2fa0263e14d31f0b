"""Text as people type it: one form for each character, one blank between words, no long-winders."""

from __future__ import annotations

import unicodedata
from typing import Literal

import regex

Form = Literal["NFC", "NFKC"]
FORMS: tuple[Form, ...] = ("NFC", "NFKC")

# What typesetting adds and no normalisation form takes away.
_TYPESET = str.maketrans(
    dict.fromkeys("‘’‚‛′", "'") | dict.fromkeys("“”„‟″", '"') | dict.fromkeys("‐‑‒–—―−", "-")
)
_CONTROLS = regex.compile(r"\p{Cc}+")
_INVISIBLE = regex.compile(
    r"[\p{Cf}\p{Cs}\p{Co}\p{Cn}]+"
)  # soft hyphens, joiners, private use, ...
_SENTENCE_ENDS = (". ", "? ", "! ", "; ")


def normalise(text: str, form: Form = "NFKC") -> str:
    """One spelling for what looks the same: Unicode form, straight quotes, plain hyphens, blanks.

    NFKC is the default because questions are typed on keyboards and documents are typeset: it also
    turns the ligature of f and i, the ellipsis, full-width letters and the no-break space into what
    a keyboard gives. It flattens superscripts as well (x² becomes x2); choose NFC where formulas
    matter more. Control characters become blanks, invisible characters go, blanks collapse.

    A model answers best for texts that went through the same function.
    """
    if not text.isprintable():
        text = _INVISIBLE.sub("", _CONTROLS.sub(" ", text))
    if not text.isascii():
        text = unicodedata.normalize(form, text).translate(_TYPESET)
    return " ".join(text.split())


def split_long(text: str, max_chars: int) -> list[str]:
    """Cut a text into pieces of at most `max_chars` characters, where a sentence ends if it can be.

    A stretch that holds no end of a sentence is cut at a blank, and one without a blank anywhere.
    """
    pieces = []
    start = 0
    while len(text) - start > max_chars:
        window = text[start : start + max_chars + 1]
        cut = max(window.rfind(end) for end in _SENTENCE_ENDS) + 1
        if cut <= 0:
            cut = window.rfind(" ")
        if cut <= 0:
            cut = max_chars
        pieces.append(window[:cut].strip())
        start += cut
    pieces.append(text[start:].strip())
    return [piece for piece in pieces if piece]
