"""One experiment from its config to metrics and figures, whatever kind it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phytotron.config.instantiate import instantiate
from phytotron.evaluation.trained import Trained
from phytotron.figures.draw import draw
from phytotron.training.build import build_task, network_context
from phytotron.training.fit import SCRATCH, fit
from phytotron.training.fitted import Fitted
from phytotron.training.measure_network import measure_network
from phytotron.training.model_folder import is_estimator, load_trained

MODEL = "model"
FIGURES = "figures"


@dataclass(frozen=True)
class Outcome:
    """What one run of an experiment came to.

    Attributes:
        metrics: by name with the split, such as `test/accuracy`.
        history: one row an epoch.
        seconds: of the training alone.
        samples: training samples seen, repeated ones counted again.
        parameters: learned numbers in the model.
        epochs: passes over the training data.
        steps: updates of the weights.
        pictures: the files that were drawn.
    """

    metrics: dict[str, float]
    history: list[dict[str, float | int]]
    seconds: float
    samples: int
    parameters: int
    epochs: int
    steps: int
    pictures: list[Path]


def run(
    config: Mapping[str, Any],
    folder: Path,
    *,
    pictures: bool = True,
    scratch: Path = SCRATCH,
) -> Outcome | None:
    """Fit an experiment's model, save it, and measure what was saved.

    Args:
        config: an experiment's config, resolved, as plain dicts and lists. Its group `data` says
            itself where the data is from.
        folder: gets the model folder `model/` and the figures in `figures/`.
        pictures: whether to draw the config's `figures`.
        scratch: see `fit`.

    Returns:
        None in a process that is not the first of a distributed run.

    Raises:
        UserError: the config is not right, the data cannot be had, or the loss is not finite.
    """
    fitted = fit(config, None, folder / MODEL, scratch)
    if fitted is None:
        return None
    trained = measured(config, folder / MODEL, fitted)
    drawn = draw(config.get("figures") or [], trained, folder / FIGURES) if pictures else []
    return Outcome(
        metrics=trained.metrics,
        history=fitted.history,
        seconds=fitted.seconds,
        samples=fitted.samples,
        parameters=fitted.parameters,
        epochs=fitted.epochs,
        steps=fitted.steps,
        pictures=drawn,
    )


def measured(config: Mapping[str, Any], folder: Path, fitted: Fitted) -> Trained:
    """The model of a folder with its metrics.

    What the history says of the epoch that the model is from counts as a metric: `train_loss` as
    `train/loss`, `val_accuracy` as `val/accuracy`.
    """
    metrics = {
        name.replace("_", "/", 1): float(value)
        for name, value in (fitted.best if fitted.history else {}).items()
        if name.startswith(("train_", "val_"))
    }
    if is_estimator(fitted.model):
        model = load_trained(folder, {})
        task = instantiate(config["task"])
        metrics |= task.test(model, fitted.data)
    else:
        model = load_trained(folder, network_context(fitted.data))
        task = build_task(config, model, fitted.data)
        metrics |= measure_network(config, task, fitted.data)
    return Trained(model, task, fitted.data, fitted.history, metrics, config)
