"""SVG as text: elements, number lines, and the marks that tell contenders apart.

Charts are inline SVG without scripts or colours of their own. They take their colours from CSS
classes, so that they follow the page's theme, and their tooltips from `<title>`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from markupsafe import Markup, escape

# One shape per slot: the contenders stay apart without colour too. Each is centred on (0, 0) and
# covers about the same area.
MARKS = (
    "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z",  # circle
    "M-4.5-4.5h9v9h-9z",  # square
    "M0-5.8L5.6 4.2H-5.6z",  # triangle
    "M0-6.2L6.2 0L0 6.2L-6.2 0z",  # diamond
    "M0 5.8L5.6-4.2H-5.6z",  # triangle, point down
    "M-2-5.5h4v3.5h3.5v4H2v3.5h-4V2h-3.5v-4H-2z",  # plus
    "M0-6L5.7-1.9L3.5 4.9H-3.5L-5.7-1.9z",  # pentagon
    "M-3-5.2h6l3 5.2l-3 5.2h-6l-3-5.2z",  # hexagon
    "M-5-1.2h10v2.4h-10z",  # bar, for those without a slot of their own
)


LARGEST = 1e300  # beyond it, the span of a scale would overflow


def tag(name: str, *children: str | Markup, **attributes: str | float | None) -> Markup:
    """One element. Text and attribute values are escaped; `class_` means `class`.

    Numbers are rounded to two decimals, attributes that are None are left out.
    """
    parts = [f"<{name}"]
    for key, value in attributes.items():
        if value is not None:
            shown = number(value) if isinstance(value, int | float) else escape(value)
            parts.append(f' {key.rstrip("_").replace("_", "-")}="{shown}"')
    if not children:
        return Markup("".join(parts) + "/>")
    inner = "".join(escape(child) for child in children)
    return Markup("".join(parts) + f">{inner}</{name}>")


def number(value: float) -> str:
    """A coordinate: at most two decimals, no trailing zeros, no negative zero."""
    text = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    return "0" if text == "-0" else text


def percent(fraction: float) -> str:
    """A coordinate relative to the width of the drawing."""
    return f"{number(100 * fraction)}%"


def join(parts: Iterable[Markup]) -> Markup:
    return Markup("").join(parts)


def mark(slot: int, x: str | float, y: str | float, title: str | None = None) -> Markup:
    """The mark of a contender; the shapes are defined once in the page (`mark_shapes`)."""
    children = [tag("title", title)] if title else []
    return tag("use", *children, href=f"#mark-{slot}", class_=f"mark slot-{slot}", x=x, y=y)


def mark_shapes() -> Markup:
    """The definitions that `mark` refers to, in an SVG that takes no room."""
    shapes = (tag("path", id=f"mark-{slot}", d=shape) for slot, shape in enumerate(MARKS))
    return tag("svg", tag("defs", *shapes), class_="definitions", aria_hidden="true")


def drawable(value: float | None) -> TypeGuard[float]:
    """Whether a value has a place in a chart: it is neither None nor NaN nor (nearly) infinite."""
    return value is not None and abs(value) < LARGEST


def finite(values: Iterable[float | None]) -> list[float]:
    """The drawable ones of the values."""
    return [value for value in values if drawable(value)]


@dataclass(frozen=True)
class Scale:
    """A linear map from the data's range to positions between `start` and `stop`.

    `low` < `high` are finite; `start` may be greater than `stop`, as on a vertical axis.
    """

    low: float
    high: float
    start: float
    stop: float

    def __call__(self, value: float) -> float:
        """The position of a value; one outside the range is put at its end."""
        fraction = (value - self.low) / (self.high - self.low)
        return self.start + (self.stop - self.start) * min(1.0, max(0.0, fraction))

    def ticks(self, count: int = 5) -> list[float]:
        """At most `count` + 1 round numbers (1, 2 or 5 times a power of ten) inside the range."""
        span = self.high - self.low
        if abs(self.low) + abs(self.high) > 1e6 * span:  # too fine for a float to count
            return [self.low, self.high]
        step = round_step(span / count)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [index * step for index in range(first, last + 1)] or [self.low, self.high]


def round_step(least: float) -> float:
    """The smallest of 1, 2, 5, 10, ... times a power of ten that is at least `least` > 0."""
    power = 10.0 ** math.floor(math.log10(least))
    return next((n * power for n in (1, 2, 5) if n * power >= least * (1 - 1e-9)), 10 * power)


def scale_for(
    values: Sequence[float | None],
    start: float,
    stop: float,
    *,
    include: Sequence[float] = (),
    margin: float = 0.04,
) -> Scale:
    """A scale on which all drawable `values` and `include` lie, with some air on both sides.

    Constant data is put in the middle; without any data the range is 0 to 1.
    """
    known = finite([*values, *include])
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if high - low <= max(1e-9 * max(abs(low), abs(high)), 1e-300):
        around = abs(low) * 0.1 or 1.0
        return Scale(low - around, high + around, start, stop)
    air = (high - low) * margin
    return Scale(low - air, high + air, start, stop)


def tick_label(value: float, ticks: Sequence[float]) -> str:
    """A tick's number with the decimals that its neighbours need."""
    span = max(ticks) - min(ticks)
    if max(map(abs, ticks)) >= 1e6 or 0 < span < 1e-5:
        return f"{value:.2g}"
    step = span / max(1, len(ticks) - 1)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step else 2
    return f"{value + 0.0:.{min(6, decimals)}f}".replace("-", "−")
