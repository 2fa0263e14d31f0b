"""Training a variational autoencoder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn
from torchmetrics import MeanMetric

from phytotron.nn.divergences import from_standard_gaussian
from phytotron.tasks.task import Task

_PARTS = ("loss", "squared_error", "kl")


class Variational(Task):
    """A network learns to reconstruct images through a noisy code close to N(0, I).

    The loss of an image is its squared error, summed over pixels, plus `kl_weight` times the
    divergence of its code from the prior, summed over the code; that of a batch is the mean
    (Kingma and Welling, 2014, equation 10, for pixels of variance 1/2). Both parts are logged,
    here for each image: `val_squared_error`, `val_kl`, `test/...`.

    Args:
        network: gives reconstructions, and mean and log variance of the codes; has `encode`,
            `decode` and `sample` for the figures.
        kl_weight: 1 makes the loss a bound of the likelihood; below 1, codes may hold more
            information about an image, and samples of the prior are worse (beta of Higgins et al.,
            2017).
        grid: rows and columns of the figure of samples.
        others: see `Task`.
    """

    network: Any

    def __init__(
        self,
        network: nn.Module,
        *,
        optimizer: Mapping[str, Any],
        kl_weight: float,
        grid: Sequence[int],
        scheduler: Mapping[str, Any] | None = None,
        regularizer: Callable[[nn.Module], Tensor] | None = None,
    ) -> None:
        super().__init__(network, optimizer=optimizer, scheduler=scheduler, regularizer=regularizer)
        self.kl_weight = kl_weight
        self.grid = grid
        self.val_parts = nn.ModuleDict({name: MeanMetric() for name in _PARTS})
        self.test_parts = nn.ModuleDict({name: MeanMetric() for name in _PARTS})

    def objective(self, batch: Any) -> Tensor:
        return self.parts(batch[0])["loss"]

    def parts(self, images: Tensor) -> dict[str, Tensor]:
        """The loss and its two parts, means over the images."""
        reconstructions, mean, log_variance = self(images)
        squared_error = (reconstructions - images).square().flatten(1).sum(dim=1).mean()
        kl = from_standard_gaussian(mean, log_variance).sum(dim=1).mean()
        return {
            "loss": squared_error + self.kl_weight * kl,
            "squared_error": squared_error,
            "kl": kl,
        }

    def validation_step(self, batch: Any, index: int) -> None:
        self._measure(self.val_parts, batch[0])

    def validation_metrics(self) -> dict[str, Tensor]:
        return {f"val_{name}": value for name, value in _compute_and_reset(self.val_parts).items()}

    def test_step(self, batch: Any, index: int) -> None:
        self._measure(self.test_parts, batch[0])

    def on_test_epoch_end(self) -> None:
        for name, value in _compute_and_reset(self.test_parts).items():
            self.log(f"test/{name}", value, sync_dist=True)

    def sample(self, count: int) -> Tensor:
        """Images from the prior, shape (count, ...)."""
        return self.network.sample(count)

    def reconstruct(self, images: Tensor) -> Tensor:
        """Reconstruct images from the means of their codes."""
        mean, _ = self.network.encode(images)
        return self.network.decode(mean)

    def _measure(self, measured: nn.ModuleDict, images: Tensor) -> None:
        for name, value in self.parts(images).items():
            measured[name].update(value, weight=len(images))  # type: ignore[operator]


def _compute_and_reset(measured: nn.ModuleDict) -> dict[str, Tensor]:
    """The values by name; the metrics are reset."""
    values = {}
    for name, metric in measured.items():
        assert isinstance(metric, MeanMetric)
        values[name] = metric.compute()
        metric.reset()
    return values
