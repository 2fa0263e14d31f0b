"""Thirteen optimizers as their formulas: one function a rule, from a weight to the next one.

Each takes the weight w, the gradient g, the `state` that the rule keeps of this weight (empty at
first) and the number t of the update, from 1; w and g are numbers or arrays of one shape, and w is
not changed in place. Names and defaults are those of `conf/optimizer/`, where PyTorch's optimizers
stand for production; `optimizers` has SGD and Adam as objects that know layers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

State = dict[str, Any]


# (w, g, state, t, **settings) to the next w; the settings are the rule's own, and `lr`.
Rule = Callable[..., Any]


def sgd(w: Any, g: Any, state: State, t: int, *, lr: float = 0.01) -> Any:
    """w ← w - lr g (Robbins and Monro, 1951)."""
    return w - lr * g


def gradient_ascent(w: Any, g: Any, state: State, t: int, *, lr: float = 0.01) -> Any:
    """w ← w + lr g, towards a maximum."""
    return w + lr * g


def momentum(w: Any, g: Any, state: State, t: int, *, lr: float = 0.01, mu: float = 0.9) -> Any:
    """v ← μ v - lr g, w ← w + v (Polyak, 1964). The rate is inside of the velocity."""
    v = state["v"] = mu * state.get("v", 0) - lr * g
    return w + v


def nesterov(w: Any, g: Any, state: State, t: int, *, lr: float = 1e-3, mu: float = 0.9) -> Any:
    """v ← μ v - lr g, w ← w + μ v - lr g (Sutskever et al., 2013), g as of where w stands.

    This w is Nesterov's point θ + μ v, to which he looks ahead from θ before he takes the gradient.
    """
    v = state["v"] = mu * state.get("v", 0) - lr * g
    return w + mu * v - lr * g


def adagrad(
    w: Any, g: Any, state: State, t: int, *, lr: float = 0.01, eps: float = 1e-10, start: float = 0
) -> Any:
    """s ← s + g², w ← w - lr g / (√s + ε) (Duchi et al., 2011); s begins at `start`."""
    s = state["s"] = state.get("s", start) + g * g
    return w - lr * g / (np.sqrt(s) + eps)


def adadelta(
    w: Any, g: Any, state: State, t: int, *, lr: float = 1.0, rho: float = 0.95, eps: float = 1e-8
) -> Any:
    """v ← ρ v + (1-ρ) g², Δ = √(u+ε) / √(v+ε) g, u ← ρ u + (1-ρ) Δ², w ← w - lr Δ (Zeiler, 2012).

    u, the mean of the squared steps, is that of the update before.
    """
    v = state["v"] = rho * state.get("v", 0) + (1 - rho) * g * g
    u = state.get("u", 0)
    delta = np.sqrt(u + eps) / np.sqrt(v + eps) * g
    state["u"] = rho * u + (1 - rho) * delta * delta
    return w - lr * delta


def rmsprop(
    w: Any, g: Any, state: State, t: int, *, lr: float = 1e-3, alpha: float = 0.9, eps: float = 1e-8
) -> Any:
    """v ← α v + (1-α) g², w ← w - lr g / (√v + ε) (Tieleman and Hinton, 2012)."""
    v = state["v"] = alpha * state.get("v", 0) + (1 - alpha) * g * g
    return w - lr * g / (np.sqrt(v) + eps)


def rprop(
    w: Any,
    g: Any,
    state: State,
    t: int,
    *,
    lr: float = 1e-3,
    shrink: float = 0.5,
    grow: float = 1.2,
    smallest: float = 1e-6,
    largest: float = 50,
) -> Any:
    """w ← w - d sign(g) (Riedmiller and Braun, 1993), d from `lr`, for whole batches only.

    d grows while the gradient keeps its sign. When the sign changes, d shrinks, and the weight
    stays where it is for one update, after which the sign is looked at anew.
    """
    product = g * state.get("g", 0)
    factor = np.where(product > 0, grow, np.where(product < 0, shrink, 1))
    d = state["d"] = np.clip(state.get("d", lr) * factor, smallest, largest)
    g = state["g"] = np.where(product < 0, 0, g)
    return w - d * np.sign(g)


def _adam_means(g: Any, state: State, beta1: float, beta2: float) -> tuple[Any, Any]:
    m = state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * g
    v = state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * g * g
    return m, v


def adam(
    w: Any,
    g: Any,
    state: State,
    t: int,
    *,
    lr: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> Any:
    """m ← β₁ m + (1-β₁) g, v ← β₂ v + (1-β₂) g², w ← w - lr m̂ / (√v̂ + ε) (Kingma and Ba, 2015).

    m̂ = m / (1-β₁ᵗ) and v̂ = v / (1-β₂ᵗ) take back that both begin at 0.
    """
    m, v = _adam_means(g, state, beta1, beta2)
    return w - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)


def adamw(
    w: Any,
    g: Any,
    state: State,
    t: int,
    *,
    lr: float = 2e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    decay: float = 0.01,
) -> Any:
    """Adam's step, and w ← w - lr λ w beside it (Loshchilov and Hutter, 2019)."""
    return adam(w, g, state, t, lr=lr, beta1=beta1, beta2=beta2, eps=eps) - lr * decay * w


def adamax(
    w: Any,
    g: Any,
    state: State,
    t: int,
    *,
    lr: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> Any:
    """m as in Adam, u ← max(β₂ u, |g| + ε), w ← w - lr m̂ / u (Kingma and Ba, 2015, section 7.1)."""
    m = state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * g
    u = state["u"] = np.maximum(beta2 * state.get("u", 0), np.abs(g) + eps)
    return w - lr * (m / (1 - beta1**t)) / u


def nadam(
    w: Any,
    g: Any,
    state: State,
    t: int,
    *,
    lr: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    momentum_decay: float = 4e-3,
) -> Any:
    """Adam with Nesterov's momentum (Dozat, 2016).

    μₜ = β₁ (1 - 0.96^(t ψ) / 2) warms up, and with the products P of all μ until then
    m̂ = μₜ₊₁ m / (1 - Pₜ₊₁) + (1-μₜ) g / (1 - Pₜ).
    """
    now, following = (beta1 * (1 - 0.5 * 0.96 ** (step * momentum_decay)) for step in (t, t + 1))
    product = state["product"] = state.get("product", 1) * now
    m, v = _adam_means(g, state, beta1, beta2)
    mean = following * m / (1 - product * following) + (1 - now) * g / (1 - product)
    return w - lr * mean / (np.sqrt(v / (1 - beta2**t)) + eps)


RULES: dict[str, Rule] = {
    "sgd": sgd,
    "gradient_ascent": gradient_ascent,
    "momentum": momentum,
    "nesterov": nesterov,
    "adagrad": adagrad,
    "adagrad_keras": partial(adagrad, lr=1e-3, eps=1e-7, start=0.1),
    "adadelta": adadelta,
    "rmsprop": rmsprop,
    "rprop": rprop,
    "adam": adam,
    "adamw": adamw,
    "adamax": adamax,
    "nadam": nadam,
}
