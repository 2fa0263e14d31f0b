"""The folder of a trained model: `build/models/<experiment>/`.

It holds all that a prediction needs and nothing that must be unpickled: the config and the label
names, a network's weights as safetensors with the tokenizer as JSON, an estimator as skops with an
exact list of the types that it may contain. Reading it needs no Lightning.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import yaml
from numpy.typing import NDArray

from phytotron.config.instantiate import instantiate
from phytotron.errors import UserError
from phytotron.files import read_json, write_json
from phytotron.training.fitted import Fitted

CONFIG = "config.yaml"
LABELS = "labels.json"
TOKENIZER = "tokenizer.json"
NETWORK = "model.safetensors"
ESTIMATOR = "model.skops"
HISTORY = "history.csv"

# A config from somewhere else must not name an arbitrary function as the model or a part of it.
_MODELS = ("phytotron.models.", "phytotron.nn.", "torch.nn.")


class TextModel(Protocol):
    """A trained classifier of texts."""

    labels: list[str]

    def predict_proba(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Probabilities, shape (texts, labels); each row sums to 1."""


class NetworkModel:
    """A trained network with its tokenizer.

    Args:
        network: token ids, shape (batch, tokens), to logits, shape (batch, labels).
        tokenizer: of the package `tokenizers`.
        labels: the label names; the position is the class id.
        max_tokens: longer texts are cut off there, as in training.
        batch_size: texts that go through the network at once.
    """

    def __init__(
        self,
        network: Any,
        tokenizer: Any,
        labels: list[str],
        max_tokens: int,
        batch_size: int = 256,
    ) -> None:
        self.network = network.eval()
        self.tokenizer = tokenizer
        self.labels = labels
        self.max_tokens = max_tokens
        self.batch_size = batch_size

    def predict_proba(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import torch

        from phytotron.data.order import evaluation_batches
        from phytotron.data.tokens import TokenRows

        encoded = self.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        rows = TokenRows.from_lists([encoding.ids for encoding in encoded], self.max_tokens)
        result = np.empty((len(rows), len(self.labels)), np.float32)
        with torch.inference_mode():
            for batch in evaluation_batches(rows.lengths, self.batch_size):
                logits = self.network(torch.from_numpy(rows.padded(batch)))
                result[batch] = logits.float().softmax(dim=1).numpy()
        return result


class EstimatorModel:
    """A fitted scikit-learn estimator of texts."""

    def __init__(self, estimator: Any, labels: list[str]) -> None:
        self.estimator = estimator
        self.labels = labels

    def predict_proba(self, texts: Sequence[str]) -> NDArray[np.float32]:
        # A class without a training text has no column in the estimator, and probability 0 here.
        result = np.zeros((len(texts), len(self.labels)), np.float32)
        if len(texts):
            result[:, self.estimator.classes_] = self.estimator.predict_proba(texts)
        return result


def save_model(
    folder: Path, fitted: Fitted, config: Mapping[str, Any], data: Path | None, key: str
) -> None:
    """Fill an empty folder with a trained model; the bytes depend on the arguments alone.

    Args:
        folder: where to.
        fitted: the model and how it came about.
        config: what it was trained with.
        data: the processed folder, for its label names and tokenizer; None where there is none.
        key: the identity of the training, by which tracking knows its run.
    """
    (folder / CONFIG).write_text(yaml.safe_dump(dict(config), sort_keys=False), encoding="utf-8")
    if data:
        shutil.copyfile(data / LABELS, folder / LABELS)
    if is_estimator(fitted.model):
        from phytotron.training.skops_file import save_estimator

        model = folder / ESTIMATOR
        save_estimator(fitted.model, model)
    else:
        model = folder / NETWORK
        save_weights(fitted.model, model)
        if data:
            shutil.copyfile(data / TOKENIZER, folder / TOKENIZER)
    _write_history(fitted.history, folder / HISTORY)
    facts = {
        "key": key,
        "epochs": fitted.epochs,
        "steps": fitted.steps,
        "samples": fitted.samples,
        "parameters": fitted.parameters,
        "size_bytes": model.stat().st_size,
        "best_epoch": fitted.best_epoch,
        "stopped": fitted.stopped,
        "precision": fitted.precision,
    }
    write_json(folder / "training.json", facts)


def is_estimator(model: Any) -> bool:
    """Whether a model, or the class of one, is an estimator in the sense of scikit-learn."""
    return hasattr(model, "fit")


def _write_history(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """A table with a column for everything that was measured; the learning rate stands last."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    columns.sort(key=lambda name: name == "learning_rate")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def save_weights(network: Any, path: Path) -> None:
    """Write a network's state as safetensors."""
    from safetensors.torch import save_file

    state = network.state_dict()
    save_file({name: value.detach().cpu().contiguous() for name, value in state.items()}, path)


def load_weights(network: Any, path: Path) -> None:
    """Read a network's state back.

    Raises:
        RuntimeError: the file holds other tensors than the network has.
    """
    from safetensors.torch import load_file

    network.load_state_dict(load_file(path))


def load_trained(folder: Path | str, context: Mapping[str, Any]) -> Any:
    """The bare network or estimator of a model folder.

    Args:
        folder: the model folder.
        context: what the data tells a network, such as its input shape; see `instantiate`.

    Raises:
        UserError: a file is missing, damaged, or contains what our models do not have.
    """
    folder = Path(folder)
    if (folder / ESTIMATOR).exists():
        from phytotron.training.skops_file import load_estimator

        return _read(folder / ESTIMATOR, load_estimator)
    config = _read(folder / CONFIG, lambda path: yaml.safe_load(path.read_text(encoding="utf-8")))
    node = _model_node(config, folder / CONFIG)
    try:
        network = instantiate(node, context=context)
    except UserError as error:
        raise UserError(f"model: {error}", where=str(folder / CONFIG)) from error
    _read(folder / NETWORK, lambda path: load_weights(network, path))
    return network.eval()


def load_model(folder: Path | str) -> TextModel:
    """The model of a folder that the stage `train` wrote.

    Raises:
        UserError: a file is missing, damaged, does not fit the others, or contains what our
            models do not have.
    """
    folder = Path(folder)
    config = _read(folder / CONFIG, lambda path: yaml.safe_load(path.read_text(encoding="utf-8")))
    labels = _read(folder / LABELS, read_json)
    if (folder / ESTIMATOR).exists():
        return EstimatorModel(load_trained(folder, {}), labels)
    from tokenizers import Tokenizer

    tokenizer = _read(folder / TOKENIZER, lambda path: Tokenizer.from_file(str(path)))
    max_tokens = _key(config, folder / CONFIG, "data", "max_tokens")
    context = {"vocabulary": tokenizer.get_vocab_size(), "num_classes": len(labels)}
    return NetworkModel(load_trained(folder, context), tokenizer, labels, max_tokens)


def _model_node(config: Any, path: Path) -> dict[str, Any]:
    """The config of a model that consists of our own parts and torch's."""
    node = _key(config, path, "model")
    for target in _targets(node):
        if not target.startswith(_MODELS):
            allowed = ", ".join(f"{prefix}*" for prefix in _MODELS)
            raise UserError(f"model: '{target}'", where=str(path), allowed=allowed)
    return node


def _key(config: Any, path: Path, *keys: str) -> Any:
    try:
        for key in keys:
            config = config[key]
    except (KeyError, TypeError) as error:
        raise UserError(
            f"is not the config of a trained network: {error!r}", where=str(path)
        ) from None
    return config


def _targets(node: Any) -> Iterator[str]:
    """Every `_target_` in a node, the inner ones too."""
    if isinstance(node, Mapping):
        if "_target_" in node:
            yield str(node["_target_"])
        for value in node.values():
            yield from _targets(value)
    elif isinstance(node, list):
        for value in node:
            yield from _targets(value)


def _read(path: Path, read: Any) -> Any:
    if not path.is_file():
        raise UserError("does not exist", where=str(path), hint="run: dvc repro")
    try:
        return read(path)
    except UserError:
        raise
    except Exception as error:  # each format has its own exceptions for a damaged file
        raise UserError(f"cannot be read: {error}", where=str(path)) from error
