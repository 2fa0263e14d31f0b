"""Plain tables for a terminal."""

from __future__ import annotations

from phytotron.tables import shortened, text_table

ROWS = [["name", "n", "note"], ["a", "10", ""], ["long", "5", "x"]]


def test_columns_have_one_width_and_lines_no_spaces_at_the_end() -> None:
    assert text_table(ROWS).splitlines() == ["name  n   note", "a     10", "long  5   x"]


def test_numbers_are_aligned_right_below_a_rule() -> None:
    assert text_table(ROWS, "<>", rule=True, indent="  ").splitlines() == [
        "  name   n  note",
        "  ----  --  ----",
        "  a     10",
        "  long   5  x",
    ]


def test_a_text_is_shortened_only_where_it_is_too_long() -> None:
    assert shortened("four", 4) == "four"
    assert shortened("four five", 6) == "four…"
    assert len(shortened("fourfive", 6)) == 6
