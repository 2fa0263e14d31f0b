"""A denoising diffusion probabilistic model (Ho et al., 2020)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class DDPM(nn.Module):
    """Turns noise into images, step by step, with a network that predicts the noise.

    Step t of the diffusion adds noise: x_t = √(1 - β_t) x_{t-1} + √β_t ε, with β_t growing evenly.
    So x_t = √ᾱ_t x_0 + √(1 - ᾱ_t) ε, where ᾱ_t is the product of all 1 - β up to t.

    Args:
        input_shape: of an image. Pixels are in [-1, 1].
        denoiser: gives the noise in images, from images and their steps.
        steps: T; after as many, next to nothing of an image is left.
        first_beta, last_beta: β_1 and β_T.
    """

    betas: Tensor
    kept: Tensor
    spread: Tensor

    def __init__(
        self,
        *,
        input_shape: Sequence[int],
        denoiser: nn.Module,
        steps: int,
        first_beta: float,
        last_beta: float,
    ) -> None:
        super().__init__()
        self.input_shape = tuple(input_shape)
        self.denoiser = denoiser
        self.steps = steps
        # In double, as a product of hundreds of factors; from t = 0, at which there is no noise.
        betas = torch.linspace(first_beta, last_beta, steps, dtype=torch.float64)
        betas = torch.cat([torch.zeros(1, dtype=torch.float64), betas])
        kept = (1 - betas).cumprod(0)
        before = torch.cat([kept[:1], kept[:-1]])
        # The variance of q(x_{t-1} | x_t, x_0), 0 at t = 1.
        spread = (betas * (1 - before) / (1 - kept).clamp(min=1e-12)).sqrt()
        for name, values in {"betas": betas, "kept": kept, "spread": spread}.items():
            self.register_buffer(name, values.float(), persistent=False)

    def forward(self, images: Tensor, steps: Tensor) -> Tensor:
        """The noise that is in images which are at some steps, shapes (batch, ...) and (batch,)."""
        return self.denoiser(images, steps)

    def diffused(self, images: Tensor, steps: Tensor, noise: Tensor) -> Tensor:
        """What images are after some steps: x_t of x_0, t and ε."""
        kept = self.kept[steps].view(-1, *[1] * (images.ndim - 1))
        return kept.sqrt() * images + (1 - kept).sqrt() * noise

    def sample(self, count: int) -> Tensor:
        """New images, shape (count, *input_shape): algorithm 2 of the paper.

        x_{t-1} = (x_t - β_t / √(1 - ᾱ_t) ε(x_t, t)) / √(1 - β_t) + σ_t z
        """
        device = self.betas.device
        images = torch.randn(count, *self.input_shape, device=device)
        for step in range(self.steps, 0, -1):
            noise = self(images, torch.full((count,), step, device=device))
            beta, kept = self.betas[step], self.kept[step]
            images = (images - beta / (1 - kept).sqrt() * noise) / (1 - beta).sqrt()
            images = images + self.spread[step] * torch.randn_like(images)
        return images.clamp(-1, 1)
