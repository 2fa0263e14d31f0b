"""The first test images with the boxes of their objects and the boxes that a detector finds."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from torch import Tensor

from phytotron.evaluation.trained import Trained
from phytotron.figures.theme import ORANGE
from phytotron.training.model_folder import class_names

_ROWS, _COLUMNS = 3, 5
_SHOWN = 0.3  # boxes of a lower score are left out


def draw(trained: Trained) -> Figure:
    images, boxes, classes = (part[: _ROWS * _COLUMNS] for part in trained.data.test)
    names = class_names(trained.data)
    found = trained.task.detect(images)
    figure = Figure(figsize=(2 * _COLUMNS, 2 * _ROWS + 0.4), layout="constrained")
    cells = figure.subplots(_ROWS, _COLUMNS).flat
    for axes, image, truth, known, one in zip(cells, images, boxes, classes, found, strict=True):
        axes.imshow(image.movedim(0, -1).numpy(), vmin=0, vmax=1)
        axes.set_axis_off()
        for box in truth[known >= 0]:
            _rectangle(axes, box, "white", "dashed")
        for box, score, label in zip(one["boxes"], one["scores"], one["labels"], strict=True):
            if score >= _SHOWN:
                _rectangle(axes, box, ORANGE, "solid")
                axes.annotate(
                    f"{names[label]} {score:.2f}",
                    (float(box[0]), float(box[1])),
                    fontsize=7,
                    color="white",
                    bbox={"facecolor": ORANGE, "edgecolor": "none", "pad": 0.5},
                )
    figure.legend(
        handles=[
            Line2D([], [], color="silver", linestyle="dashed", label="object"),
            Line2D([], [], color=ORANGE, label=f"found, with class and score (from {_SHOWN})"),
        ],
        loc="outside upper left",
        ncols=2,
        frameon=False,
    )
    return figure


def _rectangle(axes: Axes, box: Tensor, colour: str, style: str) -> None:
    left, top, right, bottom = (float(edge) - 0.5 for edge in box)  # a pixel's middle is whole
    corner, width, height = (left, top), right - left, bottom - top
    axes.add_patch(Rectangle(corner, width, height, fill=False, color=colour, linestyle=style))
