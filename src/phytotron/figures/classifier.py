"""Figures of an evaluation, as matplotlib figures that need no display.

Colours are those of Okabe and Ito (Color Universal Design, 2008), which people with any form of
colour blindness tell apart; lines differ by their markers as well. The same input gives the same
bytes: `save` leaves out dates and random ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import ArrayLike, NDArray

from phytotron.evaluation.classifier import Bin, expected_calibration_error
from phytotron.evaluation.tables import capitalised, metric_name
from phytotron.figures.theme import (
    GAP,
    LINE,
    PRINT,
    SLOT_MARKERS,
    SLOTS,
    Theme,
    legend_columns,
    legend_height,
    set_labels,
    set_margins,
    text_width,
    tick_width,
)
from phytotron.files import replacing

# The most classes for which cells are large enough for numbers, and for names.
_MOST_NUMBERS, _MOST_NAMES = 40, 100
_CELL = 0.24  # inches
_NAME_SIZE = 8  # points
_CURVES_WIDTH, _CURVES_HEIGHT = 9.0, 3.0  # inches, without what is below the axes
_CLOSE = {"borderaxespad": 0.2, "borderpad": 0.2}  # of a legend
_WRITTEN = 0.095  # the smallest share that is written into its cell: 10 % when it is rounded
_CONFUSION_TITLE = "Confusion matrix: of each actual class, the share predicted as … (%)"


def confusion_counts(pairs: Iterable[tuple[str, str]], labels: Sequence[str]) -> NDArray[np.int64]:
    """Samples of each (actual, predicted) pair, shape (classes, classes).

    Pairs with an unknown label are left out.
    """
    places = {label: place for place, label in enumerate(labels)}
    counts = np.zeros((len(labels), len(labels)), np.int64)
    for actual, predicted in pairs:
        if actual in places and predicted in places:
            counts[places[actual], places[predicted]] += 1
    return counts


def save(figure: Figure, path: Path | str, dpi: int = 120) -> None:
    """Write a figure as PNG or SVG, after the path's suffix; equal figures give equal bytes."""
    suffix = Path(path).suffix.lstrip(".")
    metadata = {"svg": {"Date": None}, "png": {"Software": None}}[suffix]
    with rc_context(PRINT.style), replacing(path) as temporary:
        figure.savefig(temporary, format=suffix, dpi=dpi, metadata=metadata)


def confusion_figure(counts: ArrayLike, labels: Sequence[str], *, theme: Theme = PRINT) -> Figure:
    """The confusion matrix, each row in per cent of the samples of its class.

    Labels of the form `product/area` that stand together are grouped by product. Shares from 10 %
    on are written into their cells.

    Args:
        counts: samples of each actual (row) and predicted (column) class, shape (classes, classes).
        labels: label names, in the order of the class ids.
        theme: colours.
    """
    counts = np.asarray(counts)
    support = counts.sum(axis=1)
    shares = counts / np.maximum(support, 1)[:, None]
    classes = len(labels)
    side = float(np.clip(_CELL * classes, 3, 20))
    groups = _groups(labels)
    columns = [label.partition("/")[2] for label in labels] if groups else list(labels)
    rows = [f"{name} ({n:,})" for name, n in zip(columns, support, strict=True)]
    if classes > _MOST_NAMES:
        columns = rows = []
    below, beside = (
        GAP + max((text_width(name, _NAME_SIZE) for name in names), default=0.0)
        for names in (columns, rows)
    )
    left, bottom, top = beside + LINE + GAP, below + LINE + GAP, LINE + GAP
    right = max(GAP + LINE, text_width(_CONFUSION_TITLE, 10) + GAP - side)
    with rc_context(theme.style):
        figure = Figure(figsize=(left + side + right, bottom + side + top))
        axes = figure.add_subplot()
        set_margins(figure, left=left, right=right, bottom=bottom, top=top)
        axes.set(xlim=(-0.5, classes - 0.5), ylim=(classes - 0.5, -0.5))
        _draw_cells(axes, counts, shares, theme)
        if classes <= _MOST_NUMBERS:
            _write_shares(axes, shares, theme)
        axes.set_xticks(range(len(columns)), columns, rotation=90, fontsize=_NAME_SIZE)
        axes.set_yticks(range(len(rows)), rows, fontsize=_NAME_SIZE)
        if columns:
            _name_groups(axes, groups, classes, theme)
        set_labels(axes, "predicted", "actual (number of test samples)", below=below, beside=beside)
        axes.set_title(_CONFUSION_TITLE)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
    return figure


def confusion_tips(counts: ArrayLike, labels: Sequence[str]) -> dict[str, str]:
    """The tip of each cell of a confusion matrix, by the `url` of the cell."""
    counts = np.asarray(counts)
    support = counts.sum(axis=1)
    return {
        f"cell-{row}-{column}": f"{labels[row]} → {labels[column]}: {counts[row, column]:,} of "
        f"{support[row]:,} ({100 * counts[row, column] / support[row]:.1f} %)"
        for row, column in zip(*np.nonzero(counts), strict=True)
    }


def reliability_figure(
    bins: Sequence[Bin], *, theme: Theme = PRINT, title: str | None = None
) -> Figure:
    """Accuracy against confidence, bin by bin, above the number of samples in each bin.

    Guo et al., On Calibration of Modern Neural Networks, 2017, figure 1.

    Args:
        bins: empty ones may have NaN as confidence and accuracy.
        theme: colours.
        title: None: the expected calibration error.
    """
    low = np.array([one.bin_low for one in bins])
    width = np.array([one.bin_high - one.bin_low for one in bins])
    confidence = np.array([one.confidence for one in bins])
    accuracy = np.array([one.accuracy for one in bins])
    with rc_context(theme.style):
        figure = Figure(figsize=(3.6, 4.4))
        top, bottom = figure.subplots(2, sharex=True, height_ratios=[3, 1])
        edge = {"align": "edge", "edgecolor": theme.paper, "clip_on": False}
        top.bar(low, accuracy, width, color=theme.right, label="accuracy", **edge)
        # The gap to the confidence: a frame, so that it can be seen above and below.
        top.bar(
            low,
            confidence - accuracy,
            width,
            bottom=accuracy,
            align="edge",
            color="none",
            edgecolor=theme.wrong,
            linewidth=1.2,
            label="gap to the confidence",
            clip_on=False,
        )
        top.plot(
            [0, 1],
            [0, 1],
            color=theme.muted,
            linestyle="--",
            linewidth=1,
            label="perfect",
            clip_on=False,
        )
        top.set(xlim=(0, 1), ylim=(0, 1))
        if title is None:
            error = expected_calibration_error([one for one in bins if one.count])
            title = f"Expected calibration error {error:.3f}"
        top.set_title(title)
        top.legend(loc="upper left")
        bottom.bar(low, [one.count for one in bins], width, color=theme.muted, **edge)
        top.xaxis.set_major_formatter(PercentFormatter(1))
        top.yaxis.set_major_formatter(PercentFormatter(1))
        bottom.yaxis.set_major_locator(MaxNLocator(3, integer=True))
        beside = max(text_width("100%") + GAP, tick_width(bottom))
        below = GAP + LINE
        set_labels(top, y="accuracy", beside=beside)
        x_label = "probability of the predicted class"
        set_labels(bottom, x_label, "samples", below=below, beside=beside)
        margins = {
            "left": beside + LINE + GAP,
            "right": 2 * GAP,
            "top": LINE + GAP if title else GAP,
        }
        set_margins(figure, **margins, bottom=below + LINE + GAP, hspace=0.08)
    return figure


def learning_curves_figure(
    histories: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    metric: str = "macro_f1",
    slots: Mapping[str, int] | None = None,
    theme: Theme = PRINT,
) -> Figure:
    """Loss, and the metric on the validation split, of each epoch, side by side.

    Without any value of the metric, such as that of a generative model, the loss stands alone.
    What was trained in one go has one row: a level line, to compare the curves of others with.

    Args:
        histories: for each experiment the rows of its `history.csv`; empty cells are left out.
        metric: the curves are the column `val_<metric>`.
        slots: the slot of each experiment's colour and marker; None: in their order.
        theme: colours.
    """
    with rc_context(theme.style):
        both = any(_known(rows, f"val_{metric}") for rows in histories.values())
        width = _CURVES_WIDTH if both else _CURVES_WIDTH / 2
        figure = Figure(figsize=(width, _CURVES_HEIGHT))
        losses, *rest = figure.subplots(1, 1 + both, squeeze=False)[0]
        handles: list[Any] = []
        for index, (experiment, rows) in enumerate(histories.items()):
            slot = (slots[experiment] if slots else index) % SLOTS
            look: dict[str, Any] = {"color": theme.series[slot], "marker": SLOT_MARKERS[slot]}
            _draw_curve(losses, rows, "val_loss", **look)
            _draw_curve(losses, rows, "train_loss", **look, linestyle=":", fill=theme.paper)
            handles.append(Line2D([], [], **look, markersize=4, linewidth=1.4, label=experiment))
            for scores in rest:
                _draw_curve(scores, rows, f"val_{metric}", **look, label=experiment)
        losses.set_title("Loss")
        for scores in rest:
            scores.set_title(f"{capitalised(metric_name(metric))} on the validation split")
            handles, _ = scores.get_legend_handles_labels()
        for axes in (losses, *rest):
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
            axes.grid(axis="y", clip_on=False)
        key = [
            Line2D([], [], color=theme.muted, label="validation"),
            Line2D([], [], color=theme.muted, linestyle=":", label="train"),
        ]
        # Above the axes, where it hides no curve.
        losses.legend(handles=key, loc="lower right", bbox_to_anchor=(1, 1), **_CLOSE, ncols=2)
        below = GAP + LINE
        for axes in (losses, *rest):
            set_labels(axes, "epoch", below=below)
        bottom = below + LINE + GAP
        names = [handle.get_label() for handle in handles]
        if len(histories) > 1 and names:
            columns = legend_columns(names, width)
            figure.legend(handles, names, loc="lower center", **_CLOSE, ncols=columns)
            bottom += legend_height(names, columns)
        left = max(map(tick_width, (losses, *rest))) + GAP
        figure.set_figheight(_CURVES_HEIGHT + bottom)
        wide = (width - 3 * left) / 2
        set_margins(figure, left=left, bottom=bottom, top=LINE + 2 * GAP, wspace=left / wide)
    return figure


def has_curves(rows: Sequence[Mapping[str, Any]], metric: str) -> bool:
    """Whether a history has anything for `learning_curves_figure`."""
    return any(_known(rows, column) for column in ("train_loss", "val_loss", f"val_{metric}"))


def _known(rows: Sequence[Mapping[str, Any]], column: str) -> list[Mapping[str, Any]]:
    """The rows in which a column is not empty."""
    return [row for row in rows if row.get(column) not in (None, "")]


def _draw_curve(
    axes: Axes,
    rows: Sequence[Mapping[str, Any]],
    column: str,
    *,
    color: str,
    marker: str,
    linestyle: str = "-",
    fill: str | None = None,
    label: str | None = None,
) -> None:
    filled = _known(rows, column)
    values = [float(row[column]) for row in filled]
    if len(rows) == 1:
        for value in values:
            style = "--" if fill is None else ":"
            axes.axhline(value, color=color, linestyle=style, label=label, clip_on=False)
    elif values:
        axes.plot(
            [float(row["epoch"]) for row in filled],
            values,
            color=color,
            marker=marker,
            markerfacecolor=fill or color,
            markersize=4,
            linewidth=1.4,
            linestyle=linestyle,
            label=label,
            clip_on=False,
        )


def _strength(share: float) -> float:
    """The strength of a cell's colour. Rare confusions are of interest, so they stay visible."""
    return max(0.1, share**0.6)


def _draw_cells(
    axes: Axes, counts: NDArray[np.int64], shares: NDArray[np.float64], theme: Theme
) -> None:
    rows, columns = np.nonzero(counts)
    right, wrong = to_rgb(theme.right), to_rgb(theme.wrong)
    places = list(zip(rows.tolist(), columns.tolist(), strict=True))
    # One collection: a patch for each of the hundreds of cells takes seconds to draw.
    cells = PolyCollection(
        [
            [(column + x, row + y) for x, y in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))]
            for row, column in places
        ],
        facecolors=[
            (*(right if row == column else wrong), round(_strength(shares[row, column]), 2))
            for row, column in places
        ],
        linewidths=0,
        urls=[f"cell-{row}-{column}" for row, column in places],
        clip_on=False,
    )
    axes.add_collection(cells, autolim=False)


def _write_shares(axes: Axes, shares: NDArray[np.float64], theme: Theme) -> None:
    for row, column in zip(*np.nonzero(shares >= _WRITTEN), strict=True):
        share = shares[row, column]
        axes.text(
            column,
            row,
            f"{100 * share:.0f}",
            ha="center",
            va="center",
            fontsize=6.5,
            fontweight="bold" if row == column else "normal",
            color=theme.paper if _strength(share) > 0.7 else theme.ink,
        )


def _name_groups(
    axes: Axes, groups: Sequence[tuple[str, int, int]], classes: int, theme: Theme
) -> None:
    for product, start, end in groups:
        for edge in {start, end} - {0, classes}:
            axes.axhline(edge - 0.5, color=theme.muted, linewidth=0.8, clip_on=False)
            axes.axvline(edge - 0.5, color=theme.muted, linewidth=0.8, clip_on=False)
        axes.text(
            classes - 0.3,
            (start + end - 1) / 2,
            product,
            rotation=270,
            ha="left",
            va="center",
            fontweight="bold",
        )


def _groups(labels: Sequence[str]) -> list[tuple[str, int, int]]:
    """The products with the range of their labels; none when the labels do not come in groups."""
    if not all("/" in label for label in labels):
        return []
    groups, start = [], 0
    for product, members in groupby(labels, key=lambda label: label.partition("/")[0]):
        end = start + len(list(members))
        groups.append((product, start, end))
        start = end
    products = [product for product, _, _ in groups]
    return groups if len(set(products)) == len(products) else []
