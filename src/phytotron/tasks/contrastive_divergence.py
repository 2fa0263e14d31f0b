"""Training a restricted Boltzmann machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn
from torchmetrics import MeanMetric

from phytotron.models.energy.rbm import RestrictedBoltzmannMachine
from phytotron.tasks.task import Task

_MEASURED = ("squared_error", "pixel_error", "pseudo_log_likelihood")


class ContrastiveDivergence(Task):
    """The energy of images falls, that of what a few Gibbs steps make of them rises (Hinton, 2002).

    The gradient of log p(v) is <v h> over p(h | v) minus <v h> over the machine's own samples. The
    first is the positive statistic; for the second, the negative one, the samples are those of a
    chain of `steps` Gibbs steps that starts at the images. That difference is just the gradient of
    F(v_0) - F(v_k) with the sign changed, as long as v_k counts as a constant: so what is minimised
    here is its mean over the batch. Its value does not measure progress.

    `train_loss` is the share of pixels that the chain changes. A validation or test measures one
    Gibbs step from the images:

    - `test/squared_error`: of the probabilities of the pixels, a mean over all;
    - `test/pixel_error`: the share of pixels whose more probable value is the wrong one;
    - `test/pseudo_log_likelihood`: see the network, in nats for each image.

    Args:
        network: the machine.
        steps: Gibbs steps of the chain, k of "CD-k".
        others: see `Task`.
    """

    network: RestrictedBoltzmannMachine

    def __init__(
        self,
        network: nn.Module,
        *,
        optimizer: Mapping[str, Any],
        steps: int,
        scheduler: Mapping[str, Any] | None = None,
        regularizer: Callable[[nn.Module], Tensor] | None = None,
    ) -> None:
        super().__init__(network, optimizer=optimizer, scheduler=scheduler, regularizer=regularizer)
        self.steps = steps
        self.measured = nn.ModuleDict({name: MeanMetric() for name in _MEASURED})

    def training_step(self, batch: Any, index: int) -> Tensor:
        images, samples = self.chain(batch)
        self.train_mean.update((samples - images).abs().mean())
        loss = self.contrast(images, samples)
        return loss if self.regularizer is None else loss + self.regularizer(self.network)

    def chain(self, batch: Any) -> tuple[Tensor, Tensor]:
        """Where the Gibbs chains begin and end, both of shape (batch, pixels)."""
        images = batch[0].flatten(1)
        return images, self.network.gibbs(images, self.steps)

    def contrast(self, images: Tensor, samples: Tensor) -> Tensor:
        """The difference of the mean energies."""
        return (self.network.free_energy(images) - self.network.free_energy(samples)).mean()

    def validation_step(self, batch: Any, index: int) -> None:
        images = batch[0].flatten(1)
        probabilities = self.network.reconstruct(images)
        measured = {
            "squared_error": (probabilities - images).square().mean(),
            "pixel_error": ((probabilities > 0.5) != (images > 0.5)).float().mean(),
            "pseudo_log_likelihood": self.network.pseudo_log_likelihood(images).mean(),
        }
        for name, value in measured.items():
            self.measured[name].update(value, weight=len(images))  # type: ignore[operator]

    def validation_metrics(self) -> dict[str, Tensor]:
        return {f"val_{name}": value for name, value in self._compute_and_reset().items()}

    test_step = validation_step

    def on_test_epoch_end(self) -> None:
        for name, value in self._compute_and_reset().items():
            self.log(f"test/{name}", value, sync_dist=True)

    def reconstruct(self, images: Tensor) -> Tensor:
        """What one Gibbs step makes of images: pixels of 0 and 1, of the same shape."""
        return self.network.gibbs(images.flatten(1), 1).view_as(images)

    def _compute_and_reset(self) -> dict[str, Tensor]:
        values = {}
        for name, metric in self.measured.items():
            assert isinstance(metric, MeanMetric)
            values[name] = metric.compute()
            metric.reset()
        return values
