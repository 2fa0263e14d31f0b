"""From a config and a data folder to a model folder."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from phytotron.config.instantiate import locate
from phytotron.data.paragraphs import load_labels
from phytotron.errors import UserError
from phytotron.files import replacing_folder, sha256
from phytotron.training import checkpoint_config
from phytotron.training.fitted import Fitted
from phytotron.training.model_folder import is_estimator, save_model

SCRATCH = Path("build/scratch/train")


def fit(
    config: Mapping[str, Any],
    data: Path | str | None,
    out: Path | str,
    scratch: Path | str = SCRATCH,
) -> Fitted | None:
    """Train what a config describes and write the model folder.

    A model whose class has a method `fit` is an estimator in the sense of scikit-learn; any other
    is a network, which the config's task trains with Lightning.

    Args:
        config: an experiment's config, resolved, as plain dicts and lists.
        data: what the stage `preprocess` wrote; None where the config's group `data` says itself
            where its data is from.
        out: the model folder; it appears whole or not at all.
        scratch: for what is needed only while training, in a folder of its own for each config
            and data.

    Returns:
        What was trained, or None in a process that is not the first of a distributed run.

    Raises:
        UserError: the config or the data are not right, or the loss is not finite.
    """
    data = None if data is None else Path(data)
    key = identity(config, data)
    scratch = Path(scratch) / key
    fitted: Fitted | None
    if _is_estimator(config):
        from phytotron.training.fit_estimator import fit_estimator

        fitted = fit_estimator(config, data)
    else:
        from phytotron.training.fit_network import fit_network

        fitted = fit_network(config, data, scratch)
    if fitted is not None:
        with replacing_folder(out) as temporary:
            save_model(temporary, fitted, config, data, key)
        shutil.rmtree(scratch, ignore_errors=True)
    return fitted


def identity(config: Mapping[str, Any], data: Path | None) -> str:
    """A hash of everything that the trained model depends on, as far as config and data say it.

    Needs nothing heavy, so a mistake is answered at once.

    Raises:
        UserError: the config or the data are not right.
    """
    _check(config)
    facts = dict(config) | {"checkpoint": checkpoint_config.identity(config["checkpoint"])}
    text = json.dumps(facts, sort_keys=True)
    if data:
        load_labels(data)  # says so if the data is not there
        text += sha256(data / "manifest.json")
    return hashlib.sha256(text.encode()).hexdigest()[:16]


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
