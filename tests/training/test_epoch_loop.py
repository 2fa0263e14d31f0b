"""Several steps at once give what one at a time gives, and nobody misses what was promised."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pytorch_lightning.callbacks import Callback
from torch import nn

from phytotron.data.arrays import ArrayDataModule
from phytotron.tasks.supervised import Supervised
from phytotron.training import steps_per_execution
from phytotron.training.checkpointing import Checkpointing
from phytotron.training.epoch_loop import EpochLoop, place_loaders
from phytotron.training.reproducibility import make_deterministic
from phytotron.training.steps_per_execution import supports_steps_per_execution
from phytotron.training.trainer import build_trainer

TRAINER = {
    "accelerator": "cpu",
    "devices": 1,
    "precision": "32-true",
    "max_epochs": 2,
    "log_every_n_steps": 5,
    "threads": 1,
}
WARMUP = {
    "_target_": "phytotron.tasks.schedules.warmup_linear",
    "total_steps": None,
    "warmup": 0.1,
}


class Told(Callback):
    """Notes after which updates it heard of the end of a batch."""

    supports_steps_per_execution = True

    def __init__(self):
        self.steps = []

    def on_train_batch_end(self, trainer, *_):
        self.steps.append(trainer.global_step)


class Halving(ArrayDataModule):
    def on_after_batch_transfer(self, batch, dataloader_idx):
        return batch._replace(inputs=batch.inputs / 2)


class LogsEachStep(Supervised):
    def training_step(self, batch, index):
        loss = super().training_step(batch, index)
        self.log("step_loss", loss, on_step=True, on_epoch=True)
        return loss


def data(kind=ArrayDataModule):
    random = np.random.default_rng(0)
    inputs = random.normal(size=(110, 6)).astype(np.float32)
    targets = (inputs[:, 0] > 0).astype(np.int64)
    samples = (inputs, targets)
    return kind(samples, samples, batch_size=4, validation=10, seed=0)


@pytest.fixture
def fit(tmp_path):
    """`fit(several, ...)`: a network after two epochs of 25 steps, its trainer and `Told`."""

    def fitted(several, *, kind=ArrayDataModule, task=Supervised, scheduler=None, **trainer_keys):
        make_deterministic(0, threads=1)
        network = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 2))
        module = data(kind)
        trained = task(
            network,
            optimizer={"_target_": "torch.optim.Adam", "lr": 0.01, "fused": True},
            scheduler=scheduler,
            loss=nn.CrossEntropyLoss(),
            metrics={},
        )
        told = Told()
        checkpointing = Checkpointing(
            tmp_path / f"checkpoints-{several}", every_n_steps=7, every_n_seconds=60, keep=2
        )
        trainer = build_trainer(TRAINER | trainer_keys, [told, checkpointing], tmp_path)
        trainer.fit_loop.epoch_loop = loop = EpochLoop(trainer, 0, checkpointing)
        loop.steps_per_execution.enabled = several
        trainer.fit(trained, module)
        return trained, trainer, told

    return fitted


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"scheduler": WARMUP},
        {"gradient_clip_val": 0.1},
        {"precision": "bf16-mixed"},
        {"kind": Halving},
        {"task": LogsEachStep},
    ],
    ids=["plain", "schedule", "clipping", "bf16", "batch-hook", "log"],
)
def test_the_weights_and_values_are_those_of_one_step_at_a_time(fit, options):
    one, ordinary, told = fit(False, **options)
    assert told.steps == list(range(1, 51))
    several, trainer, told = fit(True, **options)
    assert trainer.fit_loop.epoch_loop.steps_per_execution.enabled
    assert len(told.steps) < 25
    for name, weights in one.network.state_dict().items():
        assert torch.equal(weights, several.network.state_dict()[name]), name
    assert ordinary.global_step == trainer.global_step == 50
    assert ordinary.callback_metrics.keys() == trainer.callback_metrics.keys()
    for name, value in ordinary.callback_metrics.items():
        assert torch.equal(value, trainer.callback_metrics[name]), name


def test_callbacks_hear_of_every_step_that_logs_saves_or_ends_an_epoch(fit):
    _, _, told = fit(True)
    logged, saved, ended = range(5, 51, 5), range(7, 51, 7), (25, 50)
    assert set(told.steps) == {*logged, *saved, *ended}


def test_the_loop_looks_up_when_its_time_together_is_over(fit, monkeypatch):
    monkeypatch.setattr(steps_per_execution, "SMALL_STEP_SECONDS", float("inf"))
    monkeypatch.setattr(steps_per_execution, "_LONGEST_EXECUTION_SECONDS", 0)
    _, trainer, told = fit(None)  # None: chosen by the time that the first steps take
    assert trainer.fit_loop.epoch_loop.steps_per_execution.enabled
    assert told.steps == list(range(1, 51))


class Watching(Callback):
    def on_train_batch_end(self, *_):
        pass


@pytest.mark.parametrize(
    ("callback", "expected"),
    [(Told(), True), (Watching(), False)],
    ids=["first-and-last", "every-batch"],
)
def test_a_callback_that_needs_every_batch_gets_every_batch(fit, callback, expected):
    _, trainer, _ = fit(False)
    trainer.callbacks.append(callback)
    assert supports_steps_per_execution(trainer) is expected


def test_a_loader_that_cannot_start_in_the_middle_is_named():
    with pytest.raises(TypeError, match="list nor its sampler"):
        place_loaders([[1, 2, 3]], epoch=0, batch=1)
    place_loaders([[1, 2, 3]], epoch=1, batch=0)
