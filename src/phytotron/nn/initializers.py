"""Initial weights of a network.

An initializer is called with a network. It draws the weights of all its layers (every parameter
of two or more dimensions whose name has `weight` in it) and sets their biases. Tables of
embeddings stay as they are, and so do the scales of normalizations.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from torch import Tensor, nn
from torch.nn.modules.conv import _ConvTransposeNd
from torch.nn.parameter import is_lazy

_TABLES = (nn.Embedding, nn.EmbeddingBag)


def normal(network: nn.Module, *, std: float, bias_limit: float = 0.0) -> None:
    """Weights from N(0, std²), biases uniform in [0, bias_limit].

    Args:
        network: changed in place.
        std: standard deviation of the weights.
        bias_limit: 0 for biases of 0.
    """
    _draw(network, partial(nn.init.normal_, std=std), bias_limit)


def truncated_normal(network: nn.Module, *, std: float, bias_limit: float = 0.0) -> None:
    """As `normal`, but weights beyond two standard deviations are drawn again."""
    within = partial(nn.init.trunc_normal_, std=std, a=-2 * std, b=2 * std)
    _draw(network, within, bias_limit)


def orthogonal(network: nn.Module, *, gain: float, bias_limit: float = 0.0) -> None:
    """Weights whose rows, or columns where these are fewer, are orthogonal and of length `gain`.

    Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural
    networks", 2014.
    """
    _draw(network, partial(nn.init.orthogonal_, gain=gain), bias_limit)


def scaled(
    network: nn.Module,
    *,
    mode: str,
    factor: float,
    distribution: str,
    bias_limit: float = 0.0,
) -> None:
    """Weights of variance `factor / fan`, so that activations neither grow nor fade with depth.

    A sum of n products has n times their variance. `fan_in` keeps the variance of what goes
    forward, `fan_out` that of the gradients that come back, `fan_average` is between them
    (Glorot and Bengio, 2010). A ReLU halves the mean square, hence the factor 2 of He et al.
    (2015).

    Args:
        network: changed in place.
        mode: `fan_in` (inputs of a unit), `fan_out` or `fan_average` (mean of both).
        factor: variance of a weight times the fan.
        distribution: `normal` or `uniform`.
        bias_limit: biases are uniform in [0, bias_limit].

    Raises:
        ValueError: an unknown mode or distribution.
    """
    if mode not in ("fan_in", "fan_out", "fan_average"):
        raise ValueError(f"mode is '{mode}'; it can be fan_in, fan_out or fan_average")
    if distribution not in ("normal", "uniform"):
        raise ValueError(f"distribution is '{distribution}'; it can be normal or uniform")

    def draw(weight: Tensor) -> None:
        inputs, outputs = fans(weight)
        fan = {"fan_in": inputs, "fan_out": outputs, "fan_average": (inputs + outputs) / 2}[mode]
        std = math.sqrt(factor / fan)
        if distribution == "normal":
            nn.init.normal_(weight, std=std)
        else:
            limit = math.sqrt(3) * std  # a uniform distribution on ±l has the variance l²/3
            nn.init.uniform_(weight, -limit, limit)

    _draw(network, draw, bias_limit)


def fans(weight: Tensor) -> tuple[int, int]:
    """Inputs and outputs of a unit: of a weight of shape (outputs, inputs, *kernel)."""
    field = math.prod(weight.shape[2:])
    return weight.shape[1] * field, weight.shape[0] * field


def _draw(network: nn.Module, draw: Callable[[Tensor], object], bias_limit: float) -> None:
    for module in network.modules():
        if isinstance(module, _TABLES):
            continue
        for name, parameter in module.named_parameters(recurse=False):
            if is_lazy(parameter):
                raise ValueError(
                    f"{type(module).__name__} does not know its width yet: let the network see "
                    "an input first (phytotron.scratch.lazy.infer_shapes)"
                )
            if "bias" in name:
                nn.init.uniform_(parameter, 0.0, bias_limit)
            elif "weight" in name and parameter.ndim >= 2:
                # A transposed convolution keeps (inputs, outputs, *kernel).
                swapped = isinstance(module, _ConvTransposeNd)
                draw(parameter.transpose(0, 1) if swapped else parameter)
