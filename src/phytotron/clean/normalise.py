"""Text as people type it: one form of each character, one blank between words, no long texts."""

from __future__ import annotations

import unicodedata
from typing import Literal

import regex

Form = Literal["NFC", "NFKC"]
FORMS: tuple[Form, ...] = ("NFC", "NFKC")

# Typographic characters that no normalisation form replaces.
_TYPESET = str.maketrans(
    dict.fromkeys("‘’‚‛′", "'") | dict.fromkeys("“”„‟″", '"') | dict.fromkeys("‐‑‒–—―−", "-")
)
_CONTROLS = regex.compile(r"\p{Cc}+")
_INVISIBLE = regex.compile(
    r"[\p{Cf}\p{Cs}\p{Co}\p{Cn}]+"
)  # soft hyphens, joiners, private use, ...
_SENTENCE_ENDS = (". ", "? ", "! ", "; ")


def normalise(text: str, form: Form = "NFKC") -> str:
    """The normal form of a text: Unicode form, straight quotes, plain hyphens, single blanks.

    NFKC is the default because questions are typed on keyboards and documents are typeset: it also
    replaces ligatures, the ellipsis, full-width letters and the no-break space by the characters of
    a keyboard. It flattens superscripts as well (x² becomes x2); choose NFC where formulas matter.
    Control characters become blanks, invisible characters are removed, and blanks are collapsed.

    A model works best on texts that were normalised as its training texts were.
    """
    if not text.isprintable():
        text = _INVISIBLE.sub("", _CONTROLS.sub(" ", text))
    if not text.isascii():
        text = unicodedata.normalize(form, text).translate(_TYPESET)
    return " ".join(text.split())


def split_long(text: str, max_chars: int) -> list[str]:
    """Cut a text into pieces of at most `max_chars` characters, at ends of sentences if possible.

    A part without an end of a sentence is cut at a blank, one without a blank after `max_chars`.
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
