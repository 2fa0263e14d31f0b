"""The MLflow model: the folder of the stage `train` as it is, and the code that reads it.

It holds nothing that needs unpickling. `mlflow.pyfunc.load_model` gives an object whose `predict`
takes a data frame with one row a sample: the column `text`, the column `image` (the bytes of a
file), or the columns of a table. It returns one row a sample: of a classifier `label`,
`probability` and `probabilities` (all labels), of any other `value`, or `value_0`, `value_1`, ...
`mlflow models serve` speaks the same.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

import phytotron
from phytotron.data.readers import ImageReader, Reader, TableReader
from phytotron.tracking.environment import mlflow
from phytotron.training.model_folder import SavedModel, load_model, model_kind

# What `load_model` and this module import.
_REQUIREMENTS = (
    "mlflow",
    "numpy",
    "omegaconf",
    "pandas",
    "pillow",
    "psutil",
    "pyyaml",
    "safetensors",
    "scikit-learn",
    "skops",
    "tokenizers",
    "torch",
)
_EXAMPLE = "CREATE INDEX CONCURRENTLY builds an index without locking out writes to the table."


class ModelForMlflow:
    """A model as MLflow calls it."""

    def __init__(self, model: SavedModel) -> None:
        self.model = model

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Labels with probabilities, or values.

        Args:
            frame: one sample a row, in the columns of the model's signature.
        """
        kind = self.model.reader.kind
        samples: list[Any] = frame.to_dict("records") if kind == "table" else frame[kind].tolist()
        found, labels = self.model.predict(samples), self.model.labels
        if labels is None:
            return pd.DataFrame(found.astype(float), frame.index, value_names(found.shape[1]))
        best = found.argmax(axis=1)
        return pd.DataFrame(
            {
                "label": [labels[index] for index in best],
                "probability": found.max(axis=1).astype(float),
                "probabilities": [dict(zip(labels, row, strict=True)) for row in found.tolist()],
            },
            index=frame.index,
        )

    def get_raw_model(self) -> SavedModel:
        """What MLflow's `get_raw_model` returns."""
        return self.model


def value_names(outputs: int) -> list[str]:
    """What the values of a model are called."""
    return ["value"] if outputs == 1 else [f"value_{number}" for number in range(outputs)]


def _load_pyfunc(path: str) -> ModelForMlflow:
    """The entry point that MLflow calls with the model folder."""
    return ModelForMlflow(load_model(path))


def log_model(
    folder: Path, client: mlflow.MlflowClient, logged: mlflow.entities.LoggedModel
) -> None:
    """Upload a model folder as an MLflow model.

    MLflow's own `log_model` would load the model once more to see whether it works, which the
    stage `evaluate` has shown.

    Args:
        folder: what the stage `train` wrote.
        client: of the store.
        logged: the logged model that receives it.
    """
    assert phytotron.__file__ is not None
    # A model that cannot predict single samples is uploaded, too, but has no signature.
    model = load_model(folder) if model_kind(folder) else None
    with TemporaryDirectory() as temporary:
        target = Path(temporary) / "model"
        mlflow.pyfunc.save_model(
            target,
            mlflow_model=mlflow.models.Model(
                artifact_path=logged.artifact_location,
                model_uuid=logged.model_id,
                run_id=logged.source_run_id,
                model_id=logged.model_id,
            ),
            loader_module=__name__,
            data_path=str(folder),
            code_paths=[str(Path(phytotron.__file__).parent)],
            signature=_signature(model) if model else None,
            input_example=_example(model.reader) if model else None,
            pip_requirements=[f"{name}=={version(name)}" for name in _REQUIREMENTS],
        )
        client.log_model_artifacts(logged.model_id, str(target))


def _signature(model: SavedModel) -> mlflow.models.ModelSignature:
    types, column = mlflow.types, mlflow.types.ColSpec
    inputs: list[Any]  # ColSpec or TensorSpec, as Schema wants it
    if isinstance(model.reader, TableReader):
        inputs = [column(types.DataType.double, name) for name in model.reader.columns]
    else:
        kinds = {"text": types.DataType.string, "image": types.DataType.binary}
        inputs = [column(kinds[model.reader.kind], model.reader.kind)]
    if model.labels is None:
        outputs = len(model.predict(_samples(model.reader))[0])
        return mlflow.models.ModelSignature(
            inputs=types.Schema(inputs),
            outputs=types.Schema(
                [column(types.DataType.double, name) for name in value_names(outputs)]
            ),
        )
    return mlflow.models.ModelSignature(
        inputs=types.Schema(inputs),
        outputs=types.Schema(
            [
                column(types.DataType.string, "label"),
                column(types.DataType.double, "probability"),
                column(types.schema.Map(types.DataType.double), "probabilities"),
            ]
        ),
    )


def _samples(reader: Reader) -> list[Any]:
    """A sample that any model of the reader's kind answers."""
    if isinstance(reader, TableReader):
        return [dict.fromkeys(reader.columns, 0.0)]
    if isinstance(reader, ImageReader):
        return [reader.example()]
    return [_EXAMPLE]


def _example(reader: Reader) -> pd.DataFrame:
    """A data frame that `predict` takes."""
    samples = _samples(reader)
    if isinstance(reader, TableReader):
        return pd.DataFrame(samples)
    return pd.DataFrame({reader.kind: samples})
