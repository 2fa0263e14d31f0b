"""Figures of an evaluation, as matplotlib figures that need no display.

Colours are those of Okabe and Ito (Color Universal Design, 2008), which people with any form of
colour blindness tell apart; lines differ by their markers as well. The same input gives the same
bytes: `save` leaves out dates and random ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import confusion_matrix

from phytotron.evaluation.calibration import Bin, expected_calibration_error
from phytotron.evaluation.tables import read_csv
from phytotron.files import replacing

BLUE, ORANGE = "#0072B2", "#D55E00"
COLOURS = [BLUE, ORANGE, "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
MARKERS = ["o", "s", "^", "D", "v", "P", "X"]
GREY = "#666666"
_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that every machine draws the same
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "svg.hashsalt": "phytotron",
}
# Beyond so many classes the cells are too small for numbers, and then for names.
_MOST_NUMBERS, _MOST_NAMES = 40, 100


def experiment_figures(evaluation: Path | str, model: Path | str) -> dict[str, Figure]:
    """The figures of one experiment: `confusion`, `calibration` and, after several epochs,
    `learning_curves`.

    Args:
        evaluation: what the stage `evaluate` wrote, such as `build/evaluation/router/textcnn`.
        model: what the stage `train` wrote, such as `build/models/router/textcnn`.
    """
    evaluation, model = Path(evaluation), Path(model)
    labels = [row["label"] for row in read_csv(evaluation / "per_class.csv")]
    pairs = read_csv(evaluation / "confusion.csv")
    counts = confusion_matrix(
        [pair["actual"] for pair in pairs], [pair["predicted"] for pair in pairs], labels=labels
    )
    bins = [
        Bin(
            bin_low=float(row["bin_low"]),
            bin_high=float(row["bin_high"]),
            count=int(row["count"]),
            confidence=float(row["confidence"]),
            accuracy=float(row["accuracy"]),
        )
        for row in read_csv(evaluation / "calibration.csv")
    ]
    figures = {
        "confusion": confusion_figure(counts, labels),
        "calibration": reliability_figure(bins),
    }
    history = read_csv(model / "history.csv")
    if len(history) > 1:
        figures["learning_curves"] = learning_curves_figure({model.name: history})
    return figures


def save(figure: Figure, path: Path | str, dpi: int = 120) -> None:
    """Write a figure as PNG or SVG, after the path's suffix; equal figures give equal bytes."""
    suffix = Path(path).suffix.lstrip(".")
    metadata = {"svg": {"Date": None}, "png": {"Software": None}}[suffix]
    with rc_context(_STYLE), replacing(path) as temporary:
        figure.savefig(temporary, format=suffix, dpi=dpi, metadata=metadata)


def confusion_figure(counts: ArrayLike, labels: Sequence[str]) -> Figure:
    """The confusion matrix, each row in per cent of the samples of its class.

    Labels of the form `product/area` that stand together are grouped by product. Shares below half
    a per cent are left blank.

    Args:
        counts: samples of each actual (row) and predicted (column) class, shape (classes, classes).
        labels: label names, in the order of the class ids.
    """
    counts = np.asarray(counts)
    support = counts.sum(axis=1)
    shares = counts / np.maximum(support, 1)[:, None]
    classes = len(labels)
    side = float(np.clip(0.3 * classes, 3, 24))
    with rc_context(_STYLE):
        figure = Figure(figsize=(side + 3.2, side + 2.4), layout="constrained")
        axes = figure.add_subplot()
        # Square root: confusions of some per cent are what one looks for, and stay visible.
        axes.imshow(np.sqrt(shares), cmap="Blues", vmin=0, vmax=1, aspect="equal")
        if classes <= _MOST_NUMBERS:
            _write_shares(axes, shares)
        _name_classes(axes, labels, support)
        axes.set_xlabel("predicted")
        axes.set_ylabel("actual (number of test samples)")
        axes.set_title("Confusion matrix: of each actual class, the share predicted as … (%)")
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
    return figure


def reliability_figure(bins: Sequence[Bin]) -> Figure:
    """Accuracy against confidence, bin by bin, above the number of samples in each bin.

    Guo et al., On Calibration of Modern Neural Networks, 2017, figure 1.
    """
    low = np.array([one.bin_low for one in bins])
    width = np.array([one.bin_high - one.bin_low for one in bins])
    confidence = np.array([one.confidence for one in bins])
    accuracy = np.array([one.accuracy for one in bins])
    with rc_context(_STYLE):
        figure = Figure(figsize=(4.6, 5.4), layout="constrained")
        top, bottom = figure.subplots(2, sharex=True, height_ratios=[3, 1])
        top.bar(low, accuracy, width, align="edge", color=BLUE, edgecolor="white", label="accuracy")
        top.bar(
            low,
            confidence - accuracy,
            width,
            bottom=accuracy,
            align="edge",
            color="none",
            edgecolor=ORANGE,
            hatch="////",
            label="gap to the confidence",
        )
        top.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="perfect")
        top.set(xlim=(0, 1), ylim=(0, 1), ylabel="accuracy")
        error = expected_calibration_error(list(bins))
        top.set_title(f"Calibration: expected calibration error {error:.3f}")
        top.legend(loc="upper left")
        bottom.bar(
            low, [one.count for one in bins], width, align="edge", color=GREY, edgecolor="white"
        )
        bottom.set(xlabel="confidence (probability of the predicted class)", ylabel="samples")
        top.xaxis.set_major_formatter(PercentFormatter(1))
        top.yaxis.set_major_formatter(PercentFormatter(1))
        bottom.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    return figure


def learning_curves_figure(histories: Mapping[str, Sequence[Mapping[str, Any]]]) -> Figure:
    """Loss and validation macro-F1 of each epoch, side by side.

    What was trained in one go has one row: a level line, to compare the curves of others with.

    Args:
        histories: for each experiment the rows of its `history.csv`; empty cells are left out.
    """
    with rc_context(_STYLE):
        figure = Figure(figsize=(9, 3.8), layout="constrained")
        losses, scores = figure.subplots(1, 2)
        for index, (experiment, rows) in enumerate(histories.items()):
            colour, marker = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
            _draw_curve(losses, rows, "val_loss", colour, marker)
            _draw_curve(losses, rows, "train_loss", colour, marker, linestyle=":", fill="white")
            _draw_curve(scores, rows, "val_macro_f1", colour, marker, label=experiment)
        losses.set_title("Loss (nats)")
        scores.set_title("Macro-F1 on the validation split")
        for axes in (losses, scores):
            axes.set_xlabel("epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
            axes.grid(axis="y", color="#dddddd", linewidth=0.6)
        key = [
            Line2D([], [], color=GREY, label="validation"),
            Line2D([], [], color=GREY, linestyle=":", label="train"),
        ]
        losses.legend(handles=key)
        if len(histories) > 1:
            figure.legend(*scores.get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure


def _draw_curve(
    axes: Axes,
    rows: Sequence[Mapping[str, Any]],
    column: str,
    colour: str,
    marker: str,
    *,
    linestyle: str = "-",
    fill: str | None = None,
    label: str | None = None,
) -> None:
    filled = [row for row in rows if row.get(column) not in (None, "")]
    values = [float(row[column]) for row in filled]
    if len(rows) == 1:
        for value in values:
            axes.axhline(value, color=colour, linestyle="--" if fill is None else ":", label=label)
    elif values:
        axes.plot(
            [float(row["epoch"]) for row in filled],
            values,
            color=colour,
            marker=marker,
            markerfacecolor=fill or colour,
            markersize=4,
            linewidth=1.4,
            linestyle=linestyle,
            label=label,
        )


def _write_shares(axes: Axes, shares: NDArray[np.float64]) -> None:
    for row, column in zip(*np.nonzero(shares >= 0.005), strict=True):
        share = shares[row, column]
        axes.text(
            column,
            row,
            f"{100 * share:.0f}",
            ha="center",
            va="center",
            fontsize=6.5,
            fontweight="bold" if row == column else "normal",
            color="white" if share > 0.3 else "black",
        )


def _name_classes(axes: Axes, labels: Sequence[str], support: NDArray[np.int64]) -> None:
    classes = len(labels)
    if classes > _MOST_NAMES:
        axes.set(xticks=[], yticks=[])
        return
    groups = _groups(labels)
    names = [label.partition("/")[2] for label in labels] if groups else list(labels)
    axes.set_xticks(range(classes), names, rotation=90, fontsize=8)
    axes.set_yticks(
        range(classes),
        [f"{name} ({n:,})" for name, n in zip(names, support, strict=True)],
        fontsize=8,
    )
    for product, start, end in groups:
        for edge in {start, end} - {0, classes}:
            axes.axhline(edge - 0.5, color=GREY, linewidth=0.8)
            axes.axvline(edge - 0.5, color=GREY, linewidth=0.8)
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
