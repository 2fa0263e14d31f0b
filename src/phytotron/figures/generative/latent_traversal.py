"""How each number of a code changes an image.

A row for each number: it takes values from -3 to 3 standard deviations of the prior, while the
others keep the encoder's code of the first test image. The left column is that image.
"""

from __future__ import annotations

import torch
from matplotlib.figure import Figure

from phytotron.evaluation.trained import Trained
from phytotron.figures.image_grids import show_grid

_STEPS = 9


def draw(trained: Trained) -> Figure:
    """Needs a network with `encode` and `decode`."""
    image = trained.data.test[0][:1]
    with torch.inference_mode():
        code, _ = trained.model.encode(image)
        latent = code.shape[1]
        codes = code.repeat(latent, _STEPS, 1)
        for number in range(latent):
            codes[number, :, number] = torch.linspace(-3, 3, _STEPS)
        images = trained.model.decode(codes.flatten(0, 1)).unflatten(0, (latent, _STEPS))
        rows = torch.cat([image.expand(latent, 1, *image.shape[1:]), images], dim=1)
    figure = Figure(figsize=(0.6 * (_STEPS + 1), 0.6 * latent))
    show_grid(figure.subplots(), rows.flatten(0, 1), (latent, _STEPS + 1))
    return figure
