"""Ask a registered model: which label a text or an image has, or which values follow from a row."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from phytotron.clean.settings import CleanConfig
from phytotron.config.stage import plain
from phytotron.errors import UserError
from phytotron.predict.samples import image, row
from phytotron.predict.source import paragraphs
from phytotron.registry.mlflow_model import value_names
from phytotron.registry.versions import CHAMPION, load_version, resolve
from phytotron.tracking.store import answered, open_store, pipeline_config
from phytotron.training.model_folder import SavedModel


class Prediction(NamedTuple):
    """A label and its probability."""

    label: str
    probability: float


class Value(NamedTuple):
    """A value that a model predicts, and what it is called."""

    name: str
    value: float


def predict(
    source: str, model: str | None = None, top: int = 3, *, allow_private: bool = False
) -> list[Prediction] | list[Value]:
    """The most probable labels, the best first; or the values of a model that gives values.

    The probabilities of a document are the mean of those of its paragraphs.

    Args:
        source: what the model is asked: for a model of texts `-` for standard input, an http(s)
            address, a file, or the text itself; of images `-`, an address or a file; of table rows
            `-`, a file, a JSON object or comma-separated values.
        model: `NAME@ALIAS`, `NAME/VERSION` or `NAME`; the pipeline's champion when it is None.
        top: how many labels.
        allow_private: whether an address may be on a private network or this machine.

    Raises:
        UserError: the source cannot be read as the model needs it, there is no such model or
            alias, or the store cannot be used.
    """
    if top < 1:
        raise UserError(f"--top is {top}", allowed="1 or more")
    config = plain(pipeline_config())
    store = open_store(config["tracking"])
    with answered(store.uri):
        version = resolve(store, model or f"{config['register']['model']}@{CHAMPION}")
        asked = load_version(version)
    samples = _samples(source, asked, config, allow_private)
    found = asked.predict(samples).mean(axis=0, dtype=float)
    if asked.labels is None:
        names = value_names(len(found))
        return [Value(name, float(value)) for name, value in zip(names, found, strict=True)]
    order = np.lexsort((np.asarray(asked.labels), -found))[:top]
    return [Prediction(asked.labels[index], float(found[index])) for index in order]


def _samples(
    source: str, model: SavedModel, config: dict[str, Any], allow_private: bool
) -> list[Any]:
    """The source as the samples that a model takes: several for a document."""
    if model.reader.kind == "image":
        return [image(source, allow_private=allow_private)]
    if model.reader.kind == "table":
        return [row(source)]
    clean = CleanConfig.from_config(config["clean"])
    return paragraphs(source, clean, allow_private=allow_private)
