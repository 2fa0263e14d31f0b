"""The autograd equals PyTorch's."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch.nn import functional as F

from phytotron.scratch.activations import ReLU, Tanh
from phytotron.scratch.backpropagation import three_times
from phytotron.scratch.gradient_check import numerical_gradients, relative_error
from phytotron.scratch.graph import Tensor, apply, mermaid
from phytotron.scratch.layers import Dense

RANDOM = np.random.default_rng(0)


def theirs(array):
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


def agree(tensor, reference):
    """Value and gradient of both."""
    assert tensor.data.shape == tensor.grad.shape == tuple(reference.shape)
    np.testing.assert_allclose(tensor.data, reference.detach().numpy(), rtol=1e-10, atol=1e-12)
    gradient = torch.zeros_like(reference) if reference.grad is None else reference.grad
    np.testing.assert_allclose(tensor.grad, gradient.numpy(), rtol=1e-10, atol=1e-10)


def test_three_times_a_plus_b_times_c():
    a, b, c = Tensor(5), Tensor(3), Tensor(2)
    j = three_times(a, b, c)
    j.backward()
    assert j.data == 33
    assert (a.grad, b.grad, c.grad) == (3, 3 * 2, 3 * 3)


def test_two_inputs_five_operations_and_sums_where_paths_meet():
    """The value is that of the nested function; x reaches the output by three paths."""
    x, y = RANDOM.normal(size=(2, 4))
    a, b = Tensor(x), Tensor(y)
    left, right = a.exp(), a * b
    out = (left + right + left).tanh()
    assert len(out.ancestors()) == 2 + 5
    out.backward()
    expected = np.tanh(2 * np.exp(x) + x * y)
    np.testing.assert_allclose(out.data, expected, rtol=1e-14)
    np.testing.assert_allclose(a.grad, (1 - expected**2) * (2 * np.exp(x) + y), rtol=1e-12)
    np.testing.assert_allclose(b.grad, (1 - expected**2) * x, rtol=1e-12)


def test_parents_come_before_children():
    a = Tensor(2.0)
    b = a * a
    c = b + a
    assert c.ancestors() == [a, b, c]


def test_a_deep_graph_needs_no_recursion():
    x = Tensor(1.0)
    y = x
    for _ in range(5000):
        y = y + x
    y.backward()
    assert x.grad == 5001


def test_backward_begins_anew_each_time():
    x = Tensor([1.0, 2.0])
    y = x * x
    y.backward()
    y.backward()
    assert x.grad.tolist() == [2, 4]
    (x * 3).backward()
    assert x.grad.tolist() == [3, 3]


# All operations, on random expressions of random shapes

UNARY = {
    "negative": lambda x: -x,
    "tanh": lambda x: x.tanh(),
    "exp": lambda x: (x * 0.3).exp(),
    "log": lambda x: (x * x + 0.5).log(),
    "relu": lambda x: x.relu(),
    "square": lambda x: x**2,
    "reciprocal": lambda x: 1.5 / (x * x + 1),
    "root": lambda x: (x * x + 1) ** 0.5,
    "minus from": lambda x: 2 - x,
    "sum": lambda x: x.sum(),
    "mean": lambda x: x.mean(),
    "centred": lambda x: (x - x.mean(0, True)) ** 2,
    "row sums": lambda x: x * x.sum(-1, True),
}
BINARY = {
    "plus": lambda x, y: x + y,
    "minus": lambda x, y: x - y,
    "times": lambda x, y: x * y,
    "divided": lambda x, y: x / (y * y + 1),
    "product": lambda x, y: x @ y,
}
SHAPES = [(), (1,), (3,), (1, 3), (3, 1), (3, 3), (2, 3, 3)]
AXES = {"centred": 1, "row sums": 1, "product": 2}  # that an operation needs at least


@given(st.data())
def test_random_expressions(data):
    shapes = data.draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=3))
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    arrays = [random.normal(size=shape) for shape in shapes]
    ours, reference = [Tensor(a) for a in arrays], [theirs(a) for a in arrays]
    for _ in range(data.draw(st.integers(1, 8))):
        known = st.integers(0, len(ours) - 1)
        name = data.draw(st.sampled_from([*UNARY, *BINARY]))
        operands = data.draw(st.lists(known, min_size=2, max_size=2))[: 1 + (name in BINARY)]
        assume(all(ours[number].data.ndim >= AXES.get(name, 0) for number in operands))
        operation = UNARY.get(name) or BINARY[name]
        try:
            made = operation(*(ours[number] for number in operands))
        except ValueError:  # the shapes do not match
            with pytest.raises(RuntimeError):
                operation(*(reference[number] for number in operands))
            continue
        ours.append(made)
        reference.append(operation(*(reference[number] for number in operands)))
    assume(np.abs(ours[-1].data).max() < 1e6)
    for tensor in reference:
        tensor.retain_grad()
    ours[-1].backward()
    reference[-1].sum().backward()
    of_output = set(ours[-1].ancestors())
    for tensor, expected in zip(ours, reference, strict=True):
        if tensor in of_output:
            agree(tensor, expected)


@pytest.mark.parametrize("name", UNARY)
def test_each_operation_against_differences(name):
    x = RANDOM.normal(size=(3, 4))
    tensor = Tensor(x)
    UNARY[name](tensor).backward()
    (numerical,) = numerical_gradients(lambda: float(UNARY[name](Tensor(x)).data.sum()), [x])
    assert relative_error(tensor.grad, numerical) < 1e-7


@pytest.mark.parametrize(
    "operation",
    [
        lambda x, a: a + x,
        lambda x, a: a - x,
        lambda x, a: a * x,
        lambda x, a: a / x,
        lambda x, a: a @ x,
    ],
)
def test_an_array_may_stand_on_the_left(operation):
    x, a = 1 + RANDOM.random((3, 3)), RANDOM.normal(size=(3, 3))
    tensor, reference = Tensor(x), theirs(x)
    ours, expected = operation(tensor, a), operation(reference, torch.tensor(a))
    ours.backward()
    expected.sum().backward()
    np.testing.assert_allclose(ours.data, expected.detach().numpy(), rtol=1e-12)
    agree(tensor, reference)


def test_the_derivative_of_relu_at_its_kink_is_0():
    x = Tensor([-1.0, 0.0, 2.0])
    x.relu().backward()
    assert x.grad.tolist() == [0, 0, 1]


@pytest.mark.parametrize("shapes", [((3,), (3, 2)), ((2, 3), (3,))])
def test_matrix_products_of_vectors_are_refused(shapes):
    a, b = (Tensor(np.ones(shape)) for shape in shapes)
    with pytest.raises(ValueError, match=r"@ takes matrices, got shapes \("):
        a @ b


# Layers as operations


def test_layers_with_their_own_pass_back_are_operations_of_the_graph():
    """Two branches of layers that meet in recorded operations."""
    x, d = RANDOM.normal(size=(5, 4)), RANDOM.normal(size=(5, 3))
    left, right = Dense(4, 3, RANDOM, scale=1.0), Dense(4, 3, RANDOM, scale=1.0)
    inputs = Tensor(x)
    out = apply(ReLU(), apply(left, inputs)) * apply(Tanh(), apply(right, inputs)) + inputs.sum()
    (out * d).sum().backward()

    reference = theirs(x)
    parameters = [theirs(layer.weights) for layer in (left, right)]
    hidden = [reference @ weights for weights in parameters]
    expected = torch.relu(hidden[0]) * torch.tanh(hidden[1]) + reference.sum()
    (expected * torch.tensor(d)).sum().backward()
    agree(inputs, reference)
    for layer, weights in zip((left, right), parameters, strict=True):
        np.testing.assert_allclose(layer.d_weights, weights.grad.numpy(), atol=1e-12)


def test_a_dense_layer_equals_the_recorded_one():
    x, layer = RANDOM.normal(size=(5, 4)), Dense(4, 3, RANDOM, scale=1.0)
    apply(layer, Tensor(x)).tanh().sum().backward()
    weights, biases = Tensor(layer.weights), Tensor(layer.biases)
    (Tensor(x) @ weights + biases).tanh().sum().backward()
    np.testing.assert_allclose(layer.d_weights, weights.grad, atol=1e-14)
    np.testing.assert_allclose(layer.d_biases, biases.grad, atol=1e-14)


# Drawing


def test_the_drawing_has_each_value_with_its_gradient_and_each_link_once():
    a, b, c = Tensor(2, "a"), Tensor(-3, "b"), Tensor(10, "c")
    out = a * b + c
    out.backward()
    lines = mermaid(out).splitlines()
    assert lines[0] == "flowchart LR"
    labels = dict(line.strip().rstrip('"]').split('["') for line in lines if "[" in line)
    number = {label.split()[0]: key for key, label in labels.items()}
    assert set(labels.values()) == {
        "a 2, grad -3",
        "b -3, grad 2",
        "c 10, grad 1",
        "× -6, grad 1",
        "+ 4, grad 1",
    }
    links = {tuple(line.split(" --> ")) for line in map(str.strip, lines) if "-->" in line}
    drawn = [("a", "×"), ("b", "×"), ("×", "+"), ("c", "+")]
    assert links == {(number[parent], number[child]) for parent, child in drawn}


def test_the_drawing_shows_the_shape_of_an_array():
    assert '"x shape (2, 3)"' in mermaid(Tensor(np.zeros((2, 3)), "x").sum())


def test_softmax_and_cross_entropy_from_operations():
    z = RANDOM.normal(size=(5, 3))
    y = np.eye(3)[[0, 2, 1, 2, 0]]
    scores, reference = Tensor(z), theirs(z)
    log_sums = scores.exp().sum(1, True).log()
    loss = -((scores - log_sums) * y).sum() / 5
    loss.backward()
    expected = F.cross_entropy(reference, torch.tensor(y))
    expected.backward()
    assert loss.data == pytest.approx(expected.item())
    agree(scores, reference)
