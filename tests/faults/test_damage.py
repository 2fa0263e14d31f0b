"""Checkpoints that were damaged, disks that fill up, clocks that jump."""

from __future__ import annotations

from pathlib import Path

import pytest

KILLED = -9


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 16
    path.write_bytes(content)


# One damage of each file; the other nine take longer than `make test` can afford.
QUICK = [("state.ckpt", truncate), ("manifest.json", empty), ("process-0.pt", flip_a_bit)]


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        pytest.param(name, damage, marks=[] if (name, damage) in QUICK else pytest.mark.slow)
        for name in ("state.ckpt", "manifest.json", "process-0.pt")
        for damage in (truncate, empty, flip_a_bit, Path.unlink)
    ],
)
def test_the_checkpoint_before_the_damaged_one_is_used(
    training, undisturbed, name: str, damage
) -> None:
    killed = training()
    assert killed.run(kind="step", count=14) == KILLED
    good, bad = killed.checkpoints
    damage(bad / name)
    assert killed.run() == 0
    assert f"{bad}: {name}" in killed.log
    assert f"({good})" in killed.log
    assert killed.digests() == undisturbed()


def test_without_a_whole_checkpoint_it_begins_anew(training, undisturbed) -> None:
    killed = training()
    assert killed.run(kind="step", count=14) == KILLED
    for checkpoint in killed.checkpoints:
        truncate(checkpoint / "state.ckpt")
    assert killed.run() == 0
    assert "continuing" not in killed.log
    assert killed.digests() == undisturbed()


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [8, 64])
def test_a_full_disk_stops_no_training_and_harms_no_checkpoint(
    training, undisturbed, kilobytes: int
) -> None:
    """The limit is one of the process, which the kernel enforces in the middle of a write."""
    killed = training()
    assert killed.run(kind="step", count=14) == KILLED
    before = [path.name for path in killed.checkpoints]
    assert killed.run(kind="disk", bytes=kilobytes * 1024) != 0  # the model cannot be written
    assert "checkpoint not saved, training continues: [Errno 27] File too large" in killed.log
    assert [path.name for path in killed.checkpoints] == before
    assert not killed.out.exists()
    assert killed.run() == 0, killed.log
    assert killed.digests() == undisturbed()


def test_where_only_the_model_fits_training_ends_well(training, undisturbed) -> None:
    crowded = training()
    assert crowded.run(kind="disk", bytes=200 * 1024) == 0, crowded.log
    assert "checkpoint not saved" in crowded.log
    assert crowded.digests() == undisturbed()


def test_a_clock_that_jumps_changes_nothing(training, undisturbed) -> None:
    jumping = training("checkpoint.every_n_steps=null")
    assert jumping.run(kind="clock") == 0, jumping.log
    assert jumping.digests() == undisturbed("checkpoint.every_n_steps=null")
