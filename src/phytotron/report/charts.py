"""The charts of the report, each one inline SVG.

Strips sit in table cells: their width is that of the cell, their horizontal coordinates are
percentages, so that marks and text keep their size at any width. The other charts have a fixed
drawing area and are scaled as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from phytotron.report.svg import (
    Scale,
    drawable,
    join,
    mark,
    percent,
    scale_for,
    tag,
    tick_label,
)

# Both ends of a strip keep this share free, so that a mark at the end is not cut.
STRIP = (0.03, 0.97)
STRIP_HEIGHT = 22
MIDDLE = STRIP_HEIGHT // 2


@dataclass(frozen=True)
class Series:
    """One line of a chart: points in the order of x; a point with a value of None is a gap."""

    name: str
    slot: int
    points: Sequence[tuple[float | None, float | None]]
    best: float | None = None  # the x whose point is marked
    style: str = "solid"


def strip_axis(scale: Scale, ticks: int) -> Markup:
    """The numbers above a column of strips."""
    places = scale.ticks(ticks)
    return tag(
        "svg",
        *(
            tag(
                "text", tick_label(tick, places), x=percent(scale(tick)), y=12, text_anchor="middle"
            )
            for tick in places
        ),
        class_="strip axis",
        height=16,
        aria_hidden="true",
    )


def interval_strip(
    scale: Scale,
    slot: int,
    value: float | None,
    low: float | None,
    high: float | None,
    *,
    reference: float | None,
    label: str,
) -> Markup:
    """A value with its interval, and a line at the reference value."""
    parts = []
    if drawable(reference):
        at = percent(scale(reference))
        parts.append(tag("line", class_="reference", x1=at, x2=at, y1=0, y2=STRIP_HEIGHT))
    if drawable(low) and drawable(high):
        ends = {"x1": percent(scale(low)), "x2": percent(scale(high))}
        parts.append(tag("line", class_=f"interval slot-{slot}", y1=MIDDLE, y2=MIDDLE, **ends))
    if drawable(value):
        parts.append(mark(slot, percent(scale(value)), MIDDLE))
    return _strip(parts, label)


def dots_strip(
    scale: Scale, ticks: int, dots: Sequence[tuple[int, float | None, str]], label: str
) -> Markup:
    """Several values on one line; a dot is slot, value and tooltip, the last one lies on top."""
    known = [(slot, scale(value), title) for slot, value, title in dots if drawable(value)]
    parts = [
        tag("line", class_="grid", x1=percent(at), x2=percent(at), y1=0, y2=STRIP_HEIGHT)
        for at in map(scale, scale.ticks(ticks))
    ]
    if known:
        places = [at for _, at, _ in known]
        ends = {"x1": percent(min(places)), "x2": percent(max(places))}
        parts.append(tag("line", class_="range", y1=MIDDLE, y2=MIDDLE, **ends))
    parts += [mark(slot, percent(at), MIDDLE, title) for slot, at, title in known]
    return _strip(parts, label)


def _strip(parts: Sequence[Markup], label: str) -> Markup:
    title = tag("title", label)
    return tag("svg", title, *parts, class_="strip", height=STRIP_HEIGHT, role="img")


def line_chart(
    series: Sequence[Series], *, title: str, description: str, width: int, height: int
) -> Markup:
    """Lines over epochs. A series of one point is drawn as a level across the whole chart."""
    points = [point for line in series for point in _points(line)]
    x_scale = scale_for([x for x, _ in points], 38, width - 12, margin=0.02)
    y_scale = scale_for([y for _, y in points], height - 40, 12)
    epochs = [tick for tick in x_scale.ticks(8) if abs(tick - round(tick)) < 1e-6]
    parts = [_frame(x_scale, y_scale, epochs, y_scale.ticks(height // 50), "epoch")]
    parts += [_line(line, x_scale, y_scale) for line in series]
    if not points:
        parts.append(tag("text", "no values", x=width / 2, y=height / 2, text_anchor="middle"))
    return _chart(parts, title, description, width, height)


def _points(line: Series) -> list[tuple[float, float]]:
    return [(x, y) for x, y in line.points if drawable(x) and drawable(y)]


def _line(line: Series, x_scale: Scale, y_scale: Scale) -> Markup:
    points = _points(line)
    css = f"line {line.style} slot-{line.slot}"
    parts = []
    if len(points) == 1:
        y = y_scale(points[0][1])
        ends = {"x1": x_scale.start, "x2": x_scale.stop, "y1": y, "y2": y}
        parts.append(tag("line", class_=f"{css} level", **ends))
    else:
        path = " ".join(f"{x_scale(x):.1f},{y_scale(y):.1f}" for x, y in points)
        parts.append(tag("polyline", tag("title", line.name), class_=css, points=path))
    for x, y in points:
        place = x_scale(x), y_scale(y)
        if x == line.best and line.style == "solid" and len(points) > 1:
            ring = {"cx": place[0], "cy": place[1], "r": 9}
            parts.append(tag("circle", class_=f"best slot-{line.slot}", **ring))
        if line.style == "solid":
            parts.append(mark(line.slot, *place, f"{line.name}, epoch {x:g}: {y:.4g}"))
    return join(parts)


def reliability_chart(
    bins: Sequence[tuple[float | None, float | None, int]], slot: int, *, title: str, label: str
) -> Markup:
    """Accuracy over confidence, one dot a bin, its area in proportion to the bin's count.

    Args:
        bins: mean confidence, accuracy and count of each bin; empty bins have no confidence.
    """
    side = 260
    x_scale = Scale(0.0, 1.0, 42, side - 10)
    y_scale = Scale(0.0, 1.0, side - 40, 10)
    parts = [_frame(x_scale, y_scale, x_scale.ticks(), y_scale.ticks(), "confidence", "accuracy")]
    ends = {"x1": x_scale(0), "y1": y_scale(0), "x2": x_scale(1), "y2": y_scale(1)}
    parts.append(tag("line", class_="reference", **ends))
    known = [(c, a, n) for c, a, n in bins if n > 0 and drawable(c) and drawable(a)]
    largest = max((n for *_, n in known), default=1)
    path = " ".join(f"{x_scale(c):.1f},{y_scale(a):.1f}" for c, a, _ in known)
    if len(known) > 1:
        parts.append(tag("polyline", class_=f"line thin slot-{slot}", points=path))
    for confidence, accuracy, count in known:
        tip = f"confidence {confidence:.2f}, accuracy {accuracy:.2f}, {count:,} paragraphs"
        radius = max(1.8, 7 * (count / largest) ** 0.5)
        place = {"cx": x_scale(confidence), "cy": y_scale(accuracy)}
        parts.append(
            tag("circle", tag("title", tip), class_=f"mark slot-{slot}", r=radius, **place)
        )
    return _chart(parts, title, label, side, side)


def _frame(
    x_scale: Scale,
    y_scale: Scale,
    columns: Sequence[float],
    rows: Sequence[float],
    x_label: str,
    y_label: str | None = None,
) -> Markup:
    """Grid lines, the numbers at `columns` and `rows`, and the names of the axes."""
    left, right, bottom, top = x_scale.start, x_scale.stop, y_scale.start, y_scale.stop
    parts = []
    for tick in rows:
        y = y_scale(tick)
        parts.append(tag("line", class_="grid", x1=left, x2=right, y1=y, y2=y))
        parts.append(_text(tick_label(tick, rows), left - 6, y + 4, anchor="end"))
    parts += [_text(tick_label(tick, columns), x_scale(tick), bottom + 16) for tick in columns]
    parts.append(tag("line", class_="base", x1=left, x2=right, y1=bottom, y2=bottom))
    parts.append(_text(x_label, (left + right) / 2, bottom + 33, class_="name"))
    if y_label:
        turn = f"translate(11 {(top + bottom) / 2:.0f}) rotate(-90)"
        parts.append(_text(y_label, None, None, class_="name", transform=turn))
    return join(parts)


def _text(
    text: str, x: float | None, y: float | None, anchor: str = "middle", **more: str
) -> Markup:
    return tag("text", text, x=x, y=y, text_anchor=anchor, **more)


def _chart(
    parts: Sequence[Markup], title: str, description: str, width: int, height: int
) -> Markup:
    head = [tag("title", title), tag("desc", description)]
    box = f"0 0 {width} {height}"
    return tag("svg", *head, *parts, class_="chart", viewBox=box, role="img")
