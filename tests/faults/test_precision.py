"""Whatever the arithmetic, a training that was killed goes on exactly."""

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
        # Nearly all paragraphs have so many tokens: few sizes are to be compiled.
        pytest.param(("trainer.compile=default", "data.max_tokens=10"), marks=pytest.mark.slow),
    ],
    ids=lambda kind: "+".join(kind).replace("trainer.", "")[:40],
)
def test_killed(training, undisturbed, kind: tuple[str, ...], accelerator: str) -> None:
    kind = (*kind, f"trainer.accelerator={accelerator}")
    killed = training(*kind)
    assert killed.run(kind="step", count=17) == KILLED
    assert killed.run() == 0, killed.log
    assert "going on from step" in killed.log
    assert killed.digests() == undisturbed(*kind)


@on_each_device
def test_the_scaler_of_the_gradients_goes_on_where_it_was(training, accelerator: str) -> None:
    kind = ("trainer.precision=16-mixed", f"trainer.accelerator={accelerator}")
    once, twice = training(*kind), training(*kind)
    assert once.run(kind="step", count=31) == KILLED
    assert twice.run(kind="step", count=17) == KILLED  # it goes on from step 15
    assert twice.run(kind="step", count=16) == KILLED
    states = []
    for each in (once, twice):
        newest = each.checkpoints[-1]
        assert read_json(newest / "manifest.json")["step"] == 30
        states.append(torch.load(newest / "state.ckpt", weights_only=True)["AutocastPrecision"])
    assert states[0] == states[1]
    assert states[0]["_growth_tracker"] > 15  # counts the steps since the scale was changed


@on_each_device
def test_the_measured_choice_is_kept_and_written_down(training, undisturbed, accelerator) -> None:
    """Ten steps are taken to measure each of two precisions; then training begins."""
    kind = (
        "trainer.precision=auto",
        "card.precisions=[32-true,bf16-mixed]",
        f"trainer.accelerator={accelerator}",
    )
    killed = training(*kind)
    assert killed.run(kind="step", count=20 + 17) == KILLED
    (choice,) = killed.folder.glob("scratch/*/precision.json")
    chosen = read_json(choice)["precision"]
    assert f"precision {chosen} (a step: 32-true " in killed.log
    assert killed.run(kind="step", count=1) == KILLED  # not measured again: its first step kills
    assert "going on from step 15 " in killed.log
    assert killed.run() == 0, killed.log
    assert read_json(killed.out / "training.json")["precision"] == chosen
    # It began with untouched weights and random numbers: the model is the one of that precision.
    named = (f"trainer.precision={chosen}", f"trainer.accelerator={accelerator}")
    weights = "model.safetensors"
    assert killed.digests()[weights] == undisturbed(*named)[weights]


def test_two_processes_use_the_same_choice(training) -> None:
    """The first one measures, the second one waits for it."""
    together = training(
        "trainer.precision=auto",
        "card.precisions=[bf16-mixed,32-true]",
        "trainer.devices=2",
        "data.batch_size=4",
    )
    assert together.run_two({}, {}) == [0, 0], together.log
    assert together.log.count("(a step: ") == 1
    assert read_json(together.out / "training.json")["precision"] in ("bf16-mixed", "32-true")
