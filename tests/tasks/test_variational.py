"""The two parts of a variational autoencoder's loss."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.distributions import Normal, kl_divergence

from phytotron.tasks.variational import Variational

ADAM = {"_target_": "torch.optim.Adam", "lr": 1e-3}


class Known(nn.Module):
    """Gives half of each image back, and codes of a known distribution."""

    def forward(self, images):
        mean = torch.tensor([0.5, -1.0]).expand(len(images), 2)
        return images / 2, mean, torch.tensor([0.0, -2.0]).expand(len(images), 2)


@pytest.fixture
def task():
    return Variational(Known(), optimizer=ADAM, kl_weight=0.25, grid=(2, 2))


def test_the_loss_is_the_squared_error_and_the_divergence_of_an_image(task):
    images = torch.arange(12.0).view(3, 1, 2, 2)
    parts = task.parts(images)
    codes = Normal(torch.tensor([0.5, -1.0]), torch.tensor([0.0, -2.0]).div(2).exp())
    divergence = kl_divergence(codes, Normal(0.0, 1.0)).sum()
    assert float(parts["squared_error"]) == pytest.approx(float((images / 2).square().sum() / 3))
    assert float(parts["kl"]) == pytest.approx(float(divergence))
    assert float(parts["loss"]) == pytest.approx(float(parts["squared_error"] + 0.25 * divergence))


def test_what_is_logged_is_the_mean_over_all_images(task):
    images = torch.arange(20.0).view(5, 1, 2, 2)
    task.validation_step((images[:3], None), 0)
    task.validation_step((images[3:], None), 1)
    measured = task.validation_metrics()
    whole = task.parts(images)
    assert measured.keys() == {"val_loss", "val_squared_error", "val_kl"}
    for name, value in measured.items():
        assert float(value) == pytest.approx(float(whole[name.removeprefix("val_")]))
