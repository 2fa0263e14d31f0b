"""Gradient descent by itself: one cost function, one vector, no network around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Descent:
    """Where a descent ended.

    Attributes:
        point: the last point.
        steps: how many were taken.
        converged: the gradient was short enough; otherwise the steps were used up.
    """

    point: Tensor
    steps: int
    converged: bool


def gradient_descent(
    cost: Callable[[Tensor], Tensor],
    start: Tensor,
    *,
    lr: float = 1e-3,
    tolerance: float = 1e-6,
    max_steps: int = 1000,
) -> Descent:
    """θ −= lr ∇cost(θ), until the gradient is short or the steps are used up (Cauchy, 1847).

    Sources: Pattanayak 2023, ch. 1, ch. 2; Notes of several courses, Logistic regression as a
        neural network (Andrew Ng); Vasilev 2023, ch. 2
    Catalogue: D43

    Args:
        cost: a differentiable function of the point, a scalar.
        start: where it begins, any shape.
        lr: learning rate.
        tolerance: it stops when the L2 norm of the gradient is below this.
        max_steps: maximum number of steps.
    """
    point = start.clone()
    for step in range(max_steps + 1):
        gradient = _gradient(cost, point)
        if gradient.norm() < tolerance:
            return Descent(point, step, converged=True)
        if step < max_steps:
            point = point - lr * gradient
    return Descent(point, max_steps, converged=False)


def batch_descent(
    cost: Callable[[Tensor, Tensor], Tensor],
    start: Tensor,
    samples: Tensor,
    *,
    batch_size: int | None,
    lr: float,
    epochs: int,
    seed: int = 0,
) -> Iterator[tuple[Tensor, float]]:
    """Descent on the mean cost of one batch after the other, in a new order each epoch.

    Sources: Rajput 2023, ch. 7; Pattanayak 2023, ch. 1; Notes of several courses, Optimisation
        algorithms; Vasilev 2023, ch. 2; Notes of a neural-network module, Optimisers
    Catalogue: D44

    With all samples in a batch (`None`) each step goes down the true cost, and an epoch is one
    step. With one sample it is stochastic gradient descent (Robbins and Monro, 1951): many cheap
    steps, whose directions scatter around the true one. The variance of a batch's gradient falls
    as one over its size. Up to some 2000 samples can be taken at once; beyond that, 64 to 512 are
    usual, and a batch must fit into memory.

    Args:
        cost: of a point and a batch of samples, a scalar: the mean over the batch.
        start: where it begins, any shape.
        samples: shape (samples, ...).
        batch_size: samples of a step; the last batch of an epoch may be smaller.
        lr: learning rate.
        epochs: passes over the samples.
        seed: of the order.

    Yields:
        After each step the point, and the cost of the batch before the step.
    """
    generator = torch.Generator().manual_seed(seed)
    point = start.clone()
    for _ in range(epochs):
        order = torch.randperm(len(samples), generator=generator)
        for chosen in order.split(batch_size or len(samples)):
            point.requires_grad_()
            value = cost(point, samples[chosen])
            (gradient,) = torch.autograd.grad(value, point)
            point = (point - lr * gradient).detach()
            yield point, float(value.detach())


def _gradient(cost: Callable[[Tensor], Tensor], point: Tensor) -> Tensor:
    point = point.detach().requires_grad_()
    return torch.autograd.grad(cost(point), point)[0]
