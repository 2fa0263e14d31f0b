"""Normal forms unify typed and printed text; long texts become pieces."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phytotron.clean.normalise import normalise, split_long


@pytest.mark.parametrize(
    ("printed", "typed"),
    [
        ("“don’t” – ﬁle… x²", '"don\'t" - file... x2'),
        ("a\u00a0b\u2009c\u3000d", "a b c d"),
        ("soft\u00adhyphen zero\u200bwidth \ufeffmark", "softhyphen zerowidth mark"),
        ("bell\x07 nul\x00 tab\t line\n", "bell nul tab line"),
        ("e\u0301", "é"),
        ("e\u200b\u0301", "é"),
    ],
)
def test_typographic_characters_become_those_of_a_keyboard(printed, typed):
    assert normalise(printed) == typed


def test_nfc_keeps_superscripts_and_ligatures():
    assert normalise("x² ﬁle", "NFC") == "x² ﬁle"


@given(st.text(max_size=60), st.sampled_from(["NFC", "NFKC"]))
def test_a_normal_text_stays_as_it_is(text, form):
    once = normalise(text, form)
    assert normalise(once, form) == once
    assert once == once.strip()
    assert "  " not in once
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in once)


def test_long_texts_are_cut_at_ends_of_sentences():
    text = "One is short. Two is a bit longer? Three ends it! And four"
    assert split_long(text, 36) == ["One is short. Two is a bit longer?", "Three ends it! And four"]


def test_without_an_end_of_a_sentence_the_cut_is_at_a_blank_and_else_anywhere():
    assert split_long("aaa bbb ccc", 7) == ["aaa bbb", "ccc"]
    assert split_long("abcdefgh", 3) == ["abc", "def", "gh"]


@given(st.text(st.sampled_from("ab .?!;"), max_size=80), st.integers(1, 20))
def test_cutting_loses_nothing_but_blanks(text, longest):
    text = " ".join(text.split())
    pieces = split_long(text, longest)
    assert all(0 < len(piece) <= longest for piece in pieces)
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")
