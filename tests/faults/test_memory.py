"""Memory that is not enough ends with what was tried and what to lower."""

from __future__ import annotations

import pytest
import torch

GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")


@pytest.mark.parametrize(
    "overrides",
    [(), pytest.param(("trainer.precision=bf16-mixed",), marks=pytest.mark.slow)],
)
def test_the_machine_s_memory(training, overrides: tuple[str, ...]) -> None:
    """The limit is one of the process, which the kernel enforces in an allocation."""
    large = training("model.channels=2048", "model.filters=2048", "data.batch_size=64", *overrides)
    assert large.run(kind="memory", bytes=500_000_000) == 2, large.log
    precision = "bf16-mixed" if overrides else "32-true"
    assert "out of memory with data.batch_size=64" in large.log
    assert f"trainer.precision={precision}" in large.log
    assert "parameters, " in large.log
    assert "MB used of the machine's" in large.log
    for key in ("data.batch_size", "trainer.accumulate_grad_batches", "trainer.precision"):
        assert key in large.log.split("lower ", 1)[1]
    assert "Traceback" not in large.log


def test_a_model_that_does_not_fit(training) -> None:
    huge = training("model.channels=1000000")
    assert huge.run(kind="memory", bytes=500_000_000) == 2, huge.log
    assert "out of memory with data.batch_size=8" in huge.log
    assert "bytes more asked for" in huge.log


@GPU
def test_the_gpu_s_memory(training) -> None:
    large = training("trainer.accelerator=gpu", "model.channels=65536", "model.filters=65536")
    assert large.run() == 2, large.log
    assert "out of GPU memory with data.batch_size=8" in large.log
    assert "MB used of the GPU's" in large.log
