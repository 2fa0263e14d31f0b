"""Plain tables for a terminal: columns of one width, two spaces apart."""

from __future__ import annotations

from collections.abc import Sequence

GAP = "  "


def text_table(
    rows: Sequence[Sequence[str]], align: str = "", *, rule: bool = False, indent: str = ""
) -> str:
    """The rows as lines.

    Args:
        rows: cells without line breaks, the same number in each row; the first row may be names.
        align: one letter a column, `<` for left and `>` for right; columns without one are left.
        rule: whether a line of dashes follows the first row.
        indent: what each line starts with.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    align = align.ljust(len(widths), "<")
    lines = [list(row) for row in rows]
    if rule:
        lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        indent
        + GAP.join(
            cell.rjust(width) if side == ">" else cell.ljust(width)
            for cell, width, side in zip(line, widths, align, strict=True)
        ).rstrip()
        for line in lines
    )


def shortened(text: str, length: int) -> str:
    """The first `length` characters of a text; an ellipsis in the place of what is cut off."""
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"
