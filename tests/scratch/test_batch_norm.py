"""Batch normalisation equals PyTorch's, both ways."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from phytotron.scratch.batch_norm import BatchNorm
from phytotron.scratch.gradient_check import numerical_gradients, relative_error
from phytotron.scratch.graph import Tensor, apply
from phytotron.scratch.layers import Dense


def pair(features, random, **settings):
    """Ours and PyTorch's, with the same γ and β."""
    ours = BatchNorm(features, **settings)
    theirs = torch.nn.BatchNorm1d(
        features, eps=ours.epsilon, momentum=ours.momentum, dtype=torch.float64
    )
    ours.gamma, ours.beta = random.normal(size=(2, 1, features))
    with torch.no_grad():
        theirs.weight[:], theirs.bias[:] = map(torch.tensor, (ours.gamma[0], ours.beta[0]))
    return ours, theirs


def both_ways(ours, theirs, x, d):
    inputs = torch.tensor(x, requires_grad=True)
    outputs = theirs(inputs)
    theirs.zero_grad()
    outputs.backward(torch.tensor(d))
    np.testing.assert_allclose(ours.forward(x), outputs.detach().numpy(), atol=1e-11)
    np.testing.assert_allclose(ours.backward(d), inputs.grad.numpy(), atol=1e-10)
    np.testing.assert_allclose(ours.d_gamma[0], theirs.weight.grad.numpy(), atol=1e-10)
    np.testing.assert_allclose(ours.d_beta[0], theirs.bias.grad.numpy(), atol=1e-10)
    np.testing.assert_allclose(ours.running_mean[0], theirs.running_mean.numpy(), atol=1e-12)
    np.testing.assert_allclose(ours.running_variance[0], theirs.running_var.numpy(), atol=1e-12)


@given(
    st.integers(2, 12),
    st.integers(1, 5),
    st.floats(0.05, 1),
    st.sampled_from([1e-5, 1e-3, 0.5]),
    st.integers(0, 1000),
)
def test_three_batches_and_an_evaluation(batch, features, momentum, epsilon, seed):
    random = np.random.default_rng(seed)
    ours, theirs = pair(features, random, momentum=momentum, epsilon=epsilon)
    for training in (True, True, True, False, True):
        ours.training = training
        theirs.train(training)
        x = 3 * random.normal(size=(batch, features)) + 2
        both_ways(ours, theirs, x, random.normal(size=(batch, features)))


@pytest.mark.parametrize("training", [True, False])
def test_the_pass_back_against_differences(training):
    random = np.random.default_rng(0)
    layer, _ = pair(3, random)
    layer.running_mean, layer.running_variance = np.full((1, 3), 0.5), np.full((1, 3), 2.0)
    layer.training = training
    x, d = random.normal(size=(2, 6, 3))

    def loss():
        kept = layer.running_mean, layer.running_variance
        value = float((layer.forward(x) * d).sum())
        layer.running_mean, layer.running_variance = kept
        return value

    parameters = [x, layer.gamma, layer.beta]
    numerical = numerical_gradients(loss, parameters)
    loss()
    for ours, reference in zip(
        (layer.backward(d), layer.d_gamma, layer.d_beta), numerical, strict=True
    ):
        assert relative_error(ours, reference) < 1e-7


def test_two_samples_by_hand():
    """1 and 3: mean 2, variance 1, unbiased 2; a tenth of the way from 0 and 1."""
    layer = BatchNorm(1, epsilon=0.0)
    assert layer.forward(np.array([[1.0], [3.0]])).ravel().tolist() == [-1, 1]
    assert (layer.running_mean.item(), layer.running_variance.item()) == pytest.approx((0.2, 1.1))
    layer.training = False
    outputs = layer.forward(np.array([[0.2]]))
    assert outputs.item() == pytest.approx(0)
    assert layer.running_mean.item() == pytest.approx(0.2)


def test_a_bias_before_it_has_no_effect():
    """Its gradient is 0: the mean takes it away."""
    random = np.random.default_rng(0)
    dense, norm = Dense(4, 3, random, scale=1.0), BatchNorm(3)
    x, d = random.normal(size=(8, 4)), random.normal(size=(8, 3))
    outputs = norm.forward(dense.forward(x))
    dense.backward(norm.backward(d))
    np.testing.assert_allclose(dense.d_biases, 0, atol=1e-12)
    dense.biases += 7
    np.testing.assert_allclose(norm.forward(dense.forward(x)), outputs, atol=1e-10)


def test_it_is_an_operation_of_the_graph():
    random = np.random.default_rng(0)
    x, d = random.normal(size=(2, 6, 3))
    layer, inputs = BatchNorm(3, epsilon=1e-3), Tensor(x)
    (apply(layer, inputs) * d).sum().backward()
    recorded = Tensor(x)
    centred = recorded - recorded.mean(0, True)
    scaled = centred / ((centred**2).mean(0, True) + 1e-3) ** 0.5
    (scaled * d).sum().backward()
    np.testing.assert_allclose(inputs.grad, recorded.grad, atol=1e-12)
