"""Adversarial training: whose loss changes whose weights, and when."""

from __future__ import annotations

import copy

import pytest
import pytorch_lightning as pl
import torch
import torch.nn.functional as F

from phytotron.data.arrays import ArrayDataModule
from phytotron.data.images import tiny_images
from phytotron.errors import UserError
from phytotron.models.generative.mlp_gan import MLPGAN
from phytotron.tasks.adversarial import Adversarial

RATE = 0.1
OPTIONS = {"optimizer": {"_target_": "torch.optim.SGD", "lr": RATE}}
OPTIONS |= {"test_samples": 20, "grid": (2, 2)}


@pytest.fixture
def data():
    images = tiny_images((1, 8, 8), 2, 8)
    return ArrayDataModule((images[0] / 127.5 - 1, images[1]), batch_size=8, seed=0)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return MLPGAN(
        input_shape=(1, 8, 8), latent_dim=3, generator=[5], discriminator=[6], dropout=0.0
    )


def test_both_are_updated_at_once_each_by_its_own_loss(network, data, tmp_path):
    data.train = type(data.train)(data.train.inputs.float(), data.train.targets)
    before = copy.deepcopy(network)
    task = Adversarial(network, data=data, **OPTIONS)
    latent = []
    network.generator.register_forward_pre_hook(lambda _, inputs: latent.append(inputs[0]))
    trainer = pl.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
    )
    trainer.fit(task, data)

    # The same by hand, with two passes: each network's gradients before either changes.
    real, generated = before(data.train.inputs), before(before.generator(latent[0]))
    ones, zeros = torch.ones(8), torch.zeros(8)
    bce = F.binary_cross_entropy_with_logits
    discriminator_loss = (bce(real, ones) + bce(generated, zeros)) / 2
    losses = {"discriminator": discriminator_loss, "generator": bce(generated, ones)}
    for name, loss in losses.items():
        old = list(getattr(before, name).parameters())
        new = getattr(network, name).parameters()
        for gradient, was, is_now in zip(
            torch.autograd.grad(loss, old, retain_graph=True), old, new, strict=True
        ):
            torch.testing.assert_close(is_now, was - RATE * gradient)
    measured = task.take_train_loss()
    for name, key in (("discriminator", "train_loss"), ("generator", "train_generator_loss")):
        torch.testing.assert_close(measured[key], losses[name].detach())


def test_what_would_have_no_effect_is_refused(network, data):
    with pytest.raises(UserError, match="scheduler"):
        Adversarial(network, data=data, scheduler={"_target_": "x"}, **OPTIONS)
