"""One experiment from its config to metrics and figures, whatever kind it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from phytotron.evaluation.trained import Trained, measure_saved
from phytotron.figures.draw import draw
from phytotron.training.fit import SCRATCH, fit
from phytotron.training.result import TrainingResult

MODEL = "model"
FIGURES = "figures"


def run(
    config: Mapping[str, Any], folder: Path, *, scratch: Path = SCRATCH
) -> tuple[TrainingResult, Trained] | None:
    """Fit an experiment's model, save it, and measure what was saved.

    Args:
        config: an experiment's config, resolved, as plain dicts and lists.
        folder: gets the model folder `model/`.
        scratch: see `fit`.

    Returns:
        The training and the measured model; None in a process that is not the first of a
        distributed run.

    Raises:
        UserError: the config is not right, the data is not available, or the loss is not finite.
    """
    result = fit(config, folder / MODEL, scratch)
    if result is None:
        return None
    return result, measure_saved(config, folder / MODEL, result)


def draw_figures(trained: Trained, folder: Path) -> list[Path]:
    """Draw the figures that the experiment asks for in `figures/`; their files."""
    return draw(trained.config.get("figures") or [], trained, folder / FIGURES)
