"""Images side by side: which one is where."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.figure import Figure

from phytotron.figures.image_grids import show_grid


def shown(images, grid):
    axes = Figure().subplots()
    show_grid(axes, images, grid)
    (image,) = axes.get_images()
    return np.asarray(image.get_array())


def test_images_follow_each_other_in_rows_with_a_gap_between():
    images = torch.arange(6.0)[:, None, None, None].expand(6, 1, 2, 3) - 1  # from -1 to 4
    pixels = shown(images, (2, 3))
    assert pixels.shape == (2 * 2 + 1, 3 * 3 + 2)
    np.testing.assert_allclose(pixels[[0, 0, 0, 3, 3, 3], [0, 4, 8, 0, 4, 8]], np.arange(6) / 5)
    assert (pixels[2] == 1).all()
    assert (pixels[:, 3] == 1).all()


def test_places_without_an_image_stay_empty_and_what_is_too_much_is_left_out():
    images = torch.zeros(3, 3, 2, 2)
    images[0, 0] = 1
    pixels = shown(images, (2, 2))
    assert pixels.shape == (5, 5, 3)
    assert pixels[0, 0].tolist() == [1, 0, 0]
    assert (pixels[3:, 3:] == 1).all()
    assert shown(images, (1, 1)).shape == (2, 2, 3)
