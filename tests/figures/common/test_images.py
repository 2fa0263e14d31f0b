"""Grids of samples and reconstructions."""

from types import SimpleNamespace

import numpy as np
import torch

from phytotron.figures.common import reconstructions, sample_grid


def test_samples_fill_the_task_s_grid(trained):
    task = SimpleNamespace(
        grid=(2, 3), sample=lambda n: torch.arange(n).view(n, 1, 1, 1).expand(n, 1, 4, 4)
    )
    (axes,) = sample_grid.draw(trained(task=task)).axes
    canvas = np.asarray(axes.images[0].get_array())
    assert canvas.shape == (2 * 5 - 1, 3 * 5 - 1)
    np.testing.assert_allclose(canvas[[0, 0, 0, 5, 5, 5], [0, 5, 10, 0, 5, 10]], np.arange(6) / 5)


def test_images_are_left_and_their_reconstructions_right(trained):
    images = torch.linspace(0, 1, 40).view(40, 1, 1, 1).expand(40, 1, 2, 2)
    task = SimpleNamespace(reconstruct=lambda images: 1 - images)
    left, right = reconstructions.draw(trained(task=task, data=SimpleNamespace(test=[images]))).axes
    assert [axes.get_title(loc="left") for axes in (left, right)] == [
        "test images", "reconstructions",
    ]  # fmt: skip
    first, last = (np.asarray(axes.images[0].get_array()) for axes in (left, right))
    assert first[0, 0] == 0
    assert last[0, 0] == 1
    assert first.shape == (4 * 3 - 1, 5 * 3 - 1)
