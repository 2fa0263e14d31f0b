"""Whatever the arithmetic, a training that was killed continues exactly."""

from __future__ import annotations

import pytest
import torch

from phytotron.files import read_json

KILLED = -9
EMA = "callbacks.ema={_target_:phytotron.training.ema.EMA,decay:0.9}"
GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")

on_each_device = pytest.mark.parametrize("accelerator", ["cpu", pytest.param("gpu", marks=GPU)])


@on_each_device
@pytest.mark.parametrize(
    "kind",
    [
        ("trainer.precision=16-mixed", "trainer.accumulate_grad_batches=2"),
        ("trainer.precision=bf16-mixed", EMA),
        pytest.param(("trainer.precision=bf16-true",), marks=pytest.mark.slow),
        # Nearly all paragraphs have 10 tokens or more: few shapes to compile.
        pytest.param(("trainer.compile=default", "data.max_tokens=10"), marks=pytest.mark.slow),
    ],
    ids=lambda kind: "+".join(kind).replace("trainer.", "")[:40],
)
def test_killed(training, undisturbed, kind: tuple[str, ...], accelerator: str) -> None:
    kind = (*kind, f"trainer.accelerator={accelerator}")
    killed = training(*kind)
    assert killed.run(kind="step", count=17) == KILLED
    assert killed.run() == 0, killed.log
    assert "continuing from step" in killed.log
    assert killed.digests() == undisturbed(*kind)


@pytest.mark.slow
@on_each_device
def test_the_gradient_scaler_continues_from_its_state(training, accelerator: str) -> None:
    kind = ("trainer.precision=16-mixed", f"trainer.accelerator={accelerator}")
    once, twice = training(*kind), training(*kind)
    assert once.run(kind="step", count=31) == KILLED
    assert twice.run(kind="step", count=17) == KILLED  # it continues from step 15
    assert twice.run(kind="step", count=16) == KILLED
    states = []
    for each in (once, twice):
        newest = each.checkpoints[-1]
        assert read_json(newest / "manifest.json")["step"] == 30
        states.append(torch.load(newest / "state.ckpt", weights_only=True)["AutocastPrecision"])
    assert states[0] == states[1]
    assert states[0]["_growth_tracker"] > 15  # counts the steps since the scale was changed
