"""Which failures are a lack of memory; tests/faults has the ones of a whole training."""

from __future__ import annotations

import pytest
import torch

from phytotron.errors import UserError
from phytotron.training.trainer import explaining_failures

CONFIG = {"data": {"batch_size": 7}, "trainer": {"precision": "32-true"}}


def test_an_allocation_that_no_machine_can_serve():
    network = torch.nn.Linear(3, 4)
    with pytest.raises(UserError) as error, explaining_failures(CONFIG, network):
        torch.empty(2**50, dtype=torch.float32)
    assert (
        "out of memory with data.batch_size=7, trainer.precision=32-true, 16 parameters, "
        in str(error.value)
    )
    assert f"{2**52} bytes more asked for" in str(error.value)


def test_another_failure_keeps_its_traceback():
    with pytest.raises(RuntimeError, match="cannot be multiplied"), explaining_failures(CONFIG):
        torch.ones(2, 3) @ torch.ones(2, 3)
