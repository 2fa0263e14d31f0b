"""Weights sharded over two processes: the same model, and exact resume."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from phytotron.files import read_json

KILLED = -9
NOTHING: dict = {}
# Two epochs of ten steps.
TWO = ("trainer.devices=2", "data.batch_size=8")
FSDP = (*TWO, "trainer.strategy=fsdp")
DDP = (*TWO, "trainer.strategy=ddp")
EMA = "callbacks.ema={_target_:phytotron.training.ema.EMA,decay:0.9}"
# What several processes do together: the average of the weights, the best ones.
RICH = (
    *FSDP,
    EMA,
    "callbacks.best_weights={_target_:phytotron.training.callbacks.BestWeights,"
    "monitor:val_loss,mode:min}",
)
# Nothing that is drawn at random, and steps that are no larger for being rounded differently.
COMPARABLE = (
    "model.dropout=0",
    "optimizer._target_=torch.optim.SGD",
    "~optimizer.weight_decay",
    "optimizer.fused=false",
    "optimizer.lr=0.5",
    "trainer.gradient_clip_val=0.1",
)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def assert_close(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert torch.allclose(value, other[name], rtol=0, atol=1e-6), name


on_each_device = pytest.mark.parametrize(
    "accelerator",
    [
        "cpu",
        pytest.param(
            "gpu",
            marks=pytest.mark.skipif(
                torch.cuda.device_count() < 2, reason="there are no two CUDA devices here"
            ),
        ),
    ],
)


@on_each_device
@pytest.mark.parametrize(
    ("model", "strategy"),
    [
        ("transformer", "fsdp"),
        pytest.param("textcnn", "fsdp", marks=pytest.mark.slow),
        pytest.param("transformer", "ddp", marks=pytest.mark.slow),
    ],
)
def test_two_processes_train_as_one_with_twice_the_batch(
    training, model: str, strategy: str, accelerator: str
) -> None:
    """Same samples in each step, gradients averaged and clipped: equal up to rounding.

    What is compared is the running average of the weights, which follows every one of them.
    """
    small = (*COMPARABLE, EMA, f"model={model}", f"trainer.accelerator={accelerator}")
    one = training(*small, "data.batch_size=16")
    assert one.run() == 0, one.log
    two = training(*small, *TWO, f"trainer.strategy={strategy}")
    assert two.run_two(NOTHING, NOTHING) == [0, 0], two.log
    assert_close(weights(one.out), weights(two.out))
    facts = [read_json(folder / "training.json") for folder in (one.out, two.out)]
    assert facts[0].pop("key") != facts[1].pop("key")
    assert facts[0] == facts[1]
    assert two.log.count("epoch 1 ") == 1  # the second process is silent


@pytest.fixture(scope="module")
def undisturbed_two(training):
    """`undisturbed_two(*overrides)`: the digests of such a training that nothing disturbed."""
    known: dict[tuple[str, ...], dict[str, str]] = {}

    def digests(*overrides: str) -> dict[str, str]:
        if overrides not in known:
            whole = training(*overrides)
            assert whole.run_two(NOTHING, NOTHING) == [0, 0], whole.log
            known[overrides] = whole.digests()
        return known[overrides]

    return digests


@on_each_device
@pytest.mark.parametrize(
    ("precision", "kind", "killed"),
    [
        ("32-true", "step", (0, 1)),
        pytest.param("32-true", "step", (1,), marks=pytest.mark.slow),
        pytest.param("32-true", "validation", (0,), marks=pytest.mark.slow),
        pytest.param("bf16-mixed", "step", (0, 1), marks=pytest.mark.slow),
        pytest.param("bf16-true", "step", (0, 1), marks=pytest.mark.slow),
    ],
)
def test_killed(
    training,
    undisturbed_two,
    precision: str,
    kind: str,
    killed: tuple[int, ...],
    accelerator: str,
) -> None:
    rich = (*RICH, f"trainer.precision={precision}", f"trainer.accelerator={accelerator}")
    disturbed = training(*rich)
    fault = {"kind": kind, "count": 11 if kind == "step" else 1}
    statuses = disturbed.run_two(*(fault if rank in killed else NOTHING for rank in (0, 1)))
    assert 0 not in statuses
    assert disturbed.run_two(NOTHING, NOTHING) == [0, 0], disturbed.log
    assert "continuing from step" in disturbed.log
    assert disturbed.digests() == undisturbed_two(*rich)


def test_one_process_starts_from_the_shards(training) -> None:
    """With a learning rate of zero, what is saved is what was loaded."""
    loaded = []
    for kind in (FSDP, DDP):
        killed = training(*COMPARABLE, *kind)
        fault = {"kind": "step", "count": 11}
        killed.run_two(fault, fault)
        newest = killed.checkpoints[-1]
        assert (newest / "state.ckpt").is_dir() == (kind is FSDP)
        alone = training(
            *COMPARABLE,
            "optimizer.lr=0",
            "checkpoint.mode=warmstart",
            f"checkpoint.source={newest}",
        )
        assert alone.run() == 0, alone.log
        loaded.append(weights(alone.out))
    assert_close(*loaded)


@pytest.mark.slow
def test_another_number_of_processes_is_refused(training) -> None:
    killed = training(*FSDP)
    fault = {"kind": "step", "count": 11}
    killed.run_two(fault, fault)
    assert killed.run_nodes(NOTHING) == [2]
    assert "was written by 2 processes, and here are 1" in killed.log
    assert f"checkpoint.source={killed.checkpoints[-1]}" in killed.log


@pytest.mark.slow
def test_a_full_disk_stops_no_training(training, undisturbed_two) -> None:
    full = training(*RICH)
    fault = {"kind": "step", "count": 11}
    full.run_two(fault, fault)
    before = [path.name for path in full.checkpoints]
    small = {"kind": "disk", "bytes": 20_000}
    assert 0 not in full.run_two(small, small)  # the model cannot be written
    assert "checkpoint not saved, training continues" in full.log
    assert [path.name for path in full.checkpoints] == before
    assert full.run_two(NOTHING, NOTHING) == [0, 0], full.log
    assert full.digests() == undisturbed_two(*RICH)
