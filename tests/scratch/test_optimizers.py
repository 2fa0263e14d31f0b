"""Optimizers equal those of PyTorch, step by step."""

import numpy as np
import pytest
import torch

from phytotron.scratch.layers import Dense
from phytotron.scratch.optimizers import SGD, Adam, Optimizer

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda **k: SGD(**k), lambda p, lr: torch.optim.SGD(p, lr)),
        (
            lambda **k: SGD(**k, momentum=0.9),
            lambda p, lr: torch.optim.SGD(p, lr, momentum=0.9),
        ),
        (lambda **k: Adam(**k), lambda p, lr: torch.optim.Adam(p, lr, eps=1e-7)),
    ],
    ids=["sgd", "momentum", "adam"],
)
def test_updates_equal_the_library_s(ours, theirs, decay):
    layer = Dense(3, 2, RANDOM, scale=1.0)
    parameters = [torch.tensor(values.copy()) for values in (layer.weights, layer.biases)]
    optimizer, reference = ours(learning_rate=0.05, decay=decay), theirs(parameters, 0.05)
    schedule = torch.optim.lr_scheduler.LambdaLR(reference, lambda t: 1 / (1 + decay * t))
    for _ in range(20):
        layer.d_weights, layer.d_biases = RANDOM.normal(size=(3, 2)), RANDOM.normal(size=(1, 2))
        for parameter, gradient in zip(parameters, (layer.d_weights, layer.d_biases), strict=True):
            parameter.grad = torch.tensor(gradient)
        optimizer.step([layer])
        reference.step()
        schedule.step()
    for ours_, theirs_ in zip((layer.weights, layer.biases), parameters, strict=True):
        assert np.allclose(ours_, theirs_.numpy(), rtol=0, atol=1e-12)


def test_defaults_are_the_catalogued_ones():
    sgd, adam = SGD(), Adam()
    assert (sgd.learning_rate, sgd.decay) == (1.0, 0.0)
    assert (adam.learning_rate, adam.decay, adam.epsilon) == (0.001, 0.0, 1e-7)
    assert adam.betas == (0.9, 0.999)


def test_the_learning_rate_decays_once_a_step_however_many_layers():
    optimizer = SGD(1.0, decay=0.5)
    layers = [Dense(1, 1, RANDOM) for _ in range(3)]
    for layer in layers:
        layer.d_weights, layer.d_biases = np.ones((1, 1)), np.ones((1, 1))
    rates = []
    for _ in range(3):
        optimizer.step(layers)
        rates.append(optimizer.current_learning_rate)
    assert rates == [1, 1 / 1.5, 1 / 2]


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_two_optimizers_do_not_mix_their_memories(kind: type[Optimizer]):
    """One that begins anew on a trained layer moves it as one on a fresh copy."""
    used, fresh = Dense(2, 2, np.random.default_rng(1)), Dense(2, 2, np.random.default_rng(1))
    for layer in (used, fresh):
        layer.d_weights, layer.d_biases = np.ones((2, 2)), np.ones((1, 2))
    kind(learning_rate=0.0).step([used])
    for layer in (used, fresh):
        kind(learning_rate=0.1).step([layer])
    assert np.array_equal(used.weights, fresh.weights)
