"""The first test images with their predicted classes; mistakes are orange."""

from __future__ import annotations

from matplotlib.figure import Figure

from phytotron.evaluation.evaluate import predicted_classes
from phytotron.evaluation.trained import Trained
from phytotron.figures.theme import ORANGE
from phytotron.training.model_folder import class_names

_ROWS, _COLUMNS = 4, 8


def draw(trained: Trained) -> Figure:
    inputs, targets = (part[: _ROWS * _COLUMNS] for part in trained.data.test)
    low, high = inputs.aminmax()  # of any scale: the darkest is black
    pixels = ((inputs - low) / (high - low)).movedim(1, -1).numpy()
    names = class_names(trained.data)
    figure = Figure(figsize=(1.3 * _COLUMNS, 1.65 * _ROWS), layout="constrained")
    cells = list(figure.subplots(_ROWS, _COLUMNS).flat)
    for axes in cells:
        axes.set_axis_off()
    for axes, image, actual, predicted in zip(
        cells, pixels, targets, predicted_classes(trained, inputs), strict=False
    ):
        axes.imshow(image, cmap="gray", vmin=0, vmax=1)
        right = predicted == actual
        axes.set_title(
            names[predicted] if right else f"{names[predicted]}\n({names[actual]})",
            fontsize=8,
            color="black" if right else ORANGE,
        )
    figure.suptitle("What the network sees; where it is wrong, in brackets what it is")
    return figure
