"""Stage `compare`: every contender against the baseline, and who wins."""

from __future__ import annotations

from pathlib import Path

from phytotron.config.stage import stage_config
from phytotron.evaluation.comparison import compare
from phytotron.evaluation.predictions import load
from phytotron.evaluation.tables import rounded
from phytotron.files import write_json
from phytotron.stages import run


def main() -> None:
    """Write `results/comparison.json`.

    The contenders are those that `params.yaml` names, not those whose folders happen to be there.
    """
    config = stage_config("compare")
    contenders = {
        experiment: load(Path("build/evaluation") / experiment / "predictions.parquet")
        for experiment in config.experiments
    }
    comparison = compare(
        contenders,
        config.compare.baseline,
        alpha=config.compare.alpha,
        permutations=config.compare.permutations,
        resamples=config.evaluate.bootstrap,
        seed=config.seed,
    )
    write_json("results/comparison.json", rounded(comparison))
    print(f"winner: {comparison['winner']}")


if __name__ == "__main__":
    run(main)
