"""A small line chart as an SVG file that stands by itself, on light and dark ground.

The charts of the report take their colours from its page; these are for pages that show files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from phytotron.report.svg import join, scale_for, tag, tick_label

# Middle tones, which can be read on white and on black; told apart without colour by their dashes.
COLOURS = ("#3b82c4", "#d9770a", "#5f9e4a", "#b05fa8")
DASHES = (None, "5 3", "2 2", "8 2 2 2")
GREY = "#8a8a8a"
_Look = dict[str, str | float | None]  # attributes of an element
_WIDTH, _HEIGHT = 300, 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 38, 292, 22, 150


@dataclass(frozen=True)
class Line:
    """One curve.

    Attributes:
        label: what it is, for the legend.
        xs, ys: its points, in order.
        steps: whether it jumps from point to point instead of leading there.
    """

    label: str
    xs: Sequence[float]
    ys: Sequence[float]
    steps: bool = False


def line_chart(title: str, lines: Sequence[Line], x_label: str) -> str:
    """The text of an SVG file.

    Args:
        title: for those who cannot see it.
        lines: at most four.
        x_label: what the horizontal axis shows.
    """
    across = scale_for([x for line in lines for x in line.xs], _LEFT, _RIGHT, margin=0)
    up = scale_for([y for line in lines for y in line.ys], _BOTTOM, _TOP, include=[0])
    text: _Look = {"fill": GREY, "font_size": 10, "font_family": "sans-serif"}
    parts = [tag("title", title)]
    for value in (ticks := up.ticks(6)):
        y = up(value)
        width = 1.0 if value == 0 else 0.3
        parts.append(tag("path", d=f"M{_LEFT} {y:.1f}H{_RIGHT}", stroke=GREY, stroke_width=width))
        label = tick_label(value, ticks)
        parts.append(tag("text", label, x=_LEFT - 4, y=y + 3, text_anchor="end", **text))
    for value in (ticks := across.ticks(6)):
        x = across(value)
        width = 1.0 if value == 0 else 0.3
        parts.append(tag("path", d=f"M{x:.1f} {_TOP}V{_BOTTOM}", stroke=GREY, stroke_width=width))
        label = tick_label(value, ticks)
        parts.append(tag("text", label, x=x, y=_BOTTOM + 13, text_anchor="middle", **text))
    middle = (_LEFT + _RIGHT) / 2
    parts.append(tag("text", x_label, x=middle, y=_HEIGHT - 4, text_anchor="middle", **text))
    start = float(_LEFT)
    for line, colour, dash in zip(lines, COLOURS, DASHES, strict=False):
        look: _Look = {
            "stroke": colour,
            "stroke_dasharray": dash,
            "stroke_width": 1.6,
            "fill": "none",
        }
        points = [(across(x), up(y)) for x, y in zip(line.xs, line.ys, strict=True)]
        parts.append(tag("path", d=_path(points, line.steps), **look))
        parts.append(tag("path", d=f"M{start:.1f} 11h16", **look))
        parts.append(tag("text", line.label, x=start + 20, y=14, **text | {"fill": colour}))
        start += 30 + 5.6 * len(line.label)
    return _document(parts, _WIDTH, _HEIGHT)


def _path(points: Sequence[tuple[float, float]], steps: bool) -> str:
    (x, y), *others = points
    found = [f"M{x:.1f} {y:.1f}"]
    for x, y in others:
        found.append(f"H{x:.1f}V{y:.1f}" if steps else f"L{x:.1f} {y:.1f}")
    return "".join(found)


def grouped_cells(title: str, rows: int, columns: int, parts: Sequence[tuple[str, str]]) -> str:
    """Tables of cells side by side, each framed by column or by row, as the text of an SVG file.

    Args:
        title: for those who cannot see it.
        rows, columns: of each table.
        parts: caption and `column` or `row` of each table.
    """
    side, gap, top = 18, 40, 24
    found = [tag("title", title)]
    for number, (caption, frame) in enumerate(parts):
        left = 10 + number * (columns * side + gap)
        text: _Look = {"fill": GREY, "font_size": 11, "font_family": "sans-serif"}
        found.append(tag("text", caption, x=left, y=14, **text))
        for row in range(rows):
            for column in range(columns):
                shade: _Look = {
                    "fill": COLOURS[number],
                    "fill_opacity": 0.15 + 0.1 * ((row + column) % 3),
                }
                place: _Look = {"x": left + column * side, "y": top + row * side}
                found.append(tag("rect", width=side, height=side, **place, **shade))
        for index in range(columns if frame == "column" else rows):
            x = left + (index * side if frame == "column" else 0)
            y = top + (0 if frame == "column" else index * side)
            width, height = (side, rows * side) if frame == "column" else (columns * side, side)
            look: _Look = {"fill": "none", "stroke": COLOURS[number], "stroke_width": 2}
            found.append(tag("rect", x=x, y=y, width=width, height=height, **look))
    return _document(found, len(parts) * (columns * side + gap), top + rows * side + 10)


def _document(parts: Sequence[Markup], width: int, height: int) -> str:
    attributes: _Look = {"xmlns": "http://www.w3.org/2000/svg", "role": "img"}
    box: _Look = {"viewBox": f"0 0 {width} {height}", "width": width, "height": height}
    return str(tag("svg", join(parts), **attributes, **box)) + "\n"
