"""The diffusion: what it does to images, and what its samples are if the denoiser is perfect."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from phytotron.models.generative.ddpm import DDPM

SHAPE = (1, 2, 2)


class Denoiser(nn.Module):
    """The expected noise in x_t where x_0 has a known mean and deviation at every pixel."""

    def __init__(self, mean: float, deviation: float) -> None:
        super().__init__()
        self.mean, self.deviation = mean, deviation

    def forward(self, images, steps):
        alphas_cumprod = self.diffusion[0].alphas_cumprod[steps].view(-1, 1, 1, 1)
        variance = alphas_cumprod * self.deviation**2 + 1 - alphas_cumprod
        return (1 - alphas_cumprod).sqrt() * (images - alphas_cumprod.sqrt() * self.mean) / variance


def diffusion(mean=0.0, deviation=1.0, steps=1000, beta_start=1e-4, beta_end=0.02):
    denoiser = Denoiser(mean, deviation)
    made = DDPM(
        input_shape=SHAPE,
        denoiser=denoiser,
        steps=steps,
        beta_start=beta_start,
        beta_end=beta_end,
    )
    denoiser.diffusion = [made]  # in a list, as a module would be a part of it
    return made


def test_many_small_steps_are_one_large_step():
    made = diffusion(steps=50, beta_end=0.1)
    torch.manual_seed(0)
    images = torch.full((20_000, *SHAPE), 0.7)
    stepwise = images
    for step in range(1, 31):
        beta = made.betas[step]
        stepwise = (1 - beta).sqrt() * stepwise + beta.sqrt() * torch.randn_like(images)
    at_once = made.q_sample(images, torch.full((len(images),), 30), torch.randn_like(images))
    for found in (stepwise, at_once):
        assert float(found.mean()) == pytest.approx(
            0.7 * float(made.alphas_cumprod[30].sqrt()), abs=0.01
        )
        assert float(found.var()) == pytest.approx(1 - float(made.alphas_cumprod[30]), abs=0.01)


def test_less_and_less_of_an_image_is_kept_and_nothing_is_left_at_the_end():
    alphas_cumprod = diffusion().alphas_cumprod
    assert alphas_cumprod[0] == 1
    assert (alphas_cumprod.diff() < 0).all()
    assert alphas_cumprod[-1] < 1e-4


def test_there_is_no_noise_in_the_last_step_of_sampling():
    assert diffusion().posterior_std[1] == 0
    assert (diffusion().posterior_std[2:] > 0).all()


def test_with_a_perfect_denoiser_the_only_image_is_drawn():
    torch.manual_seed(0)
    images = diffusion(mean=0.3, deviation=0.0, steps=200).sample(4)
    torch.testing.assert_close(images, torch.full((4, *SHAPE), 0.3), atol=1e-4, rtol=0)


def test_with_a_perfect_denoiser_samples_have_the_distribution_of_the_data():
    torch.manual_seed(0)
    images = diffusion(mean=0.2, deviation=0.1).sample(3000)
    assert float(images.mean()) == pytest.approx(0.2, abs=0.005)
    assert float(images.std()) == pytest.approx(0.1, abs=0.005)
