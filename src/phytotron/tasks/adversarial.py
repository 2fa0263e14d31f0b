"""Training a generator against a discriminator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phytotron.config.instantiate import instantiate
from phytotron.errors import UserError
from phytotron.tasks.generation import Generation
from phytotron.tasks.task import MeanLoss


class Adversarial(Generation):
    """A discriminator learns to tell real images from generated ones, a generator to deceive it.

    Both losses come from one forward pass over the same samples, and both networks are updated at
    once (Goodfellow et al., 2014). The discriminator's is the mean of the cross-entropies on real
    and on generated images; the generator's is the cross-entropy of calling its images real, which
    still has a gradient where the discriminator is confident ("non-saturating", section 3 of the
    paper).

    `train_loss` is the discriminator's, log 2 for random guessing; `train_generator_loss` the
    generator's.

    Args:
        network: has `generator`, `discriminator` and `sample`.
        optimizer: config node of the optimizer; each of the two networks gets its own.
        scheduler, regularizer: must be None.
        others: see `Generation`.

    Raises:
        UserError: there is a scheduler or regularizer.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        scheduler: Mapping[str, Any] | None = None,
        regularizer: Callable[[nn.Module], Tensor] | None = None,
        data: Any,
        **others: Any,
    ) -> None:
        for where, given in (("scheduler", scheduler), ("regularizer", regularizer)):
            if given is not None:
                raise UserError("adversarial training takes none", where=where, allowed="null")
        super().__init__(network, data=data, **others)
        self.automatic_optimization = False
        self.generator_mean = MeanLoss()

    def configure_optimizers(self) -> Any:
        parts = (self.network.generator, self.network.discriminator)
        return [instantiate(self.optimizer_node, part.parameters()) for part in parts]

    def training_step(self, batch: Any, index: int) -> dict[str, Tensor]:  # type: ignore[override]
        images, network = batch[0], self.network
        real, generated = network(images), network(network.sample(len(images)))
        discriminator_loss = (_bce(real, 1) + _bce(generated, 0)) / 2
        generator_loss = _bce(generated, 1)

        generator, discriminator = self.optimizers()  # type: ignore[attr-defined]
        generator.zero_grad()
        discriminator.zero_grad()
        # Each loss updates its own network only. The graph is kept for the second backward pass.
        self.manual_backward(
            discriminator_loss,
            inputs=list(network.discriminator.parameters()),
            retain_graph=True,
        )
        self.manual_backward(generator_loss, inputs=list(network.generator.parameters()))
        discriminator.step()
        generator.step()

        self.train_mean.update(discriminator_loss)
        self.generator_mean.update(generator_loss)
        return {"loss": (discriminator_loss + generator_loss).detach()}

    def take_train_loss(self) -> dict[str, Tensor]:
        generator_loss = self.generator_mean.compute()
        self.generator_mean.reset()
        return super().take_train_loss() | {"train_generator_loss": generator_loss}


def _bce(logits: Tensor, real: int) -> Tensor:
    """The cross-entropy of images that are all real (1) or all generated (0)."""
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, real))
