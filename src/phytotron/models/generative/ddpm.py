"""A denoising diffusion probabilistic model (Ho et al., 2020)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from phytotron.nn.shapes import Float, Int


class DDPM(nn.Module):
    """Diffusion of images to noise, and sampling back with a network that predicts the noise.

    Step t of the diffusion adds noise: x_t = √(1 - β_t) x_{t-1} + √β_t ε, with β_t growing
    linearly. So x_t = √ᾱ_t x_0 + √(1 - ᾱ_t) ε, where ᾱ_t is the product of all 1 - β up to t.

    Args:
        input_shape: of an image. Pixels are in [-1, 1].
        denoiser: predicts the noise in images, from images and their steps.
        steps: T, large enough that hardly anything of an image is left after them.
        beta_start, beta_end: β_1 and β_T.
    """

    betas: Tensor
    alphas_cumprod: Tensor
    posterior_std: Tensor

    def __init__(
        self,
        *,
        input_shape: Sequence[int],
        denoiser: nn.Module,
        steps: int,
        beta_start: float,
        beta_end: float,
    ) -> None:
        super().__init__()
        self.input_shape = tuple(input_shape)
        self.denoiser = denoiser
        self.steps = steps
        # In double, as a product of hundreds of factors; from t = 0, at which there is no noise.
        betas = torch.linspace(beta_start, beta_end, steps, dtype=torch.float64)
        betas = torch.cat([torch.zeros(1, dtype=torch.float64), betas])
        alphas_cumprod = (1 - betas).cumprod(0)
        before = torch.cat([alphas_cumprod[:1], alphas_cumprod[:-1]])
        # The variance of q(x_{t-1} | x_t, x_0), 0 at t = 1.
        posterior_std = (betas * (1 - before) / (1 - alphas_cumprod).clamp(min=1e-12)).sqrt()
        self.register_buffer("betas", betas.float(), persistent=False)
        self.register_buffer("alphas_cumprod", alphas_cumprod.float(), persistent=False)
        self.register_buffer("posterior_std", posterior_std.float(), persistent=False)

    def forward(
        self, images: Float[Tensor, "batch *image"], steps: Int[Tensor, " batch"]
    ) -> Float[Tensor, "batch *image"]:
        """Predict the noise in images x_t, (batch, *input_shape), at steps t, (batch,)."""
        return self.denoiser(images, steps)

    def q_sample(
        self,
        images: Float[Tensor, "batch *image"],
        steps: Int[Tensor, " batch"],
        noise: Float[Tensor, "batch *image"],
    ) -> Float[Tensor, "batch *image"]:
        """Sample q(x_t | x_0) with the given noise ε: the forward process.

        Images and noise have shape (batch, *input_shape), steps t shape (batch,).
        """
        alpha_bar = self.alphas_cumprod[steps].view(-1, *[1] * (images.ndim - 1))
        return alpha_bar.sqrt() * images + (1 - alpha_bar).sqrt() * noise

    def sample(self, count: int) -> Float[Tensor, "{count} *image"]:
        """New images, shape (count, *input_shape): algorithm 2 of the paper.

        x_{t-1} = (x_t - β_t / √(1 - ᾱ_t) ε(x_t, t)) / √(1 - β_t) + σ_t z
        """
        device = self.betas.device
        images = torch.randn(count, *self.input_shape, device=device)
        for step in range(self.steps, 0, -1):
            noise = self(images, torch.full((count,), step, device=device))
            beta, alpha_bar = self.betas[step], self.alphas_cumprod[step]
            images = (images - beta / (1 - alpha_bar).sqrt() * noise) / (1 - beta).sqrt()
            images = images + self.posterior_std[step] * torch.randn_like(images)
        return images.clamp(-1, 1)
