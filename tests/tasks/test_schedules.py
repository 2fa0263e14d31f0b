"""Learning-rate schedules."""

import pytest
import torch

from phytotron.errors import UserError
from phytotron.tasks.schedules import warmup_linear


def rates(total_steps: int, warmup: float) -> list[float]:
    """The learning rate of every step of a run with peak 1."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = warmup_linear(optimizer, total_steps, warmup)
    result = []
    for _ in range(total_steps + 1):
        result.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return result


def test_up_to_the_peak_and_down_to_nothing():
    assert rates(10, 0.2) == pytest.approx(
        [1 / 3, 2 / 3, 1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8, 0]
    )


def test_without_warmup_it_starts_at_the_peak():
    assert rates(4, 0) == pytest.approx([1, 0.75, 0.5, 0.25, 0])


@pytest.mark.parametrize("total_steps", [1, 2, 9, 10, 11])
def test_the_shortest_runs_have_a_schedule_too(total_steps):
    values = rates(total_steps, 0.1)
    assert all(0 < value <= 1 for value in values[:-1])
    assert values[-1] == 0


def test_a_warmup_that_never_ends_is_refused():
    with pytest.raises(UserError, match=r"scheduler\.warmup"):
        rates(10, 1.0)
