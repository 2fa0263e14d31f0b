import pytest
from hypothesis import given
from hypothesis import strategies as st

from phytotron.report import words


def test_numbers() -> None:
    assert words.score(0.61249) == "0.612"
    assert words.score(None) == words.score(float("nan")) == "–"
    assert words.count(18101) == "18,101"
    assert words.span(0.1, 0.25) == "0.100 to 0.250"
    assert words.span(None, 0.25) == "–"


@pytest.mark.parametrize(
    ("value", "text"), [(0.0449, "+0.045"), (-0.0121, "−0.012"), (-0.0001, "0.000"), (0.0, "0.000")]
)
def test_a_difference_has_its_sign(value, text) -> None:
    assert words.signed(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1.00"), (0.432, "0.43"), (0.0951, "0.10"), (0.0312, "0.031"), (0.0004998, "0.0005"),
     (0.00001, "< 0.0001"), (None, "–")],
)  # fmt: skip
def test_p_values(value, text) -> None:
    assert words.p_value(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (6_480_000, "6.48 MB"), (12_345_678, "12.3 MB"),
     (999_600, "1.00 MB"), (123_456_789_012, "123 GB")],
)  # fmt: skip
def test_sizes(value, text) -> None:
    assert words.size(value) == text


@given(st.text(st.characters()))
def test_readable_text_can_be_written_and_has_no_controls(text) -> None:
    shown = words.readable(text)
    shown.encode("utf-8")
    assert not any(ord(letter) < 32 and letter not in "\n\t" for letter in shown)
    assert words.readable(shown) == shown


def test_readable_keeps_ordinary_text() -> None:
    assert words.readable("naïve – 日本語\n\ttab") == "naïve – 日本語\n\ttab"
    assert words.readable("a\x00b\x1b[31m\ud800") == "ab[31m?"


@given(st.text(), st.integers(10, 50))
def test_a_shortened_text_is_short_enough(text, length) -> None:
    cut = words.shortened(text, length)
    assert len(cut) <= length
    assert cut == text or (cut.endswith("…") and text.startswith(cut[:-1]))


@pytest.mark.parametrize("url", ["http://docs.test/a?b#c", "https://x.org/", " https://x.org "])
def test_web_pages_may_be_linked(url) -> None:
    assert words.web_address(url) == url.strip()


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "data:text/html,<b>",
     "vbscript:x", "file:///etc/passwd", "//evil.test/x", "/relative", "http:", "http://[::1", ""],
)  # fmt: skip
def test_nothing_else_is_linked(url) -> None:
    assert words.web_address(url) is None


def test_lists() -> None:
    assert [words.listed(["a"]), words.listed(["a", "b"]), words.listed(["a", "b", "c"])] == [
        "a", "a and b", "a, b and c",
    ]  # fmt: skip
