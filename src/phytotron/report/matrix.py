"""The confusion matrix as a heat map, with its labels grouped by product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from markupsafe import Markup

from phytotron.report.svg import join, tag

CELL = 17
GROUP_BAND = 17  # for the products' names, beside the labels of the areas
LETTER = 5.4  # width of a letter at the labels' size
# Above these opacities the text of a cell changes its colour: always, and in the dark theme.
STRONG, MEDIUM = 0.85, 0.6


def split_label(label: str) -> tuple[str, str]:
    """Group and name of a label: `python/howto` is `howto` of `python`."""
    group, slash, name = label.rpartition("/")
    return (group, name) if slash else ("", label)


def confusion_chart(
    labels: Sequence[str], counts: Mapping[tuple[str, str], int], *, title: str, description: str
) -> Markup:
    """Rows are actual labels, columns predicted ones; colour is the share of the row.

    Args:
        counts: paragraphs of each (actual, predicted); pairs that never occur may be absent.
    """
    longest = max((len(split_label(label)[1]) for label in labels), default=0)
    margin = round(GROUP_BAND + 10 + longest * LETTER)
    side = CELL * len(labels)
    parts = [_names(labels, margin), _groups(labels, margin, side)]
    for row, actual in enumerate(labels):
        total = sum(counts.get((actual, label), 0) for label in labels)
        cells = [
            _cell(column, actual, predicted, counts[actual, predicted], total)
            for column, predicted in enumerate(labels)
            if counts.get((actual, predicted), 0) > 0
        ]
        if cells:
            move = f"translate({margin} {margin + row * CELL})"
            parts.append(tag("g", *cells, transform=move))
    size = margin + side + 2
    return tag(
        "svg",
        tag("title", title),
        tag("desc", description),
        *parts,
        class_="chart matrix",
        viewBox=f"0 0 {size} {size}",
        role="img",
    )


def _cell(column: int, actual: str, predicted: str, count: int, total: int) -> Markup:
    share = count / total
    opacity = max(0.06, share**0.6)  # below one, so that rare confusions are seen too
    kind = "right" if actual == predicted else "wrong"
    tip = f"{actual} → {predicted}: {count:,} of {total:,} ({100 * share:.1f} %)"
    square = tag(
        "rect",
        tag("title", tip),
        class_=kind,
        x=column * CELL,
        width=CELL,
        height=CELL,
        fill_opacity=round(opacity, 2),
    )
    if share < 0.095:
        return square
    place = {"x": (column + 0.5) * CELL, "y": CELL / 2 + 3}
    css = "share strong" if opacity > STRONG else "share medium" if opacity > MEDIUM else "share"
    return join([square, tag("text", f"{100 * share:.0f}", class_=css, **place)])


def _names(labels: Sequence[str], margin: int) -> Markup:
    parts = []
    for index, label in enumerate(labels):
        name = split_label(label)[1]
        at = margin + (index + 0.5) * CELL
        parts.append(tag("text", name, x=margin - 5, y=at + 3, text_anchor="end"))
        turn = f"translate({at + 3:.1f} {margin - 5}) rotate(-90)"
        parts.append(tag("text", name, transform=turn))
    return join(parts)


def _groups(labels: Sequence[str], margin: int, side: int) -> Markup:
    """The products' names, and lines between them."""
    parts = [tag("rect", class_="outline", x=margin, y=margin, width=side, height=side)]
    start = 0
    for group, members in groupby(labels, key=lambda label: split_label(label)[0]):
        count = len(list(members))
        at = margin + start * CELL
        middle = at + count * CELL / 2
        if start:
            parts.append(tag("line", class_="divide", x1=2, x2=margin + side, y1=at, y2=at))
            parts.append(tag("line", class_="divide", y1=2, y2=margin + side, x1=at, x2=at))
        turn = f"translate(11 {middle:.1f}) rotate(-90)"
        parts.append(tag("text", group, class_="group", transform=turn, text_anchor="middle"))
        parts.append(tag("text", group, class_="group", x=middle, y=11, text_anchor="middle"))
        start += count
    return join(parts)
