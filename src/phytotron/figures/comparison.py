"""Experiments side by side: intervals of a metric, scores by class, and curves over epochs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from phytotron.figures.theme import (
    GAP,
    LINE,
    PRINT,
    SLOT_MARKERS,
    Theme,
    legend_columns,
    legend_height,
    set_labels,
    set_margins,
    tick_width,
)

_ROW = 0.3  # inches of a row
_INTERVALS_WIDTH = 4.9  # inches: fits the screen of a phone
_MARKS = 40  # of a line: with more of them the line cannot be seen


@dataclass(frozen=True)
class Interval:
    """A value with its interval; what is not known is None.

    Attributes:
        name: of the experiment.
        slot: its colour and marker.
    """

    name: str
    slot: int
    value: float | None
    low: float | None = None
    high: float | None = None


def intervals_figure(
    intervals: Sequence[Interval], x_label: str, reference: float | None, *, theme: Theme = PRINT
) -> Figure:
    """A row per experiment, the first on top; the dashed line is the reference value."""
    below = GAP + LINE
    with rc_context(theme.style):
        figure = Figure(figsize=(_INTERVALS_WIDTH, below + LINE + 2 * GAP + _ROW * len(intervals)))
        axes = figure.subplots()
        if _drawable(reference):
            axes.axvline(reference, color=theme.muted, linestyle="--", linewidth=1, clip_on=False)
        for row, each in enumerate(intervals):
            colour = theme.series[each.slot]
            if _drawable(each.low) and _drawable(each.high):
                axes.plot(
                    [each.low, each.high], [row, row], color=colour, linewidth=2, clip_on=False
                )
            if _drawable(each.value):
                axes.plot(
                    [each.value],
                    [row],
                    marker=SLOT_MARKERS[each.slot],
                    color=colour,
                    markersize=7,
                    linestyle="none",
                    clip_on=False,
                )
        axes.set_yticks(range(len(intervals)), [each.name for each in intervals])
        axes.set_ylim(len(intervals) - 0.5, -0.5)
        set_labels(axes, x_label, below=below)
        left = tick_width(axes) + GAP
        set_margins(figure, left=left, right=3 * GAP, bottom=below + LINE + GAP)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.grid(axis="x", clip_on=False)
        axes.set_axisbelow(True)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
    return figure


def dots_figure(
    rows: Mapping[str, Mapping[str, float | None]],
    slots: Mapping[str, int],
    x_label: str,
    *,
    theme: Theme = PRINT,
) -> Figure:
    """A row per class, a mark per experiment, from 0 to 1.

    Args:
        rows: of each class, the score of each experiment; the first class is on top, the last
            experiment lies above the others.
        slots: colour and marker of each experiment, in the order of the legend.
        x_label: what the scores are.
        theme: colours.
    """
    with rc_context(theme.style):
        names = [name for name in slots if name in next(iter(rows.values()), {})]
        columns = legend_columns(names, 7.6)
        below, top = GAP + LINE, legend_height(names, columns)
        figure = Figure(figsize=(7.6, top + below + LINE + GAP + 0.21 * len(rows)))
        axes = figure.subplots()
        for row, scores in enumerate(rows.values()):
            known = [score for score in scores.values() if _drawable(score)]
            if known:
                axes.plot(
                    [min(known), max(known)],
                    [row, row],
                    color=theme.rule,
                    linewidth=2,
                    zorder=1,
                    clip_on=False,
                )
        for name in next(iter(rows.values()), {}):
            scored = [(scores.get(name), row) for row, scores in enumerate(rows.values())]
            points = [(score, row) for score, row in scored if _drawable(score)]
            axes.plot(
                [score for score, _ in points],
                [row for _, row in points],
                linestyle="none",
                marker=SLOT_MARKERS[slots[name]],
                markersize=6,
                color=theme.series[slots[name]],
                markeredgecolor=theme.paper,
                markeredgewidth=0.5,
                label=name,
                clip_on=False,
            )
        axes.set_yticks(range(len(rows)), list(rows))
        axes.set(xlim=(0, 1), ylim=(len(rows) - 0.5, -0.5))
        set_labels(axes, x_label, below=below)
        axes.grid(axis="x", clip_on=False)
        axes.set_axisbelow(True)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        handles = dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
        figure.legend(
            [handles[name] for name in names],
            names,
            loc="upper center",
            borderaxespad=0.2,
            borderpad=0.2,
            ncols=columns,
        )
        left = tick_width(axes) + GAP
        set_margins(figure, left=left, right=2 * GAP, bottom=below + LINE + GAP, top=top)
    return figure


def history_figure(
    name: str, columns: Mapping[str, Sequence[tuple[float, float]]], *, theme: Theme = PRINT
) -> Figure:
    """A quantity over the epochs: training dashed, validation and the rest solid.

    Args:
        name: of the quantity.
        columns: epochs and values of each column of a history, such as `train_loss`.
        theme: colours.
    """
    with rc_context(theme.style):
        figure = Figure(figsize=(4.2, 2.8))
        axes = figure.subplots()
        for column, points in columns.items():
            training = column.startswith("train_")
            slot = 2 if training else 1
            axes.plot(
                [x for x, _ in points],
                [y for _, y in points],
                color=theme.series[slot],
                linestyle="--" if training else "-",
                linewidth=1.4,
                marker=SLOT_MARKERS[slot] if len(points) <= _MARKS else None,
                markersize=4,
                label="training" if training else "validation" if column[:4] == "val_" else column,
                clip_on=False,
            )
        several = len(columns) > 1
        axes.set_title(name, pad=20 if several else 6)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.grid(axis="y", clip_on=False)
        if several:  # between title and axes, where it hides no curve
            axes.legend(
                loc="lower left",
                bbox_to_anchor=(0, 1),
                ncols=len(columns),
                borderaxespad=0.2,
                borderpad=0,
            )
        below = GAP + LINE
        set_labels(axes, "epoch", below=below)
        top = GAP + LINE * (1 + several)
        left = tick_width(axes) + GAP
        set_margins(figure, left=left, bottom=below + LINE + GAP, top=top)
    return figure


def _drawable(value: float | None) -> TypeGuard[float]:
    """Whether a value has a place in a figure: it is finite, and a scale can hold it."""
    return value is not None and math.isfinite(value) and abs(value) < 1e300
