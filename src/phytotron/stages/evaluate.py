"""Stage `evaluate`: one contender on the test split, with metrics, tables and mistakes."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from phytotron.config.stage import stage_config
from phytotron.errors import UserError
from phytotron.evaluation.evaluate import evaluate, predict, summary
from phytotron.files import write_json
from phytotron.stages import run


def evaluate_experiment(experiment: str) -> None:
    """Write `build/evaluation/<E>/` and `results/<E>/metrics.json`."""
    config = stage_config("evaluate", experiment)
    model_folder = Path("build/models") / experiment
    start = time.perf_counter()
    predictions = predict(model_folder, Path("data/processed"))
    predicted = time.perf_counter()
    metrics = evaluate(
        predictions,
        model_folder,
        Path("build/evaluation") / experiment,
        Path("results") / experiment / "metrics.json",
        config.evaluate,
        config.seed,
    )
    write_json(
        Path("build/timing/evaluate") / f"{experiment}.json",
        {"seconds": time.perf_counter() - start, "predict_seconds": predicted - start},
    )
    print(summary(experiment, metrics))


def main() -> None:
    """Evaluate the experiment that the command line names."""
    if len(sys.argv) != 2:
        raise UserError(
            "which experiment?", allowed="python -m phytotron.stages.evaluate EXPERIMENT"
        )
    evaluate_experiment(sys.argv[1])


if __name__ == "__main__":
    run(main)
