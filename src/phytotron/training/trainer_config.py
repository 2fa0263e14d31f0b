"""Which values the config group `trainer` may have; needs no torch, so the answer comes at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from phytotron.errors import UserError, did_you_mean

PRECISIONS = ("32-true", "bf16-mixed", "16-mixed", "bf16-true")
ALLOWED: dict[str, tuple[Any, ...]] = {
    "accelerator": ("auto", "cpu", "gpu", "mps"),
    "precision": PRECISIONS,
    "strategy": ("auto", "ddp", "fsdp"),
    "compile": (None, "default", "reduce-overhead", "max-autotune"),
    "channels_last": (False, True),
    "gradient_clip_algorithm": ("norm", "value"),
}
KEYS = (
    *ALLOWED,
    "devices",
    "num_nodes",
    "max_epochs",
    "check_val_every_n_epoch",
    "gradient_clip_val",
    "accumulate_grad_batches",
    "log_every_n_steps",
    "threads",
)
_COUNTS = (
    "devices",
    "max_epochs",
    "check_val_every_n_epoch",
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
                allowed=", ".join("null" if value is None else str(value) for value in allowed),
                hint=did_you_mean(str(node[key]), map(str, allowed)),
            )
    for key in (*_COUNTS, "num_nodes"):
        value = node.get(key, 1)
        if key == "num_nodes" and value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise UserError(f"{value!r}", where=f"trainer.{key}", allowed="whole numbers from 1")
    clip = node.get("gradient_clip_val")
    if clip is not None and (
        isinstance(clip, bool) or not isinstance(clip, int | float) or clip <= 0
    ):
        raise UserError(
            f"{clip!r}", where="trainer.gradient_clip_val", allowed="null, numbers above 0"
        )
    _check_together(node)


def _check_together(node: Mapping[str, Any]) -> None:
    """Refuse values that are right by themselves and cannot work together."""
    accelerator, strategy = node.get("accelerator"), node.get("strategy")
    if strategy == "fsdp" and node.get("precision") == "16-mixed":
        raise UserError(
            "'16-mixed' with strategy=fsdp: the gradient scaler does not know that gradients are "
            "sharded",
            where="trainer.precision",
            allowed="32-true, bf16-mixed, bf16-true",
        )
    if strategy == "fsdp" and node.get("compile"):
        raise UserError(
            "a network whose weights are sharded is not compiled as a whole",
            where="trainer.compile",
            allowed="null with strategy=fsdp",
        )
    if node.get("compile") == "reduce-overhead" and accelerator == "cpu":
        raise UserError(
            "'reduce-overhead' records CUDA graphs",
            where="trainer.compile",
            allowed="null, default, max-autotune",
        )
    if accelerator == "mps" and strategy in ("ddp", "fsdp"):
        raise UserError(
            f"'{strategy}' does not work on mps", where="trainer.strategy", allowed="auto"
        )
