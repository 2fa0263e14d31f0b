"""Each rule equals the optimizer of PyTorch, update by update."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from phytotron.scratch.update_rules import RULES

pytestmark = pytest.mark.usefixtures("exact")  # NAdam keeps a product in the default type

RANDOM = np.random.default_rng(0)
START = RANDOM.normal(size=(2, 3))
# Of changing sign and size; one is 0.
GRADIENTS = RANDOM.normal(size=(30, 2, 3)) * 10.0 ** RANDOM.integers(-3, 2, size=(30, 1, 1))
GRADIENTS[4, 0, 0] = 0

OPTIM = torch.optim
# The rule, its settings, and PyTorch's optimizer with the same ones; none is a default.
PAIRS = {
    "sgd": ({"lr": 0.3}, lambda p: OPTIM.SGD(p, 0.3)),
    "gradient_ascent": ({"lr": 0.3}, lambda p: OPTIM.SGD(p, 0.3, maximize=True)),
    "momentum": ({"lr": 0.2, "mu": 0.7}, lambda p: OPTIM.SGD(p, 0.2, momentum=0.7)),
    "nesterov": (
        {"lr": 0.2, "mu": 0.7},
        lambda p: OPTIM.SGD(p, 0.2, momentum=0.7, nesterov=True),
    ),
    "adagrad": (
        {"lr": 0.2, "eps": 1e-2, "start": 0.4},
        lambda p: OPTIM.Adagrad(p, 0.2, initial_accumulator_value=0.4, eps=1e-2),
    ),
    "adagrad_keras": (
        {},
        lambda p: OPTIM.Adagrad(p, 1e-3, initial_accumulator_value=0.1, eps=1e-7),
    ),
    "adadelta": (
        {"lr": 0.5, "rho": 0.8, "eps": 1e-3},
        lambda p: OPTIM.Adadelta(p, 0.5, rho=0.8, eps=1e-3),
    ),
    "rmsprop": (
        {"lr": 0.2, "alpha": 0.8, "eps": 1e-2},
        lambda p: OPTIM.RMSprop(p, 0.2, alpha=0.8, eps=1e-2),
    ),
    "rprop": (
        {"lr": 0.1, "shrink": 0.4, "grow": 1.5, "smallest": 0.05, "largest": 0.3},
        lambda p: OPTIM.Rprop(p, 0.1, etas=(0.4, 1.5), step_sizes=(0.05, 0.3)),
    ),
    "adam": (
        {"lr": 0.2, "beta1": 0.8, "beta2": 0.9, "eps": 1e-2},
        lambda p: OPTIM.Adam(p, 0.2, betas=(0.8, 0.9), eps=1e-2),
    ),
    "adamw": (
        {"lr": 0.2, "beta1": 0.8, "beta2": 0.9, "eps": 1e-2, "decay": 0.3},
        lambda p: OPTIM.AdamW(p, 0.2, betas=(0.8, 0.9), eps=1e-2, weight_decay=0.3),
    ),
    "adamax": (
        {"lr": 0.2, "beta1": 0.8, "beta2": 0.9, "eps": 1e-2},
        lambda p: OPTIM.Adamax(p, 0.2, betas=(0.8, 0.9), eps=1e-2),
    ),
    "nadam": (
        {"lr": 0.2, "beta1": 0.8, "beta2": 0.9, "eps": 1e-2, "momentum_decay": 0.3},
        lambda p: OPTIM.NAdam(p, 0.2, betas=(0.8, 0.9), eps=1e-2, momentum_decay=0.3),
    ),
}


def test_all_thirteen_are_compared():
    assert PAIRS.keys() == RULES.keys()
    assert len(RULES) == 13


@pytest.mark.parametrize("name", PAIRS)
def test_updates_equal_the_library_s(name):
    settings, optimizer_of = PAIRS[name]
    parameter = torch.nn.Parameter(torch.tensor(START))
    optimizer = optimizer_of([parameter])
    w, state = START, {}
    for t, gradient in enumerate(GRADIENTS, 1):
        parameter.grad = torch.tensor(gradient)
        optimizer.step()
        w = RULES[name](w, gradient, state, t, **settings)
        np.testing.assert_allclose(w, parameter.detach().numpy(), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", RULES)
def test_nothing_that_is_handed_in_changes_but_the_state(name):
    w, g, state = START.copy(), GRADIENTS[0].copy(), {}
    for t in (1, 2):
        assert not np.array_equal(RULES[name](w, g, state, t), w)
    assert np.array_equal(w, START)
    assert np.array_equal(g, GRADIENTS[0])


def test_the_first_mean_of_adam():
    """Gradient 5 and β₁ 0.9: the mean is 0.5, corrected 5; the first step is the learning rate."""
    state = {}
    w = RULES["adam"](0.0, 5.0, state, 1, lr=0.1, eps=0.0)
    assert state["m"] == pytest.approx(0.5)
    assert w == pytest.approx(-0.1)
