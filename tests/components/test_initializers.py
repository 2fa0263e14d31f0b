"""Each initialiser has the moments and the bounds of its formula."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from phytotron.config.components import component_names
from phytotron.nn.initializers import fans, scaled
from phytotron.scratch.lazy import infer_shapes

pytestmark = pytest.mark.catalogue("D16", "D17", "D18", "D19", "D20", "D21", "D22")

IN, OUT = 400, 250


@pytest.fixture
def layer() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(IN, OUT)


# Standard deviation and largest absolute value of a weight; None: no bound.
MOMENTS = {
    "normal": (0.01, None),
    "uniform_fan_in": (1 / math.sqrt(3 * IN), 1 / math.sqrt(IN)),
    "glorot_uniform": (math.sqrt(2 / (IN + OUT)), math.sqrt(6 / (IN + OUT))),
    "glorot_normal": (math.sqrt(2 / (IN + OUT)), None),
    "he_normal": (math.sqrt(2 / IN), None),
    "he_uniform": (math.sqrt(2 / IN), math.sqrt(6 / IN)),
    "lecun_normal": (math.sqrt(1 / IN), None),
    "keras": (math.sqrt(2 / (IN + OUT)), math.sqrt(6 / (IN + OUT))),
    "rbm": (0.1, None),
    "rbm_glorot": (0.1 * math.sqrt(2 / (IN + OUT)), None),
    # A normal that is cut off at two standard deviations has 0.8796 of its deviation left.
    "gan": (0.0879626, 0.2),
}


@pytest.mark.parametrize("name", MOMENTS)
def test_moments_and_bounds(make, layer, name):
    std, bound = MOMENTS[name]
    make("initializer", name)(layer)
    weights = layer.weight.detach().double().flatten()
    error = std / math.sqrt(len(weights))  # of the mean; the deviation's is smaller
    assert abs(float(weights.mean())) < 4 * error
    assert float(weights.std()) == pytest.approx(std, rel=0.01)
    if bound:
        assert 0.999 * bound < float(weights.abs().max()) <= bound * (1 + 1e-6)


def test_every_initializer_is_tested(at_the_root):
    assert set(component_names("initializer")) == MOMENTS.keys() | {"orthogonal"}


@pytest.mark.parametrize("name", sorted({*MOMENTS, "orthogonal"} - {"rbm", "rbm_glorot"}))
def test_biases_are_nought(make, layer, name):
    make("initializer", name)(layer)
    assert not layer.bias.any()


@pytest.mark.parametrize("name", ["rbm", "rbm_glorot"])
def test_the_biases_of_an_rbm_are_uniform_up_to_a_tenth(make, layer, name):
    make("initializer", name)(layer)
    biases = layer.bias.detach()
    assert 0 <= float(biases.min()) < 0.01
    assert 0.09 < float(biases.max()) <= 0.1
    assert float(biases.mean()) == pytest.approx(0.05, abs=4 * 0.1 / math.sqrt(12 * OUT))


def test_orthogonal_rows(make, layer):
    make("initializer", "orthogonal", gain=2.0)(layer)
    product = layer.weight @ layer.weight.T
    torch.testing.assert_close(product, 4 * torch.eye(OUT), rtol=0, atol=1e-4)


def test_pytorchs_default_is_uniform_by_fan_in(layer):
    limit = 1 / math.sqrt(IN)
    for values in (layer.weight, layer.bias):
        assert 0.99 * limit < float(values.detach().abs().max()) <= limit


def test_the_fan_of_a_convolution_counts_its_field(make):
    torch.manual_seed(0)
    convolution = nn.Conv2d(30, 40, 5)
    assert fans(convolution.weight) == (30 * 25, 40 * 25)
    make("initializer", "he_normal")(convolution)
    assert float(convolution.weight.std()) == pytest.approx(math.sqrt(2 / 750), rel=0.02)


def test_a_transposed_convolution_has_its_inputs_first(make):
    torch.manual_seed(0)
    convolution = nn.ConvTranspose2d(30, 60, 5)
    make("initializer", "he_normal")(convolution)
    assert float(convolution.weight.std()) == pytest.approx(math.sqrt(2 / 750), rel=0.02)


def test_tables_and_scales_stay_as_they_are(make):
    network = nn.Sequential(
        nn.Embedding(10, 4, padding_idx=0), nn.LayerNorm(4), nn.LSTM(4, 4), nn.Linear(4, 2)
    )
    table = network[0].weight.clone()
    make("initializer", "normal")(network)
    assert torch.equal(network[0].weight, table)
    assert bool((network[1].weight == 1).all())
    for layer in (network[2].weight_hh_l0, network[3].weight):
        assert 0 < float(layer.abs().max()) < 0.06
    assert not network[2].bias_ih_l0.any()


def variances(initializer, activation: nn.Module, depth: int = 50) -> list[float]:
    """The mean square of each layer's activations, of the first first."""
    torch.manual_seed(0)
    values = torch.randn(64, 256)
    found = []
    for _ in range(depth):
        layer = nn.Linear(256, 256)
        initializer(layer)
        with torch.no_grad():
            values = activation(layer(values))
        found.append(float(values.square().mean()))
    return found


def test_he_keeps_the_mean_square_over_fifty_relus_and_glorot_does_not(make):
    kept = variances(make("initializer", "he_normal"), nn.ReLU())
    assert 0.2 < kept[-1] / kept[0] < 5
    faded = variances(make("initializer", "lecun_normal"), nn.ReLU())
    # Half of it is lost in each layer.
    assert math.log2(faded[-1] / faded[0]) == pytest.approx(-49, abs=2)


def test_small_weights_fade_and_large_ones_explode(make):
    assert variances(make("initializer", "normal"), nn.Identity())[-1] < 1e-60
    assert variances(make("initializer", "normal", std=0.2), nn.Identity())[-1] > 1e45


def test_wrong_settings_are_answered_with_the_right_ones(layer):
    with pytest.raises(ValueError, match="fan_in, fan_out or fan_average"):
        scaled(layer, mode="fan", factor=1.0, distribution="normal")
    with pytest.raises(ValueError, match="normal or uniform"):
        scaled(layer, mode="fan_in", factor=1.0, distribution="gauss")


def test_lazy_layers_learn_their_width_from_an_example():
    network = nn.Sequential(nn.LazyLinear(5), nn.LazyBatchNorm1d(), nn.Dropout(), nn.LazyLinear(2))
    with pytest.raises(ValueError, match="infer_shapes"):
        scaled(network, mode="fan_in", factor=1.0, distribution="normal")
    assert infer_shapes(network, torch.randn(1, 7)) is network
    assert [tuple(layer.weight.shape) for layer in (network[0], network[3])] == [(5, 7), (2, 5)]
    assert network.training
    assert int(network[1].num_batches_tracked) == 0
