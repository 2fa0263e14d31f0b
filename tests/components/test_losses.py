"""Each loss is its textbook formula, with its gradient."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from phytotron.config.components import component_names
from phytotron.nn import divergences
from phytotron.nn.losses import Elementwise

pytestmark = [
    pytest.mark.usefixtures("exact"),
    pytest.mark.catalogue("D23", "D24", "D25", "D26", "D27", "D28", "D29", "D30", "D31"),
]

Y = [[0.3, -1.2, 2.0], [0.0, 0.5, -3.0]]
T = [[0.0, -1.0, -1.0], [1.0, 0.5, 0.25]]
P = [[0.3, 0.9, 0.5], [0.01, 0.6, 0.99]]
BINARY = [[0.0, 1.0, 1.0], [0.0, 1.0, 0.0]]


def mean(function, outputs, targets):
    pairs = [
        (o, t)
        for row, wanted in zip(outputs, targets, strict=True)
        for o, t in zip(row, wanted, strict=True)
    ]
    return sum(function(o, t) for o, t in pairs) / len(pairs)


def binary(p: float, t: float) -> float:
    return -t * math.log(p) - (1 - t) * math.log(1 - p)


def huber(o: float, t: float) -> float:
    error = abs(o - t)
    return error**2 / 2 if error <= 1 else error - 0.5


ELEMENTWISE = {
    "mse": (Y, T, lambda o, t: (o - t) ** 2),
    "half_mse": (Y, T, lambda o, t: (o - t) ** 2 / 2),
    "mae": (Y, T, lambda o, t: abs(o - t)),
    "huber": (Y, T, huber),
    "bce": (P, BINARY, binary),
    "bce_with_logits": (Y, BINARY, lambda z, t: binary(1 / (1 + math.exp(-z)), t)),
    "hinge": (Y, BINARY, lambda o, t: max(0, 1 - o * (1 if t else -1))),
    # The sum of a sample, so three times the mean.
    "squared_error": (Y, T, lambda o, t: 3 * (o - t) ** 2),
}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_the_mean_over_all_elements(make, name):
    outputs, targets, function = ELEMENTWISE[name]
    got = make("loss", name)(torch.tensor(outputs), torch.tensor(targets))
    assert float(got) == pytest.approx(mean(function, outputs, targets), rel=1e-12)


def test_every_loss_is_tested(at_the_root):
    others = {"categorical_cross_entropy", "categorical_cross_entropy_of_probabilities"}
    others |= {"cross_entropy", "multi_margin", "kl_divergence"}
    elsewhere = {"logit_adjusted"}
    assert ELEMENTWISE.keys() | others | elsewhere <= set(component_names("loss"))


@pytest.mark.parametrize(
    ("reduction", "factor"), [("mean", 1 / 6), ("sum", 1), ("batch_mean", 1 / 2)]
)
def test_the_reduction_is_a_setting(make, reduction, factor):
    outputs, targets = torch.tensor(Y), torch.tensor(T)
    total = (outputs - targets).square().sum()
    loss = make("loss", "mse", reduction=reduction)
    assert_close(loss(outputs, targets), factor * total)


def test_a_factor_such_as_that_of_a_cycle_loss(make):
    assert_close(
        make("loss", "mae", weight=10.0)(torch.ones(4), torch.zeros(4)), torch.tensor(10.0)
    )


def test_shapes_that_would_broadcast_are_refused(make):
    for name in ("mse", "mae", "huber", "bce_with_logits"):
        with pytest.raises(ValueError, match=r"\(5,\) and targets the shape \(5, 1\)"):
            make("loss", name)(torch.rand(5), torch.rand(5, 1))


def test_wrong_settings_are_answered_with_the_right_ones():
    with pytest.raises(ValueError, match="mean, sum, batch_mean"):
        Elementwise("mse_loss", reduction="average")
    with pytest.raises(ValueError, match="no 'mse'"):
        Elementwise("mse")


def test_the_gradient_of_half_the_squares_is_the_error(make):
    outputs = torch.tensor(Y, requires_grad=True)
    make("loss", "half_mse", reduction="sum")(outputs, torch.tensor(T)).backward()
    assert_close(outputs.grad, outputs.detach() - torch.tensor(T))


def test_huber_bounds_the_pull_of_an_outlier(make):
    outputs = torch.tensor([0.0, 0.4, 1000.0], requires_grad=True)
    make("loss", "huber", reduction="sum")(outputs, torch.zeros(3)).backward()
    assert outputs.grad.tolist() == [0, 0.4, 1]
    squares = torch.tensor([0.0, 0.4, 1000.0], requires_grad=True)
    make("loss", "mse", reduction="sum")(squares, torch.zeros(3)).backward()
    assert squares.grad[2] == 2000


def test_categorical_cross_entropy_of_the_worked_examples(make):
    of = make("loss", "categorical_cross_entropy_of_probabilities")
    got = of(torch.tensor([[0.5, 0.02, 0.3]]), torch.tensor([[1.0, 0, 1]]))
    assert float(got) == pytest.approx(1.8971199848858813, rel=1e-15)
    got = of(torch.tensor([[0.3, 0.2, 0.1, 0.4]]), torch.tensor([[0.0, 1, 0, 0]]))
    assert float(got) == pytest.approx(1.6094, abs=5e-5)
    assert float(of(torch.tensor([[1.0, 0]]), torch.tensor([[1.0, 0]]))) == 0


def test_all_forms_of_the_cross_entropy_agree(make):
    logits = torch.tensor(Y)
    classes = torch.tensor([2, 0])
    one_hot = F.one_hot(classes, 3).double()
    expected = torch.stack(
        [torch.logsumexp(row, 0) - row[label] for row, label in zip(logits, classes, strict=True)]
    )
    for name, outputs, targets in (
        ("cross_entropy", logits, classes),
        ("categorical_cross_entropy", logits, one_hot),
        ("categorical_cross_entropy_of_probabilities", logits.softmax(-1), one_hot),
    ):
        assert_close(make("loss", name)(outputs, targets), expected.mean())
        assert_close(make("loss", name, reduction="sum")(outputs, targets) / 2, expected.mean())


def test_the_gradient_of_the_cross_entropy_is_softmax_minus_target(make):
    logits, targets = (
        torch.tensor(Y, requires_grad=True),
        torch.tensor([[0.2, 0.5, 0.3], [1, 0, 0]]),
    )
    make("loss", "categorical_cross_entropy", reduction="sum")(logits, targets).backward()
    assert_close(logits.grad, logits.detach().softmax(-1) - targets)


def test_two_classes_are_the_binary_cross_entropy_of_their_difference(make):
    logits, classes = torch.tensor([[0.3, -1.0], [2.0, 2.5]]), torch.tensor([0, 1])
    difference = logits[:, 1] - logits[:, 0]
    binary_loss = make("loss", "bce_with_logits")(difference, classes.double())
    assert_close(make("loss", "cross_entropy")(logits, classes), binary_loss)


def test_a_target_that_is_ignored_does_not_count(make):
    logits = torch.tensor(Y)
    loss = make("loss", "cross_entropy", ignore_index=0)
    assert_close(loss(logits, torch.tensor([2, 0])), loss(logits[:1], torch.tensor([2])))


def test_huge_logits_are_stable(make):
    z = torch.tensor([800.0, -800.0])
    assert make("loss", "bce_with_logits")(z, torch.tensor([1.0, 0.0])).item() == 0
    assert make("loss", "bce_with_logits")(z, torch.tensor([0.0, 1.0])).item() == 800


def test_hinge_reads_minus_one_as_the_negative_class(make):
    outputs = torch.tensor([0.5, -2.0])
    for targets in ([1.0, -1.0], [1.0, 0.0]):
        assert make("loss", "hinge")(outputs, torch.tensor(targets)).item() == 0.25
    assert make("loss", "hinge", power=2)(outputs, torch.tensor([1.0, 0.0])).item() == 0.125


def test_multi_margin_is_its_formula(make):
    got = make("loss", "multi_margin")(torch.tensor([[0.3, -1.2, 2.0]]), torch.tensor([0]))
    assert float(got) == pytest.approx((0 + max(0, 1 - 0.3 + 2.0)) / 3)


probability = st.floats(0.001, 0.999)


@given(probability, probability)
def test_divergences_are_never_negative_and_nought_where_equal(p, q):
    p, q = torch.tensor(p), torch.tensor(q)
    assert divergences.bernoulli(p, q) >= -1e-15
    assert divergences.bernoulli(p, p) == 0


def test_the_bernoulli_divergence_from_a_fifth(make):
    rho = torch.linspace(0.01, 0.99, 99)
    values = divergences.bernoulli(torch.tensor(0.2), rho)
    assert rho[values.argmin()] == pytest.approx(0.2)
    assert float(values.min()) == pytest.approx(0, abs=1e-15)
    assert divergences.bernoulli(torch.tensor(0.2), torch.tensor(0.5)) != divergences.bernoulli(
        torch.tensor(0.5), torch.tensor(0.2)
    )


def test_divergences_are_those_of_torch():
    d = torch.distributions
    p, q = torch.tensor([0.2, 0.5, 0.3]), torch.tensor([0.6, 0.3, 0.1])
    assert_close(divergences.discrete(p, q), d.kl_divergence(d.Categorical(p), d.Categorical(q)))
    assert_close(divergences.bernoulli(p, q), d.kl_divergence(d.Bernoulli(p), d.Bernoulli(q)))
    first, second = (torch.tensor(1.0), torch.tensor(0.5)), (torch.tensor(-0.3), torch.tensor(2.0))
    expected = d.kl_divergence(d.Normal(*first), d.Normal(*second))
    assert_close(divergences.gaussian(*first, *second), expected)
    points = torch.linspace(-12, 12, 20001)
    densities = (d.Normal(*pair).log_prob(points).exp() for pair in (first, second))
    assert_close(divergences.continuous(*densities, points), expected, rtol=1e-6, atol=0)


def test_the_divergence_of_a_vae_from_its_prior():
    mean_, std = torch.tensor([0.0, 1.0]), torch.tensor([1.0, 0.5])
    got = divergences.from_standard_gaussian(mean_, (std**2).log())
    assert_close(got, -std.log() + (std**2 + mean_**2) / 2 - 0.5)
    assert got[0] == 0


def test_the_divergence_as_a_loss(make):
    logits, targets = torch.tensor(Y), torch.tensor([[0.2, 0.5, 0.3], [1, 0, 0]])
    expected = divergences.discrete(targets, logits.softmax(-1)).mean()
    assert_close(make("loss", "kl_divergence")(logits, targets), expected)
