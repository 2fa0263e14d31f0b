"""What happens during a fit besides the optimisation."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback

from phytotron.config.instantiate import instantiate
from phytotron.errors import UserError
from phytotron.training.callbacks import BestWeights, SeedEveryStep
from phytotron.training.reproducibility import step_seed
from phytotron.training.trainer import build_trainer


class Watch(Callback):
    """Notes each batch and a random number drawn while it is trained on."""

    def __init__(self) -> None:
        self.batches: list[list] = []
        self.drawn: list[float] = []

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        self.batches.append(batch.inputs.tolist())
        self.drawn.append(torch.rand(()).item())


@pytest.fixture
def run(compose, data, tmp_path):
    """`run(callbacks, seed)`: two epochs of fastText; gives the trainer."""

    def trained(callbacks: list[Callback], seed: int = 0) -> pl.Trainer:
        config = compose("docs/fasttext", "trainer.max_epochs=2", f"seed={seed}")
        module = instantiate(config["data"], folder=data)
        task = instantiate(
            config["task"],
            network=instantiate(config["model"], **module.dimensions),
            optimizer=config["optimizer"],
            scheduler=None,
            class_counts=module.class_counts,
        )
        trainer = build_trainer(config["trainer"], callbacks, tmp_path)
        trainer.fit(task, module)
        return trainer

    return trained


def test_lightning_tells_the_data_module_the_epoch(run):
    watch = Watch()
    trainer = run([watch])
    half = len(watch.batches) // 2
    assert half == trainer.num_training_batches
    assert watch.batches[:half] != watch.batches[half:]


def test_the_randomness_of_a_step_depends_on_seed_and_step_alone(run):
    watch = Watch()
    run([SeedEveryStep(7), watch])
    expected = []
    for step in range(len(watch.drawn)):
        torch.manual_seed(step_seed(7, step, rank=0))
        expected.append(torch.rand(()).item())
    assert watch.drawn == expected
    assert len(set(expected)) == len(expected)


def test_the_first_of_equal_epochs_is_the_best(run, tmp_path):
    best = BestWeights("always_one", "max")

    class Equal(Callback):
        def on_validation_epoch_end(self, trainer, pl_module):
            pl_module.log("always_one", 1.0)

    run([Equal(), best])
    assert best.best_epoch == 0
    assert (Path(tmp_path) / BestWeights.FILE).is_file()


def test_wrong_settings_are_answered_with_the_right_ones(run):
    with pytest.raises(UserError, match="max, min"):
        BestWeights("val_loss", "maximum")
    with pytest.raises(UserError, match="val_accuracy, val_loss, val_macro_f1"):
        run([BestWeights("val_f1", "max")])
