"""The config group `checkpoint`: where a training starts, how often it saves, what stays frozen.

| mode | starts with |
|---|---|
| `continue` | the newest checkpoint of the same config and data, or new weights |
| `fresh` | new weights, whatever checkpoints there are |
| `warmstart` | all weights of `source`, which must fit |
| `finetune` | the weights of `source` that `take` names; the others are new |

A `warmstart` or `finetune` that was interrupted continues like `continue`. `freeze` names weights
that are not trained. `every_n_steps` and `every_n_seconds` say how often `Checkpointing` saves, and
`keep` how many checkpoints stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phytotron.errors import UserError, did_you_mean
from phytotron.files import sha256

if TYPE_CHECKING:
    from torch import Tensor, nn

_FROM_SOURCE = ("warmstart", "finetune")  # the modes that begin with other weights


def identity(node: Mapping[str, Any]) -> dict[str, Any]:
    """The part of the group that the trained weights depend on.

    How often and how many checkpoints are saved is not part of it, nor is where the source is: its
    content counts.

    Raises:
        UserError: the weights to start with do not exist.
    """
    found: dict[str, Any] = {"freeze": node["freeze"]} if node["freeze"] else {}
    if node["mode"] in _FROM_SOURCE:
        found |= {"mode": node["mode"], "take": node["take"]}
        weights = weights_file(node["source"])
        if weights.is_dir():  # a sharded checkpoint: its manifest has the hashes of all its files
            from phytotron.training.checkpoints import MANIFEST

            weights = weights.parent / MANIFEST
        found["source"] = sha256(weights)
    return found


def weights_file(source: str) -> Path:
    """The file with the weights of a model folder or a checkpoint's folder.

    In a sharded checkpoint it is a folder, with the part of each process.
    """
    folder = Path(source)
    for name in ("model.safetensors", "state.ckpt"):
        if (folder / name).exists():
            return folder / name
    problem = "has no model.safetensors or state.ckpt" if folder.is_dir() else "does not exist"
    raise _wrong("source", f"{folder} {problem}", "a model folder, or a checkpoint's folder")


def start_weights(network: nn.Module, node: Mapping[str, Any]) -> None:
    """Load the weights that `warmstart` or `finetune` takes over, and freeze those of `freeze`.

    Raises:
        UserError: a weight is missing or has another shape, or a pattern names none.
    """
    own = network.state_dict()
    if node["mode"] in _FROM_SOURCE:
        patterns = node["take"] if node["mode"] == "finetune" else ["*"]
        given = _read(weights_file(node["source"]))
        wanted = _matching(own, patterns, "take")
        for name in wanted:
            if name not in given:
                raise _wrong("source", f"has no weight '{name}'", hint=did_you_mean(name, given))
            if given[name].shape != own[name].shape:
                there, here = tuple(given[name].shape), tuple(own[name].shape)
                raise _wrong("source", f"'{name}' has the shape {there}, here it has {here}")
        network.load_state_dict({name: given[name] for name in wanted}, strict=False)
    parameters = dict(network.named_parameters())
    for name in _matching(parameters, node["freeze"], "freeze"):
        parameters[name].requires_grad_(False)


def _read(path: Path) -> dict[str, Tensor]:
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    if path.is_dir():
        from phytotron.training.sharded import read_sharded

        state = read_sharded(path)
    else:
        import torch

        state = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    # The state of a task has its network's weights with a prefix. With EMA, the average is the
    # result of the training.
    prefix = "average.module." if "average.n_averaged" in state else "network."
    inside = {name: value for name, value in state.items() if name.startswith(prefix)}
    return {name.removeprefix(prefix): value for name, value in inside.items()}


def _matching(names: Mapping[str, Any], patterns: Sequence[str], key: str) -> list[str]:
    """The names that match one of the patterns; each pattern must match a name."""
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise _wrong(
                key, f"'{pattern}' fits no weight", ", ".join(names), did_you_mean(pattern, names)
            )
    return [name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)]


def _wrong(key: str, what: str, allowed: str | None = None, hint: str | None = None) -> UserError:
    return UserError(what, where=f"checkpoint.{key}", allowed=allowed, hint=hint)
