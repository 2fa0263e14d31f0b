"""Killed at any moment and started again, training ends with the very same bytes."""

from __future__ import annotations

import random

import pytest

KILLED = -9
STEPS = 40  # of the whole training, see conftest.py

# What a training may be made of; each has to continue exactly.
KINDS = {
    "plain": (),
    "accumulation": ("trainer.accumulate_grad_batches=3",),
    "workers": ("data.workers=2",),
    "early stopping": ("callbacks.early_stopping.patience=1", "trainer.max_epochs=4"),
    "best weights": (
        "callbacks.best_weights={_target_:phytotron.training.callbacks.BestWeights,"
        "monitor:val_loss,mode:min}",
    ),
    "no checkpoint by steps": ("checkpoint.every_n_steps=null",),
}


def moments(count: int, seed: str) -> list[int]:
    """Steps after which to be killed: different for each seed, the same on every run."""
    return sorted(random.Random(seed).sample(range(1, STEPS), count))


@pytest.mark.parametrize("step", [1, 19, 20, 21, 39, 40, *moments(6, "plain")])
def test_after_a_step(training, undisturbed, step: int) -> None:
    killed = training()
    assert killed.run(kind="step", count=step) == KILLED
    assert killed.run() == 0, killed.log
    assert killed.digests() == undisturbed()


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "plain"])
def test_whatever_the_training_is_made_of(training, undisturbed, kind: str) -> None:
    for step in moments(2, kind):
        killed = training(*KINDS[kind])
        killed.run(kind="step", count=step)
        assert killed.run() == 0, killed.log
        assert killed.digests() == undisturbed(*KINDS[kind])


@pytest.mark.parametrize("count", [1, 3])
def test_during_validation(training, undisturbed, count: int) -> None:
    killed = training()
    assert killed.run(kind="validation", count=count) == KILLED
    assert killed.run() == 0, killed.log
    assert "continuing from step" in killed.log
    assert killed.digests() == undisturbed()


def test_during_a_validation_right_after_a_checkpoint(training, undisturbed) -> None:
    """The 20 steps of an epoch are saved, and the validation that follows is still to come."""
    at_the_end = "checkpoint.every_n_steps=5"
    killed = training(at_the_end)
    assert killed.run(kind="validation", count=1) == KILLED
    assert killed.run() == 0, killed.log
    assert "continuing from step 20 " in killed.log
    assert killed.digests() == undisturbed(at_the_end)


@pytest.mark.slow
def test_again_and_again(training, undisturbed) -> None:
    killed = training()
    for count in (5, 4, 7, 6, 4, 9):
        assert killed.run(kind="step", count=count) == KILLED
    assert killed.run() == 0, killed.log
    assert killed.digests() == undisturbed()


@pytest.mark.slow
def test_before_every_operation_on_a_file(training, undisturbed) -> None:
    """Killed before its first file operation, then before its second one, and so on."""
    killed, count = training("trainer.max_epochs=1"), 0
    while (status := killed.run(kind="file", count=(count := count + 1))) == KILLED:
        pass
    assert status == 0, killed.log
    assert count > 20  # there are that many
    assert killed.digests() == undisturbed("trainer.max_epochs=1")


@pytest.mark.slow
def test_the_files_of_one_checkpoint(training, undisturbed) -> None:
    """As above, but from the beginning each time, around the third checkpoint."""
    for count in range(31, 61):
        killed = training("trainer.max_epochs=1")
        assert killed.run(kind="file", count=count) == KILLED
        assert killed.run() == 0, killed.log
        assert killed.digests() == undisturbed("trainer.max_epochs=1")


def test_nothing_is_left_when_it_has_ended(training) -> None:
    ended = training()
    ended.run(kind="step", count=10)
    assert ended.checkpoints
    assert ended.run() == 0
    assert not list((ended.folder / "scratch").iterdir())


def test_fresh_starts_from_the_beginning(training, undisturbed) -> None:
    killed = training("checkpoint.mode=fresh")
    killed.run(kind="step", count=30)
    assert killed.run() == 0
    assert "continuing" not in killed.log
    model = killed.digests()
    model.pop("config.yaml")  # which says `fresh`
    assert model.items() <= undisturbed().items()
