from types import SimpleNamespace

import numpy as np
import pytest
import torch

from phytotron.figures.scratch import feasible_region

pytestmark = pytest.mark.catalogue("C03")


def test_the_weights_that_are_right_for_all_samples_are_blue(trained):
    """Two samples: w1 - 1 must be above 0, w2 - 1 must not; the bias is -1."""
    data = SimpleNamespace(train=(torch.eye(2), torch.tensor([1, 0])))
    model = SimpleNamespace(weights_=np.array([-1.0, 2.0, 0.5]))
    (axes,) = feasible_region.draw(trained(model, data=data)).axes
    side = np.linspace(-4, 4, 400)
    right = axes.collections[0].get_array()
    assert np.array_equal(right, (side[None, :] > 1) & (side[:, None] <= 1))
    first, second, *_ = axes.lines
    assert set(np.round(first.get_xdata(), 6)) | set(np.round(second.get_xdata(), 6)) >= {1.0}
    star = next(line for line in axes.lines if line.get_marker() == "*")
    assert star.get_xydata().tolist() == [[2, 0.5]]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("weight of input 1", "weight of input 2")
    assert (axes.get_xlim(), axes.get_ylim()) == ((-4, 4), (-4, 4))
