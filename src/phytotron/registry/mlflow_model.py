"""The MLflow model: the folder of the stage `train` as it is, and the code that reads it.

It holds nothing that needs unpickling. `mlflow.pyfunc.load_model` gives an object whose `predict`
takes a data frame with the column `text` and returns one row a text: `label`, `probability` and
`probabilities` (all labels). `mlflow models serve` speaks the same.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

import phytotron
from phytotron.tracking.environment import mlflow
from phytotron.training.model_folder import TextModel, load_model

# What `load_model` and this module import.
_REQUIREMENTS = (
    "mlflow",
    "numpy",
    "omegaconf",
    "pandas",
    "psutil",
    "pyyaml",
    "safetensors",
    "scikit-learn",
    "skops",
    "tokenizers",
    "torch",
)
_EXAMPLE = "CREATE INDEX CONCURRENTLY builds an index without locking out writes to the table."


class Router:
    """A text model as MLflow calls it."""

    def __init__(self, model: TextModel) -> None:
        self.model = model

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Labels with probabilities.

        Args:
            frame: one text a row, in the column `text`.
        """
        probabilities = self.model.predict_proba(frame["text"].tolist())
        best = probabilities.argmax(axis=1)
        return pd.DataFrame(
            {
                "label": [self.model.labels[index] for index in best],
                "probability": probabilities.max(axis=1).astype(float),
                "probabilities": [
                    dict(zip(self.model.labels, row, strict=True)) for row in probabilities.tolist()
                ],
            },
            index=frame.index,
        )

    def get_raw_model(self) -> TextModel:
        """What MLflow's `get_raw_model` returns."""
        return self.model


def _load_pyfunc(path: str) -> Router:
    """The entry point that MLflow calls with the model folder."""
    return Router(load_model(path))


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
            signature=_signature(),
            input_example=pd.DataFrame({"text": [_EXAMPLE]}),
            pip_requirements=[f"{name}=={version(name)}" for name in _REQUIREMENTS],
        )
        client.log_model_artifacts(logged.model_id, str(target))


def _signature() -> mlflow.models.ModelSignature:
    types, column = mlflow.types, mlflow.types.ColSpec
    return mlflow.models.ModelSignature(
        inputs=types.Schema([column(types.DataType.string, "text")]),
        outputs=types.Schema(
            [
                column(types.DataType.string, "label"),
                column(types.DataType.double, "probability"),
                column(types.schema.Map(types.DataType.double), "probabilities"),
            ]
        ),
    )
