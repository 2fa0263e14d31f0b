"""The folder of a trained model: `build/models/<experiment>/`.

It holds all that a prediction needs and nothing that must be unpickled: the config, how the model
reads what it is asked (`inputs.json`, the tokenizer) and the label names, a network's weights as
safetensors, an estimator as skops with an exact list of the types that it may contain. Reading it
needs no Lightning.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from phytotron.config.instantiate import instantiate
from phytotron.data.readers import TOKENIZER, Reader, TextReader, load_reader
from phytotron.errors import UserError
from phytotron.files import read_json, write_json
from phytotron.tasks.answers import CLASSES, Answers
from phytotron.training.build import network_context
from phytotron.training.result import TrainingResult

CONFIG = "config.yaml"
LABELS = "labels.json"
INPUTS = "inputs.json"
TRAINING = "training.json"
NETWORK = "model.safetensors"
ESTIMATOR = "model.skops"
HISTORY = "history.csv"

# A config from somewhere else must not name an arbitrary function as the model or a part of it.
_MODELS = ("phytotron.models.", "phytotron.nn.", "torch.nn.")


class SavedModel:
    """A trained model that can be asked about new samples.

    Args:
        reader: makes of samples what the model takes.
        answers: what its outputs mean.
        labels: of a classifier, the position is the class id; None: it gives real values.

    Attributes:
        reader, labels: as given.
    """

    def __init__(self, reader: Reader, answers: Answers, labels: list[str] | None) -> None:
        self.reader = reader
        self.answers = answers
        self.labels = labels

    def predict(self, samples: Sequence[Any]) -> NDArray[np.float32]:
        """Probabilities, shape (samples, labels), each row sums to 1; or values.

        Args:
            samples: texts, contents of image files, or rows of a table, as the reader says.
        """
        raise NotImplementedError

    def predict_proba(self, samples: Sequence[Any]) -> NDArray[np.float32]:
        """The probabilities of a classifier, shape (samples, labels)."""
        assert self.labels is not None, "the model gives values"
        return self.predict(samples)


class NetworkModel(SavedModel):
    """A trained network.

    Args:
        network: what the reader makes of samples, to outputs of shape (batch, ...).
        tokenizer: of the package `tokenizers`, for a network of token ids; else None.
        batch_size: samples that go through the network at once.
        others: see `SavedModel`.
    """

    def __init__(
        self,
        network: Any,
        reader: Reader,
        answers: Answers,
        labels: list[str] | None,
        tokenizer: Any = None,
        batch_size: int = 256,
    ) -> None:
        super().__init__(reader, answers, labels)
        self.network = network.eval()
        self.tokenizer = tokenizer
        self.batch_size = batch_size

    def predict(self, samples: Sequence[Any]) -> NDArray[np.float32]:
        import torch

        if not len(samples):
            return np.empty((0, len(self.labels or ())), np.float32)
        with torch.inference_mode():
            if isinstance(self.reader, TextReader):
                return self._of_texts(samples, self.reader.max_tokens)
            inputs = torch.from_numpy(self.reader.array(samples))
            outputs = torch.cat([self.network(part) for part in inputs.split(self.batch_size)])
            return self.answers.of_outputs(outputs.float().numpy())

    def _of_texts(self, texts: Sequence[str], max_tokens: int | None) -> NDArray[np.float32]:
        import torch

        from phytotron.data.order import evaluation_batches
        from phytotron.data.tokens import TokenRows

        assert max_tokens is not None
        encoded = self.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        rows = TokenRows.from_lists([encoding.ids for encoding in encoded], max_tokens)
        result: NDArray[np.float32] | None = None
        # Texts of about the same length go together: little is padding.
        for batch in evaluation_batches(rows.lengths, self.batch_size):
            outputs = self.network(torch.from_numpy(rows.padded(batch)))
            found = self.answers.of_outputs(outputs.float().numpy())
            if result is None:
                result = np.empty((len(rows), found.shape[1]), np.float32)
            result[batch] = found
        assert result is not None
        return result


class EstimatorModel(SavedModel):
    """A fitted scikit-learn estimator."""

    def __init__(
        self, estimator: Any, reader: Reader, answers: Answers, labels: list[str] | None
    ) -> None:
        super().__init__(reader, answers, labels)
        self.estimator = estimator

    def predict(self, samples: Sequence[Any]) -> NDArray[np.float32]:
        from phytotron.tasks.estimators import estimator_outputs

        inputs: Any = samples
        if not isinstance(self.reader, TextReader):
            inputs = self.reader.array(samples)
        dimensions = {"num_classes": len(self.labels or ())}
        return estimator_outputs(self.estimator, inputs, self.answers, dimensions)


def save_model(folder: Path, result: TrainingResult, config: Mapping[str, Any], key: str) -> None:
    """Fill an empty folder with a trained model; the bytes depend on the arguments alone.

    Args:
        folder: where to.
        result: the model and how it came about.
        config: what it was trained with.
        key: the identity of the training, by which tracking knows its run.
    """
    (folder / CONFIG).write_text(yaml.safe_dump(dict(config), sort_keys=False), encoding="utf-8")
    if is_estimator(result.model):
        from phytotron.training.skops_file import save_estimator

        model = folder / ESTIMATOR
        save_estimator(result.model, model)
    else:
        model = folder / NETWORK
        save_weights(result.model, model)
    _write_inputs(folder, result)
    _write_history(result.history, folder / HISTORY)
    facts = {
        "key": key,
        "epochs": result.epochs,
        "steps": result.steps,
        "samples": result.samples,
        "parameters": result.parameters,
        "size_bytes": model.stat().st_size,
        "best_epoch": result.best_epoch,
        "stopped": result.stopped,
        "precision": result.precision,
    }
    write_json(folder / TRAINING, facts)


def _write_inputs(folder: Path, result: TrainingResult) -> None:
    """How the model reads what it is asked and what its outputs mean, where it can be asked."""
    reader = result.data.reader() if hasattr(result.data, "reader") else None
    if reader is None or result.answers is None:
        return
    if result.answers.kind == CLASSES:
        write_json(folder / LABELS, class_names(result.data))
    reader.save(folder)
    context = network_context(result.data)
    plain = (int, str, float, tuple, list)
    facts = {
        "kind": reader.kind,
        "reader": reader.facts(),
        "answers": result.answers._asdict(),
        "dimensions": {name: value for name, value in context.items() if isinstance(value, plain)},
    }
    write_json(folder / INPUTS, facts)


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
    config = read_config(folder)
    node = _model_node(config, folder / CONFIG)
    try:
        network = instantiate(node, context=context)
    except UserError as error:
        raise UserError(f"model: {error}", where=str(folder / CONFIG)) from error
    _read(folder / NETWORK, lambda path: load_weights(network, path))
    return network.eval()


def load_model(folder: Path | str) -> SavedModel:
    """The model of a folder that `fit` wrote, ready to be asked.

    Raises:
        UserError: a file is missing, damaged, does not fit the others, or contains what our
            models do not have; or the model cannot be asked.
    """
    folder = Path(folder)
    read_config(folder)
    if not (folder / INPUTS).is_file():
        raise UserError(
            f"has no {INPUTS}: its data or task does not say how to ask it, or it was trained by "
            "an earlier version",
            where=str(folder),
            hint="a model of texts, images or table rows is trained again with: dvc repro",
        )
    reader, answers, dimensions = _read(folder / INPUTS, _inputs)
    labels = _read(folder / LABELS, read_json) if answers.kind == CLASSES else None
    if (folder / ESTIMATOR).exists():
        return EstimatorModel(load_trained(folder, {}), reader, answers, labels)
    tokenizer = None
    if isinstance(reader, TextReader):
        from tokenizers import Tokenizer

        tokenizer = _read(folder / TOKENIZER, lambda path: Tokenizer.from_file(str(path)))
    return NetworkModel(load_trained(folder, dimensions), reader, answers, labels, tokenizer)


def _inputs(path: Path) -> tuple[Reader, Answers, dict[str, Any]]:
    facts = read_json(path)
    reader = load_reader(facts["kind"], facts["reader"], path.parent)
    dimensions = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in facts["dimensions"].items()
    }
    return reader, Answers(**facts["answers"]), dimensions


def read_config(folder: Path) -> dict[str, Any]:
    """The config that a model folder's model was trained with.

    Raises:
        UserError: the file is missing or damaged.
    """
    config: dict[str, Any] = _read(
        folder / CONFIG, lambda path: yaml.safe_load(path.read_text(encoding="utf-8"))
    )
    return config


def model_kind(folder: Path) -> str:
    """What the model of a folder answers: `classes` or `values`; empty if it cannot be asked."""
    path = folder / INPUTS
    return str(read_json(path)["answers"]["kind"]) if path.exists() else ""


def read_history(folder: Path) -> list[dict[str, float | int]]:
    """The history of a model folder: one row an epoch; what was not measured in one is left out."""
    path = folder / HISTORY
    with path.open(encoding="utf-8", newline="") as file:
        return [
            {
                name: int(value) if name in ("epoch", "step") else float(value)
                for name, value in row.items()
                if value != ""
            }
            for row in csv.DictReader(file)
        ]


def class_names(data: Any) -> list[str]:
    """What the classes are called; those without names by their ids."""
    names = getattr(data, "class_names", None)
    if names is None and getattr(data, "is_binary", False):
        names = (0, 1)
    return [
        str(name) for name in (range(data.dimensions["num_classes"]) if names is None else names)
    ]


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
