"""Supervised training: losses, metrics and optimizer, with any network."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from sklearn.metrics import f1_score
from torch import nn
from torch.utils.data import DataLoader
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from phytotron.nn.logit_adjustment import LogitAdjustedCrossEntropy
from phytotron.tasks.supervised import Supervised

CLASSES = 4
OPTIMIZER = {"_target_": "torch.optim.SGD", "lr": 0.1}
SCHEDULER = {
    "_target_": "phytotron.tasks.schedules.warmup_linear",
    "total_steps": None,
    "warmup": 0.0,
}


def loader(samples: int, batch_size: int, seed: int = 0) -> DataLoader:
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(samples, 5, generator=generator)
    # a rare class, and one that never occurs
    targets = torch.randint(0, 10, (samples,), generator=generator).clamp(max=2)
    return DataLoader(list(zip(inputs, targets, strict=True)), batch_size)


@pytest.fixture
def task():
    torch.manual_seed(0)
    return Supervised(
        nn.Linear(5, CLASSES),
        optimizer=OPTIMIZER,
        scheduler=SCHEDULER,
        loss=LogitAdjustedCrossEntropy([10, 10, 80, 0], 0.5),
        metrics={
            "accuracy": partial(MulticlassAccuracy, CLASSES, average="micro"),
            "macro_f1": partial(MulticlassF1Score, CLASSES, average="macro"),
        },
    )


@pytest.fixture
def trainer(tmp_path):
    return pl.Trainer(
        max_epochs=2,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        default_root_dir=tmp_path,
    )


def test_the_metrics_are_over_the_whole_split_and_not_means_of_batches(task, trainer):
    validation = loader(101, 8, seed=1)
    trainer.fit(task, loader(40, 8), validation)
    inputs = torch.stack([x for x, _ in validation.dataset])
    targets = torch.stack([y for _, y in validation.dataset])
    with torch.no_grad():
        logits = task.network(inputs)
    predicted = logits.argmax(dim=1)
    expected = {
        "val_loss": nn.functional.cross_entropy(logits, targets).item(),
        "val_accuracy": (predicted == targets).double().mean().item(),
        "val_macro_f1": f1_score(targets, predicted, average="macro", zero_division=0),
    }
    for name, value in expected.items():
        assert trainer.callback_metrics[name].item() == pytest.approx(value, abs=1e-6), name


def test_the_training_loss_is_the_mean_since_the_last_validation(task, trainer):
    losses = []

    class Record(pl.Callback):
        def on_train_epoch_start(self, *_):
            losses.clear()

        def on_train_batch_end(self, trainer, task, outputs, *_):
            losses.append(outputs["loss"].item())

    trainer.callbacks.append(Record())
    trainer.fit(task, loader(40, 8), loader(16, 8))
    assert len(losses) == 5
    assert trainer.callback_metrics["train_loss"].item() == pytest.approx(np.mean(losses))


def test_the_schedule_spans_the_whole_run(task, trainer):
    trainer.fit(task, loader(40, 8), loader(16, 8))
    assert trainer.lr_scheduler_configs[0].scheduler.last_epoch == 10
    assert trainer.optimizers[0].param_groups[0]["lr"] == 0


def test_without_a_scheduler_the_rate_stays(task, trainer):
    task.scheduler_node = None
    trainer.fit(task, loader(40, 8), loader(16, 8))
    assert trainer.optimizers[0].param_groups[0]["lr"] == 0.1


def test_the_weights_are_the_network_s_alone(task):
    """What is saved must fit the bare network."""
    assert {name.split(".")[0] for name in task.state_dict()} == {"network"}
