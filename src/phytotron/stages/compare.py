"""Stage `compare`: every experiment against the baseline, and which one is selected."""

from __future__ import annotations

from pathlib import Path

from phytotron.config.stage import stage_config
from phytotron.evaluation.comparison import compare, read_measured
from phytotron.evaluation.tables import rounded
from phytotron.files import write_json
from phytotron.stages import run


def main() -> None:
    """Write `results/comparison.json`.

    Compared are the experiments that `params.yaml` names, not those whose folders happen to be
    there.
    """
    config = stage_config("compare")
    metric = config.compare.metric.partition("/")[2]
    experiments = {
        experiment: read_measured(Path("build/evaluation") / experiment, metric)
        for experiment in config.experiments
    }
    comparison = compare(
        experiments,
        config.compare.baseline,
        metric=metric,
        goal=config.compare.goal,
        alpha=config.compare.alpha,
        permutations=config.compare.permutations,
        resamples=config.evaluate.bootstrap,
        seed=config.seed,
    )
    write_json("results/comparison.json", rounded(comparison))
    print(f"selected: {comparison['selected']}")


if __name__ == "__main__":
    run(main)
