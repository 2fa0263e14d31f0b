"""The first steps of each optimizer against its formula in `phytotron.scratch.update_rules`."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from phytotron.config.components import component_names
from phytotron.scratch.moving_average import moving_average
from phytotron.scratch.update_rules import RULES, adam

pytestmark = [
    pytest.mark.usefixtures("exact"),
    pytest.mark.catalogue(
        "D45", "D46", "D47", "D48", "D49", "D50", "D51", "D52", "D53", "D54", "D55", "D56", "D59"
    ),
]

# Two weights over five steps; signs change, and one gradient is 0.
GRADIENTS = [(0.5, -2.0), (0.4, 1.0), (-0.3, 0.5), (0.0, 0.25), (0.2, 0.3)]
START = (1.0, -1.0)


def steps(optimizer_of, gradients=GRADIENTS) -> list[tuple[float, ...]]:
    """The weights after each step."""
    weight = torch.nn.Parameter(torch.tensor(START))
    optimizer = optimizer_of([weight])
    found = []
    for gradient in gradients:
        weight.grad = torch.tensor(gradient)
        optimizer.step()
        found.append(tuple(weight.tolist()))
    return found


def textbook(update, gradients=GRADIENTS) -> list[tuple[float, ...]]:
    """The same by `update(weight, gradient, state, t)`, one weight at a time, t from 1."""
    columns = []
    for index, weight in enumerate(START):
        state: dict[str, float] = {}
        column = []
        for t, gradient in enumerate(gradients, 1):
            weight = update(weight, gradient[index], state, t)
            column.append(weight)
        columns.append(column)
    return list(zip(*columns, strict=True))


def assert_same(got, expected):
    for mine, theirs in zip(got, expected, strict=True):
        assert mine == pytest.approx(theirs, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("name", RULES)
def test_the_first_steps(make, name):
    got = steps(lambda weights: make("optimizer", name, weights))
    assert_same(got, textbook(RULES[name]))


def test_every_optimizer_is_tested(at_the_root):
    assert RULES.keys() | {"adam_then_sgd"} == set(component_names("optimizer"))


def test_both_signs_of_momentum_are_one_and_the_averaging_form_is_a_smaller_rate(make):
    def averaging(w, g, s, t):
        # PyTorch's first velocity is the whole gradient.
        s["v"] = g if t == 1 else 0.9 * s["v"] + 0.1 * g
        return w - 0.01 * s["v"]

    got = steps(lambda weights: make("optimizer", "momentum", weights, dampening=0.9))
    assert_same(got, textbook(averaging))


def test_momentum_with_l2_takes_the_penalty_into_the_gradient(make):
    def decayed(w, g, s, t):
        s["v"] = 0.9 * s.get("v", 0) + g + 0.3 * w
        return w - 0.01 * s["v"]

    got = steps(lambda weights: make("optimizer", "momentum", weights, weight_decay=0.3))
    assert_same(got, textbook(decayed))


def test_nesterov_is_the_gradient_at_the_place_that_is_looked_ahead_to(make):
    """PyTorch keeps the looked-ahead point as the weight; the weight before it does the same."""
    weight = torch.nn.Parameter(torch.tensor([3.0]))
    optimizer = make("optimizer", "nesterov", [weight], lr=0.1)
    theta, velocity = 3.0, 0.0
    for _ in range(5):
        optimizer.zero_grad()
        (weight**2).sum().backward()
        optimizer.step()
        ahead = theta + 0.9 * velocity
        velocity = 0.9 * velocity - 0.1 * 2 * ahead
        theta += velocity
        assert weight.item() == pytest.approx(theta + 0.9 * velocity, rel=1e-12)


def test_rprop_is_misled_by_small_batches(make):
    """Nine gradients of 0.2 and one of -1.8 cancel out: SGD stays, Rprop runs off."""
    gradients = [(0.2, 0.0)] * 9 + [(-1.8, 0.0)]
    stays = steps(lambda weights: make("optimizer", "sgd", weights), gradients)
    runs = steps(lambda weights: make("optimizer", "rprop", weights), gradients)
    assert stays[-1][0] == pytest.approx(1.0, abs=1e-12)
    assert runs[-1][0] < 0.985


def test_rprop_keeps_its_step_between_the_limits(make):
    def largest(weights):
        return make("optimizer", "rprop", weights, step_sizes=[1e-6, 2e-3])

    path = [START, *steps(largest, [(1.0, 1.0)] * 10)]
    sizes = [before[0] - after[0] for before, after in pairwise(path)]
    assert sizes[-1] == pytest.approx(2e-3)
    assert max(sizes) <= 2e-3 + 1e-15


def test_gradient_ascent_by_phases(make):
    """As of an RBM: the gradient is written by hand, from a batch of 4."""
    weight = torch.nn.Parameter(torch.zeros(2, 3))
    positive, negative = torch.rand(2, 2, 3)
    weight.grad = (positive - negative) / 4
    make("optimizer", "gradient_ascent", [weight]).step()
    torch.testing.assert_close(weight.detach(), 0.01 / 4 * (positive - negative))


def test_adam_takes_the_first_steps_and_sgd_the_others(make):
    def both(w, g, s, t):
        if t <= 2:
            return adam(w, g, s, t)
        s["velocity"] = 0.9 * s.get("velocity", 0) + g
        return w - 1e-3 * 10 * s["velocity"]

    got = steps(lambda weights: make("optimizer", "adam_then_sgd", weights, switch_step=2))
    assert_same(got, textbook(both))


def test_the_averages_of_adam_are_dropped_when_sgd_continues(make):
    weight = torch.nn.Parameter(torch.tensor(START))
    optimizer = make("optimizer", "adam_then_sgd", [weight], switch_step=1)
    kept = []
    for gradient in GRADIENTS[:2]:
        weight.grad = torch.tensor(gradient)
        optimizer.step()
        kept.append(set(optimizer.state[weight]))
    assert kept == [{"step", "exp_avg", "exp_avg_sq"}, {"momentum_buffer"}]


@pytest.mark.parametrize("saved_after", [1, 2, 3])
def test_adam_then_sgd_continues_from_its_state(make, saved_after):
    def optimizer_of(weights):
        return make("optimizer", "adam_then_sgd", weights, switch_step=2)

    expected = steps(optimizer_of)
    weight = torch.nn.Parameter(torch.tensor(START))
    optimizer = optimizer_of([weight])
    for number, gradient in enumerate(GRADIENTS):
        if number == saved_after:
            state = optimizer.state_dict()
            optimizer = optimizer_of([weight])
            optimizer.load_state_dict(state)
        weight.grad = torch.tensor(gradient)
        optimizer.step()
    assert tuple(weight.tolist()) == expected[-1]


def test_a_schedule_changes_both_rates_of_adam_then_sgd(make):
    weight = torch.nn.Parameter(torch.tensor([1.0]))
    optimizer = make("optimizer", "adam_then_sgd", [weight], switch_step=0)
    torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.5)
    weight.grad = torch.tensor([2.0])
    optimizer.step()
    assert weight.item() == pytest.approx(1 - 0.5 * 1e-3 * 10 * 2)


def test_who_follows_the_steps_hears_of_each_once(make):
    """As the running average of the weights does."""
    weight, heard = torch.nn.Parameter(torch.tensor([1.0])), []
    torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))])  # Adam is in use elsewhere, too
    optimizer = make("optimizer", "adam_then_sgd", [weight], switch_step=2)
    optimizer.register_step_post_hook(lambda *_: heard.append(weight.item()))
    for _ in range(4):
        weight.grad = torch.tensor([1.0])
        optimizer.step()
    assert len(heard) == 4


# --- the moving average ------------------------------------------------------------------------


def test_the_average_after_two_steps():
    theta = torch.tensor([40.0, 49.0])
    second = moving_average(theta, 0.98)[1]
    weight = 1 - 0.98**2
    assert weight == pytest.approx(0.0396)
    assert float(second) == pytest.approx(0.0196 * 40 + 0.02 * 49)
    corrected = moving_average(theta, 0.98, corrected=True)
    assert float(corrected[0]) == pytest.approx(40)
    assert float(corrected[1]) == pytest.approx((0.0196 * 40 + 0.02 * 49) / 0.0396)


def test_the_average_after_a_hundred_steps_is_a_weighted_sum():
    theta = torch.linspace(60, 40, 100)
    powers = 0.9 ** torch.arange(99, -1, -1)
    assert float(moving_average(theta, 0.9)[-1]) == pytest.approx(
        float(0.1 * (powers * theta).sum())
    )


def test_the_first_gradient_of_adam():
    assert float(moving_average(torch.tensor([5.0]), 0.9)[0]) == pytest.approx(0.5)
    assert float(moving_average(torch.tensor([5.0]), 0.9, corrected=True)[0]) == pytest.approx(5)


@pytest.mark.parametrize(("beta", "days"), [(0.9, 10), (0.98, 50), (0.5, 2)])
def test_how_long_an_average_remembers(beta, days):
    assert 1 / (1 - beta) == pytest.approx(days)
    assert beta**days == pytest.approx(1 / math.e, abs=0.12)  # (1 - e)^(1/e) tends to 1/e


@given(
    st.lists(st.floats(-100, 100), min_size=1, max_size=20),
    st.floats(0, 0.99),
)
def test_a_corrected_average_stays_among_its_values(values, beta):
    averages = moving_average(torch.tensor(values, dtype=torch.float64), beta, corrected=True)
    assert float(averages.min()) >= min(values) - 1e-9
    assert float(averages.max()) <= max(values) + 1e-9
    assert float(averages[0]) == pytest.approx(values[0])


def test_a_wrong_beta_is_refused():
    with pytest.raises(ValueError, match="from 0 to below 1"):
        moving_average(torch.zeros(3), 1.0)
