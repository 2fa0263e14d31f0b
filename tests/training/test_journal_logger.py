"""What a training tells its journal, at either pace of the loop."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from phytotron.tracking.journal import FILE, Journal, read
from phytotron.training.epoch_loop import EpochLoop
from phytotron.training.journal_logger import JournalLogger, Throughput, batch_size

SAMPLES, BATCH = 24, 4


class Line(pl.LightningModule):
    """A line through points, which logs once a validation."""

    def __init__(self) -> None:
        super().__init__()
        self.network = nn.Linear(1, 1)

    def training_step(self, batch, index):
        (inputs,) = batch
        loss = (self.network(inputs) - 2 * inputs).square().mean()
        self.log("noise", loss, on_step=True, on_epoch=False)
        return loss

    def validation_step(self, batch, index):
        self.log("val_loss", self.training_step_loss(batch))

    def training_step_loss(self, batch):
        (inputs,) = batch
        return (self.network(inputs) - 2 * inputs).square().mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)


@pytest.fixture
def train(silent):
    """`train(journal, several)`: two epochs; gives the trainer."""

    def trained(journal: Journal | None, several: bool = False, **options) -> pl.Trainer:
        torch.manual_seed(0)
        data = TensorDataset(torch.linspace(-1, 1, SAMPLES).unsqueeze(1))
        trainer = pl.Trainer(
            **{"max_epochs": 2, "accelerator": "cpu", "log_every_n_steps": 3} | options,
            callbacks=[Throughput()],
            logger=JournalLogger(journal),
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
        )
        loop = trainer.fit_loop.epoch_loop = EpochLoop(trainer, seed=0, recorder=silent)
        loop.steps_per_execution.enabled = several
        trainer.fit(Line(), DataLoader(data, BATCH), DataLoader(data, BATCH))
        return trainer

    return trained


def by_name(path: Path) -> dict[str, dict[int, float]]:
    found: dict[str, dict[int, float]] = {}
    for record, _ in read(path):
        for name, value in record["values"].items():
            assert record["step"] not in found.get(name, {})
            found.setdefault(name, {})[record["step"]] = value
    return found


@pytest.mark.parametrize("several", [False, True])
def test_it_journals_losses_rates_and_times_by_the_updates_so_far(
    train, several, tmp_path: Path
) -> None:
    train(Journal(tmp_path / FILE), several)
    metrics = by_name(tmp_path / FILE)
    updates = [3, 6, 9, 12]
    for name in ("train_loss_step", "learning_rate", "samples_per_second", "noise"):
        assert list(metrics[name]) == updates
    assert list(metrics["val_loss"]) == [6, 12]  # after the epoch's last update, not before it
    assert metrics["noise"] == pytest.approx(metrics["train_loss_step"])
    assert set(metrics["learning_rate"].values()) == {0.01}
    for step in updates:
        seconds, waited = metrics["step_seconds"][step], metrics["data_seconds"][step]
        assert 0 < waited < seconds
        assert metrics["samples_per_second"][step] == pytest.approx(BATCH / seconds)


def test_with_accumulated_gradients_it_counts_updates(train, tmp_path: Path) -> None:
    train(Journal(tmp_path / FILE), accumulate_grad_batches=2, max_epochs=3)
    metrics = by_name(tmp_path / FILE)
    assert list(metrics["train_loss_step"]) == [3, 6, 9]
    assert list(metrics["val_loss"]) == [3, 6, 9]
    step = metrics["step_seconds"][6]
    assert metrics["samples_per_second"][6] == pytest.approx(BATCH / step)


def test_what_is_repeated_is_not_journalled_twice(train, tmp_path: Path) -> None:
    train(Journal(tmp_path / FILE))
    before = (tmp_path / FILE).read_bytes()
    train(Journal(tmp_path / FILE))
    assert (tmp_path / FILE).read_bytes() == before


def test_without_a_journal_nothing_is_written(train, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    train(None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("batch", "size"),
    [
        (torch.zeros(3, 2), 3),
        ((torch.zeros(4), torch.zeros(1)), 4),
        ({"tokens": [torch.zeros(5, 1)], "other": 1}, 5),
        ([], 0),
        ("text", 0),
        (torch.tensor(1.0), 1),
    ],
)
def test_the_size_of_a_batch_is_that_of_its_first_tensor(batch, size) -> None:
    assert batch_size(batch) == size
