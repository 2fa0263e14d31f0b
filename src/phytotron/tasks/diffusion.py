"""Training a diffusion model."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from phytotron.models.generative.ddpm import DDPM
from phytotron.tasks.generation import Generation


class Diffusion(Generation):
    """A network learns to predict the noise in an image (Ho et al., 2020, algorithm 1).

    The loss is the squared error of the predicted noise, averaged over pixels and over steps
    that are drawn uniformly: 1 for a network that always predicts 0.

    Args:
        network: the diffusion with its denoiser.
        others: see `Generation`.
    """

    network: DDPM

    def objective(self, batch: Any) -> Tensor:
        images = batch[0]
        steps = torch.randint(1, self.network.steps + 1, (len(images),), device=images.device)
        noise = torch.randn_like(images)
        return F.mse_loss(self(self.network.q_sample(images, steps, noise), steps), noise)
