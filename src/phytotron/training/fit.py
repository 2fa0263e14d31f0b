"""From a config to a model folder, with what it took."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from phytotron.config.instantiate import locate
from phytotron.errors import UserError
from phytotron.files import replacing_folder
from phytotron.machine import hardware, peak_memory_mb, versions
from phytotron.tracking.watch import watched
from phytotron.training import checkpoint_config
from phytotron.training.model_folder import is_estimator, save_model
from phytotron.training.result import TrainingResult

SCRATCH = Path("build/scratch/train")

# What an experiment says about itself. It changes no weight, so a training is known without it.
_DESCRIPTIVE = ("card", "figures")


def fit(
    config: Mapping[str, Any],
    out: Path | str,
    scratch: Path | str = SCRATCH,
    key: str | None = None,
) -> TrainingResult | None:
    """Train what a config describes and write the model folder.

    A model whose class has a method `fit` is an estimator in the sense of scikit-learn; any other
    is a network, which the config's task trains with Lightning.

    Args:
        config: an experiment's config, resolved, as plain dicts and lists.
        out: the model folder; it appears whole or not at all.
        scratch: for what is needed only while training, in a folder named by the training's
            identity.
        key: that identity, if the caller knows it.

    Returns:
        What was trained, or None in a process that is not the first of a distributed run.

    Raises:
        UserError: the config or the data are not right, or the loss is not finite.
    """
    config = training_config(config)
    key = key or identity(config)
    scratch = Path(scratch) / key
    result: TrainingResult | None
    if _is_estimator(config):
        from phytotron.training.fit_estimator import fit_estimator

        result = fit_estimator(config)
    else:
        from phytotron.training.fit_network import fit_network

        result = fit_network(config, scratch)
    if result is not None:
        with replacing_folder(out) as temporary:
            save_model(temporary, result, config, key)
        shutil.rmtree(scratch, ignore_errors=True)
    return result


def fit_watched(
    experiment: str,
    config: Mapping[str, Any],
    out: Path | str,
    tracking: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> TrainingResult | None:
    """Train as `fit` does, with a journal that is sent to MLflow.

    Args:
        experiment: its id.
        config, out, key: see `fit`.
        tracking: the config's group `tracking`; None: what the stage `compose` wrote.
    """
    config = training_config(config)
    key = key or identity(config)
    with watched(experiment, key, config, tracking):
        return fit(config, out, key=key)


def timing(result: TrainingResult) -> dict[str, Any]:
    """What a training took, where and with what: the content of its file in `build/timing/`."""
    return {
        "seconds": round(result.seconds, 2),
        "samples_per_second": round(result.samples / result.seconds, 1),
        "peak_memory_mb": round(peak_memory_mb()),
        "hardware": hardware(),
        "versions": versions(),
    }


def training_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a config that a training depends on, with nothing left to be derived.

    Callbacks that name no metric watch the card's. The same config gives the same part whoever
    asks: the stage `train`, `phytotron train`, `phytotron verify`.

    Raises:
        UserError: a callback needs the card's metric, and the card names none.
    """
    callbacks = with_monitors(config.get("callbacks"), config.get("card"))
    kept = {key: value for key, value in config.items() if key not in _DESCRIPTIVE}
    return kept | ({"callbacks": callbacks} if "callbacks" in config else {})


def with_monitors(
    callbacks: Mapping[str, Any] | None, card: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """Callbacks whose `monitor` or `mode` is null, told which metric and direction they watch.

    A card that measures `test/rmse` with the goal `min` makes them watch `val_rmse`, `min`.

    Args:
        callbacks: the config's group.
        card: the experiment's, with `metric` and `goal`.

    Raises:
        UserError: a callback names no metric, and neither does the card.
    """
    if not callbacks:
        return None if callbacks is None else {}
    return {name: _told(name, node, card or {}) for name, node in callbacks.items()}


def _told(name: str, node: Any, card: Mapping[str, Any]) -> Any:
    if not isinstance(node, Mapping):
        return node
    told = dict(node)
    if "monitor" in node and node["monitor"] is None:
        told["monitor"] = f"val_{_card(name, 'monitor', card, 'metric').partition('/')[2]}"
    if "mode" in node and node["mode"] is None:
        told["mode"] = _card(name, "mode", card, "goal")
    return told


def _card(name: str, key: str, card: Mapping[str, Any], wanted: str) -> str:
    if not card.get(wanted):
        raise UserError(
            f"is null, and the card has no {wanted}",
            where=f"callbacks.{name}.{key}",
            hint=f"set it, or card.{wanted}",
        )
    return str(card[wanted])


def identity(config: Mapping[str, Any]) -> str:
    """A hash of everything that the trained model depends on, as far as config and data say it.

    It names all that belongs to a training: its folder under `build/runs/`, its checkpoints, its
    journal and its MLflow run.

    Raises:
        UserError: the config is not right, or files that the data is read from are missing.
    """
    config = training_config(config)
    _check(config)
    facts = config | {"checkpoint": checkpoint_config.identity(config["checkpoint"])}
    data = dict(config.get("data") or {})
    if data and hasattr(read := locate(data["_target_"]), "digest"):
        # The same files are the same data, wherever they are.
        facts["data"] = data | {"folder": read.digest(data["folder"])}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def _check(config: Mapping[str, Any]) -> None:
    if not config.get("model"):
        raise UserError("the experiment chooses no model", where="model", hint="see conf/model/")
    estimator = _is_estimator(config)
    for group in ("task",) if estimator else ("data", "task", "optimizer", "trainer"):
        if not config.get(group):
            kind = "an estimator" if estimator else "a network"
            raise UserError(f"{kind} needs a {group}", where=group, hint=f"see conf/{group}/")


def _is_estimator(config: Mapping[str, Any]) -> bool:
    return is_estimator(locate(config["model"]["_target_"]))
