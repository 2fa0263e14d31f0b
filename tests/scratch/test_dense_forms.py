"""Layers with numbers to follow by hand."""

import numpy as np
import pytest

from phytotron.scratch import dense_forms, fixed_network
from phytotron.scratch.linear_stack import collapse
from phytotron.scratch.mlp_forms import three_four_one, two_four_three
from phytotron.scratch.one_hidden_layer import (
    one_hidden_layer,
    one_hidden_layer_by_index,
    two_hidden_layers,
    two_two_one,
)

pytestmark = pytest.mark.catalogue("C06", "C08", "C09", "C18", "C27")

BATCH = [[1, 2, 4, 2.5], [1, 0, 0, 1], [1, 3, 8, 6]]
WEIGHTS = fixed_network.FIRST_WEIGHTS.tolist()
BIASES = fixed_network.FIRST_BIASES.tolist()
OUTPUTS = [[3.45, 3.45, 2.18], [2.2, 2, 0.84], [6.1, 4, 5.39]]


@pytest.mark.parametrize("form", [dense_forms.unrolled, dense_forms.loops, dense_forms.matrix])
def test_forms_of_one_sample(form):
    for sample, outputs in zip(BATCH, OUTPUTS, strict=True):
        assert np.allclose(form(sample, WEIGHTS, BIASES), outputs)


@pytest.mark.parametrize("form", [dense_forms.batch, dense_forms.folded])
def test_forms_of_a_batch(form):
    assert np.allclose(form(BATCH, WEIGHTS, BIASES), OUTPUTS)


def test_two_layers_with_fixed_weights():
    expected = [
        [-0.3265, 3.272, -3.1808],
        [-0.524, 2.456, -1.9204],
        [-0.4175, 7.101, -4.0159],
    ]
    assert np.allclose(fixed_network.forward(BATCH), expected)


def test_a_stack_of_linear_layers_is_one_linear_layer():
    random = np.random.default_rng(0)
    widths = [(5, 7), (7, 3), (3, 4)]
    layers = [(random.normal(size=shape), random.normal(size=(1, shape[1]))) for shape in widths]
    x = deep = random.normal(size=(20, 5))
    for weights, biases in layers:
        deep = deep @ weights + biases
    weights, biases = collapse(layers)
    assert np.abs(x @ weights + biases - deep).max() < 1e-6


def test_a_sigmoid_between_two_layers_breaks_the_line():
    """A linear map sends the middle of two points to the middle of their images."""
    random = np.random.default_rng(0)
    v, shift, w = random.normal(size=(3, 2)), random.normal(size=3), random.normal(size=(2, 3))
    a, b = 5 * random.normal(size=(2, 2))
    images = [one_hidden_layer(x, v, shift, w) for x in (a, (a + b) / 2, b)]
    assert np.abs((images[0] + images[2]) / 2 - images[1]).max() > 1e-3


def test_matrix_and_index_form_of_one_hidden_layer_are_equal():
    random = np.random.default_rng(0)
    arguments = [random.normal(size=shape) for shape in ((4,), (3, 4), (3,), (2, 3))]
    assert one_hidden_layer(*arguments).shape == (2,)
    assert np.allclose(one_hidden_layer(*arguments), one_hidden_layer_by_index(*arguments))


def test_shapes_of_small_networks():
    random = np.random.default_rng(0)
    probability = two_two_one(random).forward(random.normal(size=(5, 2)))
    assert probability.shape == (5, 1)
    assert ((probability > 0) & (probability < 1)).all()

    shared = two_hidden_layers(6, 4, 3, random)
    assert [values.shape for values in shared.parameters[::2]] == [(6, 4), (4, 3), (3, 2)]
    assert np.allclose(shared.forward(random.normal(size=(5, 6))).sum(axis=1), 1)

    classes = two_four_three(random)
    assert [values.shape for values in classes.parameters] == [(2, 4), (1, 4), (4, 3), (1, 3)]
    assert classes.forward(random.normal(size=(5, 2))).shape == (5, 3)

    regression = three_four_one(random)
    assert [values.shape for values in regression.parameters] == [(3, 4), (1, 4), (4, 1), (1, 1)]
    x = random.normal(size=(200, 3))
    assert regression.forward(x).min() < 0 < regression.forward(x).max()  # not squashed
