"""What happens during a fit besides the optimisation."""

from __future__ import annotations

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback

from phytotron.errors import UserError
from phytotron.training.build import build_data, build_network, build_task
from phytotron.training.callbacks import BestWeights
from phytotron.training.epoch_loop import EpochLoop
from phytotron.training.trainer import build_trainer


class Watch(Callback):
    """Notes each batch."""

    def __init__(self) -> None:
        self.batches: list[list] = []

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        self.batches.append(batch.inputs.tolist())


@pytest.fixture
def run(compose, data, tmp_path, silent):
    """`run(callbacks, seed)`: two epochs of fastText; gives the trainer."""

    def trained(callbacks: list[Callback], seed: int = 0) -> pl.Trainer:
        config = compose("router/fasttext", "trainer.max_epochs=2", f"seed={seed}")
        module = build_data(config)
        task = build_task(config | {"scheduler": None}, build_network(config, module), module)
        trainer = build_trainer(config["trainer"], callbacks, tmp_path)
        trainer.fit_loop.epoch_loop = EpochLoop(trainer, seed, silent)
        trainer.fit(task, module)
        return trainer

    return trained


def test_lightning_tells_the_data_module_the_epoch(run):
    watch = Watch()
    trainer = run([watch])
    half = len(watch.batches) // 2
    assert half == trainer.num_training_batches
    assert watch.batches[:half] != watch.batches[half:]


def test_the_first_of_equal_epochs_is_the_best(run):
    best = BestWeights("always_one", "max")

    class Equal(Callback):
        def on_validation_epoch_end(self, trainer, pl_module):
            pl_module.log("always_one", 1.0)

    run([Equal(), best])
    assert best.best_epoch == 0


def test_the_best_weights_stay_while_training_continues(run):
    best = BestWeights("val_loss", "max")  # which is the first one
    trainer = run([best])
    assert best.best_epoch == 0
    last = trainer.lightning_module.network.state_dict()
    assert best.weights.keys() == last.keys()
    assert any(not torch.equal(best.weights[name], last[name]) for name in last)


def test_wrong_settings_are_answered_with_the_right_ones(run):
    with pytest.raises(UserError, match="max, min"):
        BestWeights("val_loss", "maximum")
    with pytest.raises(UserError, match="val_accuracy, val_loss, val_macro_f1"):
        run([BestWeights("val_f1", "max")])
