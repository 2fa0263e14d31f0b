"""Every pass back equals autograd."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from phytotron.scratch import activations, losses
from phytotron.scratch.backpropagation import activations as forward
from phytotron.scratch.backpropagation import gradients
from phytotron.scratch.gradient_check import numerical_gradients, relative_error
from phytotron.scratch.layers import Dense
from phytotron.scratch.network import feed_forward
from phytotron.scratch.two_layer import Weights, backward
from phytotron.scratch.two_layer import forward as two_layer_forward
from phytotron.scratch.xor_by_hand import Weights as XorWeights
from phytotron.scratch.xor_by_hand import backward as xor_backward
from phytotron.scratch.xor_by_hand import forward as xor_forward

pytestmark = pytest.mark.catalogue("C10", "C11", "C19", "C23", "C24")

RANDOM = np.random.default_rng(0)


def tensor(array):
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


def close(ours, theirs):
    return np.allclose(ours, theirs.detach().numpy(), rtol=0, atol=1e-10)


def test_dense():
    layer = Dense(4, 3, RANDOM, scale=1.0)
    x, d = RANDOM.normal(size=(5, 4)), RANDOM.normal(size=(5, 3))
    inputs, weights, biases = tensor(x), tensor(layer.weights), tensor(layer.biases)
    outputs = inputs @ weights + biases
    outputs.backward(torch.tensor(d))
    assert close(layer.forward(x), outputs)
    assert close(layer.backward(d), inputs.grad)
    assert close(layer.d_weights, weights.grad)
    assert close(layer.d_biases, biases.grad)


def test_dense_begins_small():
    layer = Dense(1000, 50, RANDOM)
    assert layer.weights.std() == pytest.approx(0.01, rel=0.02)
    assert not layer.biases.any()
    assert layer.biases.shape == (1, 50)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (activations.ReLU, torch.relu),
        (activations.Sigmoid, torch.sigmoid),
        (activations.Tanh, torch.tanh),
        (activations.Softmax, lambda x: torch.softmax(x, dim=1)),
    ],
)
def test_activations(ours, theirs):
    x, d = 3 * RANDOM.normal(size=(6, 4)), RANDOM.normal(size=(6, 4))
    x[0, 0] = 0  # where the ReLU has no derivative, it is 0
    inputs = tensor(x)
    outputs = theirs(inputs)
    outputs.backward(torch.tensor(d))
    layer = ours()
    assert close(layer.forward(x), outputs)
    assert close(layer.backward(d), inputs.grad)


def test_large_inputs_overflow_nothing():
    with np.errstate(all="raise", under="ignore"):
        assert activations.sigmoid(np.array([-1e4, 0, 1e4])).tolist() == [0, 0.5, 1]
        assert activations.softmax(np.array([[1e4, 0.0]])).tolist() == [[1, 0]]
        scores, ids = np.array([[1e4, 0.0], [0.0, 1e4]]), np.array([0, 0])
        assert np.isfinite(losses.SoftmaxCrossEntropy().forward(scores, ids))
        sure = np.array([[1e4, -1e4]])
        assert losses.SigmoidCrossEntropy().forward(sure, np.array([[1.0, 0]])) == 0


def test_softmax_is_of_each_row():
    rows = activations.softmax(RANDOM.normal(size=(3, 4)))
    assert np.allclose(rows.sum(axis=1), 1)


CLASSES = np.array([0, 2, 1, 2, 0])
ONE_HOT = np.eye(3)[CLASSES]
ANSWERS = (RANDOM.normal(size=(5, 3)) > 0).astype(float)


@pytest.mark.parametrize(
    ("ours", "theirs", "targets"),
    [
        (losses.SoftmaxCrossEntropy, lambda z: F.cross_entropy(z, torch.tensor(CLASSES)), CLASSES),
        (losses.SoftmaxCrossEntropy, lambda z: F.cross_entropy(z, torch.tensor(ONE_HOT)), ONE_HOT),
        (
            losses.SigmoidCrossEntropy,
            lambda z: F.binary_cross_entropy_with_logits(z, torch.tensor(ANSWERS)) * 3,
            ANSWERS,
        ),
        (losses.MeanSquaredError, lambda z: F.mse_loss(z, torch.tensor(ANSWERS)), ANSWERS),
    ],
)
def test_losses_of_scores(ours, theirs, targets):
    z = RANDOM.normal(size=(5, 3))
    scores = tensor(z)
    value = theirs(scores)
    value.backward()
    loss = ours()
    assert loss.forward(z, targets) == pytest.approx(value.item())
    assert close(loss.backward(), scores.grad)


@pytest.mark.parametrize("targets", [CLASSES, ONE_HOT], ids=["ids", "one-hot"])
def test_cross_entropy_of_probabilities(targets):
    p = activations.softmax(RANDOM.normal(size=(5, 3)))
    probabilities = tensor(p)
    value = F.nll_loss(probabilities.log(), torch.tensor(CLASSES))
    value.backward()
    loss = losses.CrossEntropy()
    assert loss.forward(p, targets) == pytest.approx(value.item())
    assert close(loss.backward(), probabilities.grad)


def test_cross_entropy_of_equal_and_of_certain_probabilities():
    loss = losses.CrossEntropy()
    assert loss.forward(np.full((4, 3), 1 / 3), np.array([0, 1, 2, 0])) == pytest.approx(np.log(3))
    assert loss.forward(np.eye(3), np.array([1, 2, 0])) == pytest.approx(-np.log(1e-7))
    assert np.isfinite(loss.backward()).all()


def test_softmax_and_cross_entropy_have_the_joint_gradient():
    z = RANDOM.normal(size=(5, 3))
    softmax, loss, joint = (
        activations.Softmax(),
        losses.CrossEntropy(),
        losses.SoftmaxCrossEntropy(),
    )
    loss.forward(softmax.forward(z), CLASSES)
    joint.forward(z, CLASSES)
    assert np.allclose(softmax.backward(loss.backward()), joint.backward())


def test_an_untrained_network_has_the_loss_of_guessing():
    network = feed_forward([2, 3, 3], "relu", losses.SoftmaxCrossEntropy(), RANDOM, scale=0.01)
    x = RANDOM.normal(size=(200, 2))
    assert network.loss_and_gradients(x, np.arange(200) % 3) == pytest.approx(1.0986, abs=1e-3)


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
def test_a_whole_network(activation):
    network = feed_forward([4, 6, 5, 3], activation, losses.SoftmaxCrossEntropy(), RANDOM)
    x = RANDOM.normal(size=(5, 4))
    parameters = [tensor(values) for values in network.parameters]
    inputs = hidden = tensor(x)
    for number in range(3):
        hidden = hidden @ parameters[2 * number] + parameters[2 * number + 1]
        hidden = getattr(torch, activation)(hidden) if number < 2 else hidden
    value = F.cross_entropy(hidden, torch.tensor(CLASSES))
    value.backward()
    assert network.loss_and_gradients(x, CLASSES) == pytest.approx(value.item())
    assert close(network.backward(), inputs.grad)
    for gradient, parameter in zip(network.gradients, parameters, strict=True):
        assert close(gradient, parameter.grad)


@pytest.mark.parametrize("hidden", ["sigmoid", "tanh", "relu"])
@pytest.mark.parametrize(
    ("output", "loss"),
    [
        (  # several answers, each yes or no
            "sigmoid",
            lambda z: F.binary_cross_entropy_with_logits(z, torch.tensor(ANSWERS)) * 3,
        ),
        ("softmax", lambda z: F.cross_entropy(z, torch.tensor(ONE_HOT))),
        ("linear", lambda z: F.mse_loss(z, torch.tensor(ANSWERS)) * 3 / 2),
    ],
)
def test_general_backpropagation(hidden, output, loss):
    widths = [4, 6, 5, 3]
    layers = [(RANDOM.normal(size=(k, n)), RANDOM.normal(size=(1, n))) for k, n in pairwise(widths)]
    x = RANDOM.normal(size=(5, 4))
    tensors = [(tensor(weights), tensor(biases)) for weights, biases in layers]
    z = torch.tensor(x)
    for number, (weights, biases) in enumerate(tensors):
        z = z @ weights + biases
        z = getattr(torch, hidden)(z) if number < 2 else z
    loss(z).backward()
    targets = ONE_HOT if output == "softmax" else ANSWERS
    found = gradients(forward(x, layers, hidden, output), targets, layers, hidden)
    for ours, theirs in zip(found, tensors, strict=True):
        for gradient, parameter in zip(ours, theirs, strict=True):
            assert np.abs(gradient - parameter.grad.numpy()).max() < 1e-6


def test_the_six_equations_of_two_layers():
    shapes = (3, 2), (3, 1), (1, 3), (1, 1)
    weights = Weights(*(RANDOM.normal(size=shape) for shape in shapes))
    x, y = RANDOM.normal(size=(2, 7)), (RANDOM.normal(size=(1, 7)) > 0).astype(float)
    w1, b1, w2, b2 = tensors = [tensor(values) for values in weights]
    z = w2 @ torch.tanh(w1 @ torch.tensor(x) + b1) + b2
    F.binary_cross_entropy_with_logits(z, torch.tensor(y)).backward()
    found = backward(weights, x, y, *two_layer_forward(weights, x))
    for gradient, parameter in zip(found, tensors, strict=True):
        assert close(gradient, parameter.grad)


@pytest.mark.parametrize("linear", [False, True])
def test_the_hand_derived_xor_network(linear):
    shapes = (2, 2), (2,), (2,), (1,)
    weights = XorWeights(*(RANDOM.normal(size=shape) for shape in shapes))
    x, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]), np.array([0, 1, 1, 0.0])
    v, c, w, b = tensors = [tensor(values) for values in weights]
    hidden = torch.tensor(x) @ v + c
    z = (hidden if linear else torch.sigmoid(hidden)) @ w + b
    F.binary_cross_entropy_with_logits(z, torch.tensor(y)).backward()
    found = xor_backward(weights, x, y, *xor_forward(weights, x, linear), linear)
    for gradient, parameter in zip(found, tensors, strict=True):
        assert close(gradient, parameter.grad)


def test_numerical_gradients_tell_right_from_wrong():
    network = feed_forward([3, 4, 2], "tanh", losses.SoftmaxCrossEntropy(), RANDOM)
    x, y = RANDOM.normal(size=(6, 3)), np.array([0, 1, 1, 0, 1, 0])
    network.loss_and_gradients(x, y)
    before = [values.copy() for values in network.parameters]

    def loss():
        return network.loss.forward(network.forward(x), y)

    numerical = numerical_gradients(loss, network.parameters)
    for gradient, reference in zip(network.gradients, numerical, strict=True):
        assert relative_error(gradient, reference) < 1e-7
        assert relative_error(1.01 * gradient, reference) > 1e-3
    for values, old in zip(network.parameters, before, strict=True):
        assert np.array_equal(values, old)
    assert relative_error(np.zeros(3), np.zeros(3)) == 0


def test_a_loss_is_the_mean_over_the_samples():
    loss = losses.SoftmaxCrossEntropy()
    z = RANDOM.normal(size=(5, 3))
    once = loss.forward(z, CLASSES)
    assert loss.forward(np.vstack([z, z]), np.tile(CLASSES, 2)) == pytest.approx(once)
