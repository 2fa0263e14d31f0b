"""Which values the config group `trainer` may have; needs no torch, so the answer comes at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from phytotron.errors import UserError, did_you_mean

ALLOWED = {
    "accelerator": ("auto", "cpu", "gpu", "mps"),
    "precision": ("32-true", "bf16-mixed", "16-mixed", "bf16-true"),
    "strategy": ("auto", "ddp"),
}
KEYS = (
    *ALLOWED,
    "devices",
    "max_epochs",
    "gradient_clip_val",
    "accumulate_grad_batches",
    "log_every_n_steps",
    "threads",
)


def check(node: Mapping[str, Any]) -> None:
    """Refuse what Lightning would answer with a traceback, or accept and ignore."""
    for key in node:
        if key not in KEYS:
            raise UserError(
                "unknown key",
                where=f"trainer.{key}",
                allowed=", ".join(KEYS),
                hint=did_you_mean(key, KEYS),
            )
    for key, allowed in ALLOWED.items():
        if key in node and node[key] not in allowed:
            raise UserError(
                f"'{node[key]}'",
                where=f"trainer.{key}",
                allowed=", ".join(allowed),
                hint=did_you_mean(str(node[key]), allowed),
            )
    for key in ("devices", "max_epochs", "accumulate_grad_batches", "log_every_n_steps", "threads"):
        value = node.get(key, 1)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise UserError(f"{value!r}", where=f"trainer.{key}", allowed="whole numbers from 1")
    if node.get("accelerator") == "cpu" and node.get("precision") == "16-mixed":
        raise UserError(
            "'16-mixed' needs a GPU",
            where="trainer.precision",
            allowed="32-true, bf16-mixed, bf16-true",
        )
