"""Learning-rate schedules: the rate of every step."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from phytotron.config.components import component_names, resolve
from phytotron.config.instantiate import instantiate
from phytotron.errors import UserError
from phytotron.tasks.schedules import BoldDriver, growing_batch, warmup_cosine, warmup_linear

pytestmark = pytest.mark.catalogue("D60", "D61", "D62", "D63", "D64", "D65")

ROOT = Path(__file__).parents[2]


@pytest.fixture
def rates(monkeypatch):
    """`rates(name, steps, peak=1, **settings)`: the rate of every step, and of the one after."""
    monkeypatch.chdir(ROOT)

    def found(name: str, steps: int, peak: float = 1.0, **settings) -> list[float]:
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=peak)
        node = resolve("scheduler", name) | {"total_steps": steps} | settings
        return trace(optimizer, instantiate(node, optimizer), steps)

    return found


def trace(optimizer, scheduler, steps: int) -> list[float]:
    result = []
    for _ in range(steps + 1):
        result.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return result


def follow(name: str, values: list[float], peak: float = 1.0, **settings) -> list[float]:
    """The rates after each value of what the schedule looks at."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=peak)
    scheduler = instantiate(resolve("scheduler", name) | settings, optimizer)
    result = []
    for value in values:
        scheduler.step(value)
        result.append(optimizer.param_groups[0]["lr"])
    return result


# --- warm-up -----------------------------------------------------------------------------------


def test_up_to_the_peak_and_down_to_nothing(rates):
    assert rates("warmup_linear", 10, warmup=0.2) == pytest.approx(
        [1 / 3, 2 / 3, 1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8, 0]
    )


def test_without_warmup_it_starts_at_the_peak(rates):
    assert rates("warmup_linear", 4, warmup=0.0) == pytest.approx([1, 0.75, 0.5, 0.25, 0])


def test_down_to_a_tenth(rates):
    assert rates("warmup_linear", 4, warmup=0.0, floor=0.1) == pytest.approx(
        [1, 0.775, 0.55, 0.325, 0.1]
    )


def test_down_as_half_a_cosine_to_a_tenth(rates):
    half = math.sqrt(0.5)
    fall = [0.1 + 0.9 * (1 + cosine) / 2 for cosine in (1, half, 0, -half, -1)]
    assert rates("warmup_cosine", 6, warmup=1 / 3) == pytest.approx([1 / 3, 2 / 3, *fall])


def test_the_shares_of_large_language_models(rates):
    """A warm-up of half a percent, and a tenth of the peak at the end."""
    found = rates("warmup_cosine", 1000, peak=3e-4)
    assert found.index(max(found)) == 5
    assert max(found) == pytest.approx(3e-4)
    assert found[-1] == pytest.approx(3e-5)


@pytest.mark.parametrize("name", ["warmup_linear", "warmup_cosine"])
@pytest.mark.parametrize("total_steps", [1, 2, 9, 10, 11])
def test_the_shortest_runs_have_a_schedule_too(rates, name, total_steps):
    values = rates(name, total_steps, warmup=0.1, floor=0.0)
    assert all(0 < value <= 1 for value in values[:-1])
    assert values[-1] == pytest.approx(0)


@given(
    steps=st.integers(1, 60),
    warmup=st.floats(0, 0.99),
    floor=st.floats(0, 1),
    schedule=st.sampled_from([warmup_linear, warmup_cosine]),
)
def test_up_and_then_down_and_never_below_the_floor_again(steps, warmup, floor, schedule):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    values = trace(optimizer, schedule(optimizer, steps, warmup, floor), steps + 3)
    top = values.index(max(values))
    assert values[:top] == sorted(values[:top])
    assert values[top:] == sorted(values[top:], reverse=True)
    assert min(values[top:]) >= floor - 1e-12


# --- by epochs ---------------------------------------------------------------------------------


def test_inverse_time(rates):
    found = rates("inverse_time", 8, peak=0.2, epochs=4)
    assert found[:8:2] == pytest.approx([0.1, 0.2 / 3, 0.05, 0.04])
    assert found[1:8:2] == found[:8:2]  # the same for all steps of an epoch


def test_exponential(rates):
    found = rates("exponential", 6, peak=0.2, epochs=3)
    assert found[:6:2] == pytest.approx([0.2, 0.2 * 0.95, 0.2 * 0.95**2])
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.2)
    torchs = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.95)
    assert rates("exponential", 5, peak=0.2, epochs=5) == pytest.approx(trace(optimizer, torchs, 5))


def test_inverse_square_root_of_the_epoch_or_the_step(rates):
    assert rates("inverse_sqrt", 8, epochs=4)[:8:2] == pytest.approx(
        [1, 1 / math.sqrt(2), 1 / math.sqrt(3), 1 / 2]
    )
    assert rates("inverse_sqrt", 4, epochs=2, per="step") == pytest.approx(
        [1, 1 / math.sqrt(2), 1 / math.sqrt(3), 1 / 2, 1 / math.sqrt(5)]
    )


def test_constant_then_linear(rates):
    found = rates("constant_then_linear", 14, epochs=14)
    assert found[:11] == [1] * 11  # epoch 10 has (14 - 10) / (14 - 10)
    assert found[11:] == pytest.approx([3 / 4, 2 / 4, 1 / 4, 0])
    assert rates("constant_then_linear", 3, epochs=3) == [1] * 4  # too short to fall


def test_names_in_an_experiment_get_its_epochs(monkeypatch):
    from phytotron.config.compose import compose_experiment

    monkeypatch.chdir(ROOT)
    overrides = ["scheduler=inverse_time", "trainer.max_epochs=7"]
    composed = compose_experiment("router/textcnn", overrides).config
    assert composed.scheduler.epochs == 7


# --- by what is measured -----------------------------------------------------------------------


def test_reduce_on_plateau(monkeypatch):
    monkeypatch.chdir(ROOT)
    values = [1.0, 0.9, 0.9, 0.95, 0.92, 0.91, 0.8, 0.8, 0.8, 0.8, 0.8]
    found = follow("reduce_on_plateau", values)
    # The fourth value that is no better than 0.9, then the fourth that is no better than 0.8.
    assert found == pytest.approx([1] * 5 + [0.1] * 5 + [0.01])


def test_bold_driver(monkeypatch):
    monkeypatch.chdir(ROOT)
    found = follow("bold_driver", [1.0, 0.9, 1.1, 1.0, 1.0, math.nan], peak=0.1)
    up, down = 1.05, 0.5
    expected, rate = [], 0.1
    for factor in (up, up, down, up, down, down):
        rate *= factor
        expected.append(rate)
    assert found == pytest.approx(expected)


def test_the_lowest_rate_is_kept(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert follow("bold_driver", [1.0] * 9, min_lr=0.2)[-1] == 0.2


def test_a_bold_driver_continues_from_its_state():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    first = BoldDriver(optimizer, monitor="val_loss", up=1.1, down=0.5)
    first.step(0.5)
    second = BoldDriver(optimizer, monitor="val_loss", up=1.1, down=0.5)
    second.load_state_dict(first.state_dict())
    second.step(0.6)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(1.1 * 0.5)


# --- the growing batch -------------------------------------------------------------------------


def test_a_batch_grows_a_hundredfold():
    """From 32K to 3.2M tokens in three epochs, in batches of 8K tokens."""
    assert growing_batch(32_000, 3_200_000, 8_000, 3) == {0: 4, 1: 40, 2: 400}
    assert growing_batch(32, 32, 32, 5) == {0: 1}
    assert growing_batch(32, 64, 32, 1) == {0: 1}


@given(st.integers(1, 64), st.integers(1, 20), st.floats(1, 50), st.integers(1, 30))
def test_a_growing_batch_never_shrinks(batch_size, start, growth, epochs):
    first = batch_size * start
    schedule = growing_batch(first, int(first * growth), batch_size, epochs)
    assert list(schedule.values()) == sorted(set(schedule.values()))
    assert schedule[0] == start


# --- mistakes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("warmup_linear", "warmup", 1.0),
        ("warmup_cosine", "floor", -0.1),
        ("inverse_time", "rate", -1.0),
        ("exponential", "base", 0.0),
        ("inverse_sqrt", "per", "batch"),
        ("constant_then_linear", "constant_epochs", -1),
        ("bold_driver", "up", 0.9),
        ("bold_driver", "down", 1.0),
    ],
)
def test_a_wrong_setting_is_answered_with_what_is_allowed(monkeypatch, name, key, value):
    monkeypatch.chdir(ROOT)
    node = resolve("scheduler", name)
    node |= {name: 10 for name in ("total_steps", "epochs") if name in node}
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    with pytest.raises(UserError, match=rf"scheduler\.{key}"):
        instantiate(node | {key: value}, optimizer)


@pytest.mark.parametrize(("initial_size", "final_size"), [(16, 64), (64, 32)])
def test_a_batch_that_would_shrink_is_refused(initial_size, final_size):
    with pytest.raises(UserError, match="or more"):
        growing_batch(initial_size, final_size, 32, 4)


def test_every_schedule_is_tested(monkeypatch):
    monkeypatch.chdir(ROOT)
    text = Path(__file__).read_text()
    assert not [name for name in component_names("scheduler") if f'"{name}"' not in text]
