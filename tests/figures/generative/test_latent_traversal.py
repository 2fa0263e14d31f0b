from types import SimpleNamespace

import numpy as np
import torch

from phytotron.figures.generative import latent_traversal


def test_a_row_changes_one_latent_number_from_minus_to_plus_three(trained):
    """The decoder shows the first latent number left and the second right."""
    model = SimpleNamespace(
        encode=lambda images: (torch.tensor([[1.0, -1.0]]), None),
        decode=lambda codes: codes[:, None, None, :],
    )
    image = torch.tensor([[[[-3.0, 3.0]]]])
    (axes,) = latent_traversal.draw(trained(model, data=SimpleNamespace(test=[image]))).axes
    canvas = np.asarray(axes.images[0].get_array()) * 6 - 3
    steps = latent_traversal._STEPS
    assert canvas.shape == (2 * 2 - 1, (steps + 1) * 3 - 1)
    np.testing.assert_allclose(canvas[[0, 2], :2], [[-3, 3]] * 2)  # the image itself
    sweep = np.linspace(-3, 3, steps)
    np.testing.assert_allclose(canvas[0, 3::3], sweep, atol=1e-6)
    np.testing.assert_allclose(canvas[0, 4::3], -1, atol=1e-6)
    np.testing.assert_allclose(canvas[2, 3::3], 1, atol=1e-6)
    np.testing.assert_allclose(canvas[2, 4::3], sweep, atol=1e-6)
