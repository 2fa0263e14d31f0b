"""Each activation is its textbook formula, and so is its derivative."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from phytotron.config.components import component_names

pytestmark = [
    pytest.mark.usefixtures("exact"),
    pytest.mark.catalogue(
        "D01",
        "D02",
        "D03",
        "D04",
        "D05",
        "D06",
        "D07",
        "D08",
        "D09",
        "D10",
        "D11",
        "D12",
        "D13",
        "D14",
    ),
]

GRID = [-30.0, -3.5, -2.0, -1.0, -0.3, 0.2, 1.0, 2.5, 3.5, 7.0, 30.0]


def logistic(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def normal_cdf(z: float) -> float:
    return (1 + math.erf(z / math.sqrt(2))) / 2


def bell(z: float) -> float:
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def hard(z: float) -> float:
    return min(max(z + 3, 0), 6) / 6


def softplus(z: float) -> float:
    return math.log1p(math.exp(z))


def mish_slope(z: float) -> float:
    t = math.tanh(softplus(z))
    return t + z * (1 - t * t) * logistic(z)


SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772

# Of each: the function and its derivative, away from its kinks.
FORMULAS = {
    "identity": (lambda z: z, lambda z: 1),
    "threshold": (lambda z: float(z > 0), lambda z: 0),
    "sigmoid": (logistic, lambda z: logistic(z) * (1 - logistic(z))),
    "tanh": (math.tanh, lambda z: 1 - math.tanh(z) ** 2),
    "relu": (lambda z: max(0, z), lambda z: float(z > 0)),
    "relu6": (lambda z: min(max(0, z), 6), lambda z: float(0 < z < 6)),
    "leaky_relu": (lambda z: max(0.01 * z, z), lambda z: 1 if z > 0 else 0.01),
    "prelu": (lambda z: max(0, z) + 0.25 * min(0, z), lambda z: 1 if z > 0 else 0.25),
    "absolute_relu": (abs, lambda z: math.copysign(1, z)),
    "elu": (lambda z: z if z > 0 else math.exp(z) - 1, lambda z: 1 if z > 0 else math.exp(z)),
    "selu": (
        lambda z: SCALE * (z if z > 0 else ALPHA * (math.exp(z) - 1)),
        lambda z: SCALE * (1 if z > 0 else ALPHA * math.exp(z)),
    ),
    "softplus": (softplus, logistic),
    "swish": (
        lambda z: z * logistic(z),
        lambda z: logistic(z) * (1 + z * (1 - logistic(z))),
    ),
    "gelu": (lambda z: z * normal_cdf(z), lambda z: normal_cdf(z) + z * bell(z)),
    "hard_sigmoid": (hard, lambda z: 1 / 6 if -3 < z < 3 else 0),
    "hard_swish": (
        lambda z: z * hard(z),
        lambda z: hard(z) + (z / 6 if -3 < z < 3 else 0),
    ),
    "mish": (lambda z: z * math.tanh(softplus(z)), mish_slope),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_function_and_derivative_are_the_formula(make, name):
    function, derivative = FORMULAS[name]
    z = torch.tensor(GRID, requires_grad=True)
    y = make("activation", name)()(z)
    # PyTorch's softplus is the identity from 20 on, which is right to 2e-9.
    assert_close(y, torch.tensor([float(function(x)) for x in GRID]), rtol=1e-8, atol=1e-12)
    (slope,) = torch.autograd.grad(y.sum(), z) if y.requires_grad else (torch.zeros_like(z),)
    expected = torch.tensor([float(derivative(x)) for x in GRID])
    # PyTorch's hard sigmoid has 1/6 in float32 for its slope.
    assert_close(slope, expected, rtol=5e-8, atol=1e-12)


def test_every_activation_is_tested(at_the_root):
    assert set(component_names("activation")) == FORMULAS.keys() | {"softmax"}


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        ("sigmoid", {}, [0.26894143, 0.5, 0.7310586, 0.8807971, 0.95257413]),
        ("relu", {}, [0, 0, 1, 2, 3]),
        ("leaky_relu", {"negative_slope": 0.2}, [-0.2, 0, 1, 2, 3]),
        ("elu", {}, [-0.63212055, 0, 1, 2, 3]),
        ("softmax", {}, [0.01165623, 0.03168492, 0.08612854, 0.23412165, 0.6364086]),
        ("tanh", {}, [-0.7615942, 0, 0.7615942, 0.9640276, 0.9950547]),
        ("swish", {}, [-0.26894143, 0, 0.7310586, 1.7615942, 2.8577223]),
        ("softplus", {}, [0.3132617, 0.6931472, 1.3132616, 2.126928, 3.0485873]),
    ],
)
def test_eight_functions_on_five_points(make, name, changes, expected):
    points = torch.tensor([-1.0, 0, 1, 2, 3])
    got = make("activation", name, **changes)()(points)
    assert_close(got, torch.tensor(expected, dtype=torch.float64), rtol=0, atol=1e-7)


def test_softmax_of_the_worked_example(make):
    p = make("activation", "softmax")()(torch.tensor([5.0, 2, -1, 3]))
    assert [round(value, 3) for value in p.tolist()] == [0.842, 0.042, 0.002, 0.114]
    assert math.exp(1) / math.exp(2) == pytest.approx(0.3679, abs=5e-5)


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=6), st.floats(-1e3, 1e3))
def test_softmax_is_a_distribution_that_no_shift_changes(values, shift):
    softmax = torch.nn.Softmax(dim=-1)
    z = torch.tensor(values)
    assert_close(softmax(z).sum(), torch.tensor(1.0))
    assert_close(softmax(z + shift), softmax(z), rtol=1e-9, atol=1e-12)


@given(st.floats(-50, 50), st.floats(-50, 50))
def test_softmax_of_two_classes_is_the_sigmoid_of_their_difference(first, second):
    p = torch.nn.Softmax(dim=-1)(torch.tensor([first, second]))
    assert float(p[0]) == pytest.approx(logistic(first - second), rel=1e-9, abs=1e-15)


def test_huge_values_give_no_nan(make, at_the_root):
    z = torch.tensor([-1e4, 1e4])
    for name in component_names("activation"):
        assert make("activation", name)()(z).isfinite().all(), name


def test_relu_has_no_slope_at_nought_and_changes_nothing_twice(make):
    relu = make("activation", "relu")()
    zero = torch.zeros(1, requires_grad=True)
    relu(zero).backward()
    assert zero.grad.item() == 0
    z = torch.linspace(-2, 2, 9)
    assert torch.equal(relu(relu(z)), relu(z))


def test_the_threshold_is_a_setting(make):
    above = make("activation", "threshold", threshold=1.5)()
    assert above(torch.tensor([1.0, 1.5, 1.6])).tolist() == [0, 0, 1]


def test_prelu_with_its_slope_at_minus_one_is_the_absolute_value(make):
    z = torch.tensor(GRID)
    prelu = make("activation", "prelu", init=-1.0)()
    assert torch.equal(prelu(z), make("activation", "absolute_relu")()(z))
    prelu(z).sum().backward()
    assert prelu.weight.grad.item() == sum(value for value in GRID if value < 0)  # it learns


def test_selu_keeps_mean_and_variance(make):
    z = torch.randn(400_000, generator=torch.Generator().manual_seed(0))
    y = make("activation", "selu")()(z)
    assert abs(float(y.mean())) < 0.01
    assert abs(float(y.var()) - 1) < 0.01


def test_stacked_sigmoids_lose_the_gradient(make):
    sigmoid = make("activation", "sigmoid")()
    z = torch.ones(1, requires_grad=True)
    y = z
    for _ in range(10):
        y = sigmoid(y)
    y.backward()
    assert 0 < z.grad.item() < 0.25**10
