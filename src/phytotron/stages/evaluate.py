"""Stage `evaluate`: one experiment on the test split, with metrics, tables and mistakes."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from phytotron.config.stage import stage_config
from phytotron.errors import UserError
from phytotron.evaluation.evaluate import evaluate, summary
from phytotron.evaluation.trained import read_trained
from phytotron.files import write_json
from phytotron.stages import run


def evaluate_experiment(experiment: str) -> None:
    """Write `build/evaluation/<E>/` and `results/<E>/metrics.json`."""
    config = stage_config("evaluate")
    metric = config.compare.metric
    start = time.perf_counter()
    trained = read_trained(Path("build/models") / experiment)
    found = evaluate(
        trained,
        metric,
        Path("build/evaluation") / experiment,
        config.evaluate,
        config.seed,
    )
    write_json(Path("results") / experiment / "metrics.json", found.metrics)
    write_json(
        Path("build/timing/evaluate") / f"{experiment}.json",
        {"seconds": time.perf_counter() - start},
    )
    print(summary(experiment, metric.partition("/")[2], found.metrics))


def main() -> None:
    """Evaluate the experiment that the command line names."""
    if len(sys.argv) != 2:
        raise UserError(
            "which experiment?", allowed="python -m phytotron.stages.evaluate EXPERIMENT"
        )
    evaluate_experiment(sys.argv[1])


if __name__ == "__main__":
    run(main)
