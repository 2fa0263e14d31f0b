"""Neural style transfer: the content of one image in the style of another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from phytotron.models.style.canvas import Canvas
from phytotron.models.style.vgg16_trunk import VGG16Trunk
from phytotron.nn.style import content_cost, gram, style_cost
from phytotron.tasks.task import Task


class StyleTransfer(Task):
    """The pixels of an image are trained; the maps of a fixed VGG16 give the loss.

    The objective is content_weight * content + style_weight * style (Gatys et al., 2016): the
    content cost compares maps of some layers with those of the content image, the style cost
    compares their Gram matrices with those of the style image. After each step, pixels are clipped
    to [0, 1].

    A test gives `test/loss`, its parts `test/content` and `test/style`, and `test/loss_ratio`: the
    loss as a share of that of the initial image.

    Args:
        network: a `Canvas`.
        data: has the `convolutions` of VGG16. Its only batch has `content` and `style`, both of
            shape (1, 3, height, width), in [0, 1].
        content_layers, style_layers: names of layers of VGG16 with the weight of each.
        content_weight, style_weight: of the two sums.
        others: see `Task`.
    """

    network: Canvas

    def __init__(
        self,
        network: Canvas,
        *,
        optimizer: Mapping[str, Any],
        data: Any,
        content_layers: Mapping[str, float],
        style_layers: Mapping[str, float],
        content_weight: float,
        style_weight: float,
        scheduler: Mapping[str, Any] | None = None,
        regularizer: Callable[[nn.Module], Tensor] | None = None,
    ) -> None:
        super().__init__(network, optimizer=optimizer, scheduler=scheduler, regularizer=regularizer)
        self.vgg16 = VGG16Trunk(data.convolutions, {*content_layers, *style_layers})
        self.content_layers = content_layers
        self.style_layers = style_layers
        self.content_weight = content_weight
        self.style_weight = style_weight
        self.images = data.train
        self._targets: tuple[dict[str, Tensor], dict[str, Tensor]] | None = None

    def objective(self, batch: Any) -> Tensor:
        content, style = self.costs(self())
        return content + style

    def test_step(self, batch: Any, index: int) -> None:
        content, style = self.costs(self())
        self.log("test/content", content, batch_size=1)
        self.log("test/style", style, batch_size=1)
        self.log("test/loss", content + style, batch_size=1)
        content_first, style_first = self.costs(self.network.start)
        ratio = (content + style) / (content_first + style_first)
        self.log("test/loss_ratio", ratio, batch_size=1)

    def costs(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Content and style, weighted, of an image of shape (1, 3, height, width)."""
        target_content, target_style = self._target_maps(image.device)
        maps = self.vgg16(image)
        contents = [
            weight * content_cost(maps[layer], target_content[layer])
            for layer, weight in self.content_layers.items()
        ]
        styles = [
            weight * style_cost(maps[layer], target_style[layer])
            for layer, weight in self.style_layers.items()
        ]
        content_sum, style_sum = torch.stack(contents).sum(), torch.stack(styles).sum()
        return self.content_weight * content_sum, self.style_weight * style_sum

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        super().optimizer_step(*args, **kwargs)
        with torch.no_grad():
            self.network.pixels.clamp_(0, 1)

    @torch.no_grad()
    def _target_maps(self, device: torch.device) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Maps of the content image and Gram matrices of the style image, computed once."""
        if self._targets is None:
            content = self.vgg16(self.images.content.to(device))
            style = self.vgg16(self.images.style.to(device))
            self._targets = content, {layer: gram(style[layer]) for layer in self.style_layers}
        return self._targets
