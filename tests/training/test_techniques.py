"""What callbacks, trainer and schedule do to a training: stop, clip, accumulate, slow down."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from torch import nn

from phytotron.config.components import resolve
from phytotron.config.experiments import load_yaml
from phytotron.config.instantiate import instantiate
from phytotron.data.arrays import ArrayDataModule
from phytotron.tasks.supervised import Supervised
from phytotron.training.epoch_loop import EpochLoop
from phytotron.training.trainer import build_trainer

ROOT = Path(__file__).parents[2]
SGD = {"_target_": "torch.optim.SGD", "lr": 1.0}


class Planted(Supervised):
    """Its validation loss is what the test wants it to be."""

    planted: list[float]

    def validation_step(self, batch, index):
        pass

    def validation_metrics(self):
        return {"val_loss": torch.tensor(self.planted[self.current_epoch])}


class Notes(Callback):
    """The learning rate with which each epoch begins; its weights and all steps when it ends."""

    def __init__(self) -> None:
        self.weights: list[torch.Tensor] = []
        self.rates: list[float] = []
        self.steps: list[int] = []

    def on_train_epoch_start(self, trainer, pl_module):
        self.rates.append(trainer.optimizers[0].param_groups[0]["lr"])

    def on_train_epoch_end(self, trainer, pl_module):
        self.weights.append(pl_module.network.weight.detach().clone())
        self.steps.append(trainer.global_step)


@pytest.fixture
def train(tmp_path, silent, monkeypatch):
    """`train(planted=..., ...)`: one linear unit on a few samples; gives trainer and notes."""
    monkeypatch.chdir(ROOT)

    def trained(
        *,
        planted: list[float],
        callbacks: tuple[Callback, ...] = (),
        scheduler: dict | None = None,
        batches: int = 1,
        optimizer: dict = SGD,
        **keys,
    ) -> tuple[pl.Trainer, Notes]:
        network = nn.Linear(2, 1, bias=False)
        nn.init.zeros_(network.weight)
        task = Planted(
            network,
            optimizer=optimizer,
            scheduler=scheduler,
            loss=lambda outputs, targets: -outputs.mean(),
            metrics={},
        )
        task.planted = planted
        samples = torch.tensor([[3.0, 4.0]]).repeat(batches + 1, 1)
        data = (samples, torch.zeros(batches + 1, 1))
        module = ArrayDataModule(data, batch_size=1, seed=0, validation=1)
        node = load_yaml(ROOT / "conf/trainer/default.yaml") | {"max_epochs": len(planted)} | keys
        notes = Notes()
        trainer = build_trainer(node, [notes, *callbacks], tmp_path)
        trainer.fit_loop.epoch_loop = EpochLoop(trainer, 0, silent)
        trainer.fit(task, module)
        return trainer, notes

    return trained


@pytest.mark.catalogue("D42")
def test_it_stops_at_the_planted_epoch_with_the_best_weights(train):
    group = load_yaml(ROOT / "conf/callbacks/default.yaml")
    best, stopping = (
        instantiate(group[name] | {"monitor": "val_loss", "mode": "min"})
        for name in ("best_weights", "early_stopping")
    )
    # The third is the best; the three after it are no better, which is one more than it bears.
    losses = [1.0, 0.8, 0.6, 0.7, 0.6, 0.61, 0.1, 0.1]
    trainer, notes = train(planted=losses, callbacks=(best, stopping))
    assert len(notes.weights) == 6
    assert trainer.should_stop
    assert (best.best_epoch, best.best_value) == (2, pytest.approx(0.6))
    assert torch.equal(best.weights["weight"], notes.weights[2])
    assert not torch.equal(notes.weights[2], notes.weights[5])


@pytest.mark.catalogue("D58")
@pytest.mark.parametrize(("algorithm", "step"), [("norm", [0.6, 0.8]), ("value", [1.0, 1.0])])
def test_gradients_are_clipped_by_norm_or_by_value(train, algorithm, step):
    """The gradient is (3, 4) at every weight, and the limit 1."""
    _, notes = train(planted=[0.0], gradient_clip_val=1.0, gradient_clip_algorithm=algorithm)
    torch.testing.assert_close(notes.weights[0], torch.tensor([step]))
    _, notes = train(planted=[0.0], gradient_clip_val=10.0, gradient_clip_algorithm=algorithm)
    assert notes.weights[0].tolist() == [[3, 4]]  # short enough
    _, notes = train(planted=[0.0])
    assert notes.weights[0].tolist() == [[3, 4]]  # not clipped


def test_a_batch_that_grows_takes_fewer_steps(train):
    growing = instantiate(
        {
            "_target_": "pytorch_lightning.callbacks.GradientAccumulationScheduler",
            "scheduling": {
                "_target_": "phytotron.tasks.schedules.growing_batch",
                "initial_size": 1,
                "final_size": 4,
                "batch_size": 1,
                "epochs": 3,
            },
        }
    )
    _, notes = train(planted=[0.0] * 3, callbacks=(growing,), batches=40)
    assert notes.steps == [40, 40 + 20, 40 + 20 + 10]
    # Each sample has counted the same: an update takes the mean of its batches.
    torch.testing.assert_close(notes.weights[-1], torch.tensor([[3.0, 4.0]]) * 70)


@pytest.mark.parametrize(
    ("name", "changes", "rates"),
    [
        ("reduce_on_plateau", {"patience": 1}, [1, 1, 1, 1, 0.1]),
        ("bold_driver", {"up": 1.5}, [1, 1.5, 2.25, 1.125, 0.5625]),
    ],
)
def test_the_rate_follows_the_validation(train, name, changes, rates):
    scheduler = resolve("scheduler", name) | changes
    _, notes = train(planted=[1.0, 0.9, 0.95, 0.95, 0.94], scheduler=scheduler)
    assert notes.rates == pytest.approx(rates)


def test_a_schedule_by_epochs_changes_with_them(train):
    scheduler = resolve("scheduler", "inverse_time") | {"epochs": 4}
    _, notes = train(planted=[0.0] * 4, scheduler=scheduler, batches=30)
    assert notes.rates == pytest.approx([1 / 2, 1 / 3, 1 / 4, 1 / 5])


def test_adam_then_sgd_trains(train):
    optimizer = resolve("optimizer", "adam_then_sgd") | {"switch_step": 20}
    _, notes = train(planted=[0.0] * 2, batches=20, optimizer=optimizer)
    # Adam takes the same step for both weights, whatever their gradients; SGD does not.
    first, second = notes.weights
    torch.testing.assert_close(first, torch.full((1, 2), 20 * 1e-3))
    moved = (second - first).flatten()
    assert float(moved[1] / moved[0]) == pytest.approx(4 / 3, rel=1e-4)
