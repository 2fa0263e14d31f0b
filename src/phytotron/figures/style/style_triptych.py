"""The content image, the style image and the result side by side."""

from __future__ import annotations

from matplotlib.figure import Figure

from phytotron.evaluation.trained import Trained


def draw(trained: Trained) -> Figure:
    content, style = trained.data.train
    panels = {"content": content, "style": style, "result": trained.model().detach()}
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    for axes, (title, image) in zip(figure.subplots(1, 3), panels.items(), strict=True):
        axes.imshow(image[0].movedim(0, -1).numpy(), vmin=0, vmax=1)
        axes.set_title(title)
        axes.set_axis_off()
    return figure
