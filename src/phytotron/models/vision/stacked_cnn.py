"""The plain convolutional network: stages of convolutions and pooling, then dense layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from torch import Tensor, nn

from phytotron.errors import UserError
from phytotron.nn.shapes import Float


class Stage(NamedTuple):
    """Consecutive convolutions, then pooling and dropout.

    Attributes:
        channels: of each convolution.
        padding: pixels of zeros around its input; 1 keeps the size with a 3x3 filter.
        pool: whether 2x2 max-pooling follows.
        dropout: on the output of the stage.
    """

    channels: Sequence[int]
    padding: int = 0
    pool: bool = True
    dropout: float = 0.0


class StackedCNN(nn.Module):
    """Stages of [convolution, normalization, activation] with pooling; dense layers at the end.

    Args:
        input_shape: of one image: (channels, height, width).
        num_outputs: numbers that it gives for each image, such as logits of the classes.
        stages: keys and values of each `Stage`.
        kernel: height and width of a filter.
        hidden: units of the dense layers before the last one.
        activation: makes the activation after a convolution or a dense layer.
        normalization: makes what comes between a convolution and its activation, from channels
            and number of spatial dimensions; None: nothing.
        drop_maps: dropout drops whole feature maps (Tompson et al., 2015) instead of single
            values.

    Raises:
        UserError: the images are too small for the stages.
    """

    def __init__(
        self,
        *,
        input_shape: Sequence[int],
        num_outputs: int,
        stages: Sequence[Mapping[str, Any]],
        kernel: int = 3,
        hidden: Sequence[int] = (),
        activation: Callable[[], nn.Module] = nn.ReLU,
        normalization: Callable[[int, int], nn.Module] | None = None,
        drop_maps: bool = False,
    ) -> None:
        super().__init__()
        channels, *size = input_shape
        layers: list[nn.Module] = []
        for number, stage in enumerate(Stage(**node) for node in stages):
            for filters in stage.channels:
                layers.append(nn.Conv2d(channels, filters, kernel, padding=stage.padding))
                if normalization is not None:
                    layers.append(normalization(filters, 2))
                layers.append(activation())
                channels = filters
                size = [side + 2 * stage.padding - kernel + 1 for side in size]
            if stage.pool:
                layers.append(nn.MaxPool2d(2))
                size = [side // 2 for side in size]
            if stage.dropout:
                layers.append((nn.Dropout2d if drop_maps else nn.Dropout)(stage.dropout))
            if min(size) < 1:
                raise UserError(
                    f"nothing is left of images of {input_shape[1]} x {input_shape[2]} pixels "
                    f"after stage {number}",
                    where="model.stages",
                )
        self.features = nn.Sequential(*layers)
        widths = [channels * size[0] * size[1], *hidden]
        dense: list[nn.Module] = []
        for before, units in pairwise(widths):
            dense += [nn.Linear(before, units), activation()]
        self.classifier = nn.Sequential(nn.Flatten(), *dense, nn.Linear(widths[-1], num_outputs))

    def forward(
        self, images: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch outputs"]:
        """Images, shape (batch, channels, height, width), to outputs, shape (batch, outputs)."""
        return self.classifier(self.features(images))
