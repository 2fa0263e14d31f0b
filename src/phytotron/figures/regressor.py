"""Figures of predicted real values: against the true ones, and how far they are off."""

from __future__ import annotations

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from phytotron.figures.theme import (
    GAP,
    LINE,
    MARKERS,
    PRINT,
    Theme,
    legend_columns,
    legend_height,
    set_labels,
    set_margins,
    tick_width,
)

_SIDE = 3.0  # inches of the axes
_HEIGHT = 2.0  # inches of the axes of a histogram
_MOST_POINTS = 500  # of each output: more hide each other, and make a page slow
_BINS = 30


def predictions_figure(
    targets: NDArray[np.float32], values: NDArray[np.float32], *, theme: Theme = PRINT
) -> Figure:
    """Predicted against true values; on the dashed line they are equal.

    Of many samples it shows 500, evenly spaced by row.

    Args:
        targets: shape (samples, outputs).
        values: what was predicted, of the same shape.
        theme: colours.
    """
    rows = np.unique(np.linspace(0, len(targets) - 1, _MOST_POINTS).astype(np.int64))
    with rc_context(theme.style):
        figure = Figure()
        axes = figure.subplots()
        ends = [float(part(each)) for each in (targets, values) for part in (np.min, np.max)]
        low, high = min(ends), max(ends)
        axes.plot([low, high], [low, high], color=theme.muted, ls="--", lw=1, clip_on=False)
        for output, (color, marker) in enumerate(_looks(targets.shape[1], theme)):
            axes.plot(
                targets[rows, output],
                values[rows, output],
                color=color,
                marker=marker,
                linestyle="none",
                markersize=3,
                markeredgewidth=0,
                alpha=0.6,
                label=f"output {output + 1}",
                clip_on=False,
            )
        axes.set_title("Predicted against true values")
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_locator(MaxNLocator(5))
        _arrange(figure, axes, "true value", "predicted value", _SIDE, targets.shape[1])
    return figure


def residuals_figure(
    targets: NDArray[np.float32], values: NDArray[np.float32], *, theme: Theme = PRINT
) -> Figure:
    """How often a prediction is off by how much; the dashed line is at none.

    Args:
        targets: shape (samples, outputs).
        values: what was predicted, of the same shape.
        theme: colours.
    """
    residuals = values.astype(np.float64) - targets
    edges = np.histogram_bin_edges(residuals, _BINS)
    with rc_context(theme.style):
        figure = Figure()
        axes = figure.subplots()
        several = targets.shape[1] > 1
        for output, (color, _) in enumerate(_looks(targets.shape[1], theme)):
            counts, _ = np.histogram(residuals[:, output], edges)
            axes.stairs(
                counts,
                edges,
                color=color,
                fill=not several,
                label=f"output {output + 1}",
                clip_on=False,
            )
        axes.axvline(0, color=theme.muted, linestyle="--", linewidth=1, clip_on=False)
        axes.set_title("Residuals")
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        _arrange(figure, axes, "predicted − true value", "samples", _HEIGHT, targets.shape[1])
    return figure


def _looks(outputs: int, theme: Theme) -> list[tuple[str, str]]:
    """Colour and marker of each output."""
    colours = (theme.right, *theme.series[2:])
    return [
        (colours[output % len(colours)], MARKERS[output % len(MARKERS)])
        for output in range(outputs)
    ]


def _arrange(figure: Figure, axes: Axes, x: str, y: str, height: float, outputs: int) -> None:
    """Labels, margins, and below the axes a legend of several outputs."""
    beside, below = tick_width(axes), GAP + LINE
    left, bottom, top, right = beside + LINE + GAP, below + LINE + GAP, LINE + GAP, 2 * GAP
    width = left + _SIDE + right
    if outputs > 1:
        handles, names = axes.get_legend_handles_labels()
        columns = legend_columns(names, width)
        figure.legend(
            handles, names, loc="lower center", borderaxespad=0.2, borderpad=0.2, ncols=columns
        )
        bottom += legend_height(names, columns)
    figure.set_size_inches(width, top + height + bottom)
    set_labels(axes, x, y, below=below, beside=beside)
    set_margins(figure, left=left, right=right, bottom=bottom, top=top)
