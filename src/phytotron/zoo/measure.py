"""Measure one experiment in this process: `python -m phytotron.zoo.measure EXPERIMENT`.

`phytotron verify` starts one such process for each experiment, so that the peak memory is that of
one experiment, and a crash ends no other.
"""

from __future__ import annotations

import argparse
import csv
import math
import shutil
import sys
import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phytotron.config.compose import compose_experiment
from phytotron.config.fingerprint import fingerprint
from phytotron.config.presets import read_preset
from phytotron.config.stage import plain
from phytotron.errors import UserError, answer, did_you_mean
from phytotron.files import replacing_folder
from phytotron.locks import locked
from phytotron.runs.result_files import full_name, is_reached, result_file
from phytotron.runs.results import FIGURES, Result, spread, write_result

if TYPE_CHECKING:  # torch is imported when what was asked for is known to be right
    from phytotron.evaluation.trained import Trained
    from phytotron.training.result import TrainingResult

RUNS = Path("build/zoo/runs")
LOCKS = Path("build/zoo/locks")
HISTORY = "history.csv"

# Without a number of seeds on the card: three where a seed takes less than this, else one.
_QUICK_SECONDS = 60.0
_QUICK_SEEDS = 3
# The most rows of a history that are written: enough for a curve.
_ROWS = 200


def measure(experiment: str, preset: str | None = None, seeds: int | None = None) -> Result:
    """Run an experiment with several seeds, and write its result and figures.

    Both are written when all seeds are done; before, the last result stays.

    Args:
        experiment: its id.
        preset: one of its card's presets; None: the file itself.
        seeds: the number of seeds, from 0 on; where the card lists seeds, the number of them that
            are run. None: what the card says, or three where a seed takes less than a minute, else
            one.

    Raises:
        UserError: a mistake in the experiment, a metric that it does not have, or somebody else
            who verifies it now.
    """
    card = read_preset(experiment, preset)
    name = full_name(experiment, preset)
    with locked(LOCKS / f"{name}.lock", "verifying this experiment", name, seconds=0):
        mark = fingerprint(experiment, preset)
        folder = RUNS / name
        shutil.rmtree(folder, ignore_errors=True)
        chosen = _seeds(card, seeds)
        outcomes: list[tuple[TrainingResult, Trained]] = []
        drawn: list[Path] = []
        for seed in chosen:
            outcomes.append(_run(experiment, card, seed, folder))
            if len(outcomes) == 1:
                drawn = _draw(outcomes[0][1], folder)
            by_default = seeds is None and card.get("seeds") is None
            if by_default and outcomes[0][0].seconds >= _QUICK_SECONDS:
                break
        result = _result(experiment, preset, card, chosen[: len(outcomes)], outcomes, mark)
        from phytotron.figures.png import copy_for_repository

        with replacing_folder(FIGURES / name) as figures:
            copy_for_repository(drawn, figures)
            _write_history(figures / HISTORY, outcomes[0][0].history)
        write_result(result)
    return result


def _seeds(card: Mapping[str, Any], asked: int | None) -> list[int]:
    """The seeds to run, unless the first one takes so long that it is the only one."""
    given = card.get("seeds")
    if isinstance(given, list):
        return given[:asked]
    return list(range(asked or given or _QUICK_SEEDS))


def _run(
    experiment: str, card: Mapping[str, Any], seed: int, folder: Path
) -> tuple[TrainingResult, Trained]:
    config = plain(compose_experiment(experiment, card["overrides"], seed).config)

    from phytotron.runs.run import run

    # With separate checkpoints: a training that continued from older ones would seem too short.
    scratch = folder / "scratch"
    outcome = run(config, folder / f"seed-{seed}", scratch=scratch)
    shutil.rmtree(scratch, ignore_errors=True)
    if outcome is None:
        raise UserError("is trained by several processes", where=experiment, allowed="one process")
    result, trained = outcome
    metric = card["metric"]
    if metric not in trained.metrics:
        raise UserError(
            f"the run has no metric '{metric}'",
            where=f"{experiment}: card.metric",
            allowed=", ".join(sorted(trained.metrics)),
            hint=did_you_mean(metric, trained.metrics),
        )
    score, seconds = trained.metrics[metric], result.seconds
    if not math.isfinite(score):
        raise UserError(f"{metric} is {score} with seed {seed}", where=experiment)
    print(f"{experiment}: seed {seed}: {metric} {score:.4g} in {seconds:.1f} s", flush=True)
    return outcome


def _draw(trained: Trained, folder: Path) -> list[Path]:
    from phytotron.runs.run import draw_figures

    return draw_figures(trained, folder)


def _result(
    experiment: str,
    preset: str | None,
    card: Mapping[str, Any],
    seeds: list[int],
    outcomes: Sequence[tuple[TrainingResult, Trained]],
    mark: str,
) -> Result:
    from phytotron.machine import hardware, peak_memory_mb, versions
    from phytotron.tracking.provenance import commit

    results, models = zip(*outcomes, strict=True)
    last = results[-1]
    metrics = {
        name: spread([trained.metrics[name] for trained in models])
        for name in sorted(models[0].metrics)
        if all(math.isfinite(trained.metrics.get(name, math.nan)) for trained in models)
    }
    seconds = spread([round(result.seconds, 3) for result in results])
    samples = sum(result.samples for result in results)
    revision, dirty = commit()
    goal, target = card["goal"], float(card["target"])
    return Result(
        experiment=experiment,
        preset=preset,
        metric=card["metric"],
        goal=goal,
        target=target,
        reached=is_reached(metrics[card["metric"]].mean, goal, target),
        metrics=metrics,
        seeds=seeds,
        seconds=seconds,
        peak_memory_mb=round(peak_memory_mb()),
        samples_per_second=round(samples / max(sum(seconds.values), 1e-3), 1),
        parameters=last.parameters,
        epochs=last.epochs,
        steps=last.steps,
        hardware=hardware(),
        versions=versions(),
        commit=revision,
        dirty=dirty,
        date=datetime.now(UTC).date().isoformat(),
        fingerprint=mark,
    )


def _write_history(path: Path, history: Sequence[Mapping[str, Any]]) -> None:
    """The history of a seed as a table; a long one is thinned evenly and keeps its last row."""
    step = -(-len(history) // _ROWS) or 1
    rows = list(history[::-1][::step][::-1])
    columns = list(dict.fromkeys(key for row in rows for key in row)) or ["epoch"]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def verdict(result: Result) -> str:
    """One line: whether the target is reached, by which number."""
    word = "reached" if result.reached else "MISSED"
    sign = "≥" if result.goal == "max" else "≤"
    count = len(result.seeds)
    return (
        f"{result.experiment}: {word}: {result.metric} {result.score} "
        f"(target {sign} {result.target:g}; "
        f"{count} {'seed' if count == 1 else 'seeds'}, {result.seconds.mean:.1f} s each, "
        f"{result.peak_memory_mb:.0f} MB) → {result_file(result.experiment, result.preset)}"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status 0 when a result was written, reached or not; 2 for a user's mistake."""
    parser = argparse.ArgumentParser(prog="python -m phytotron.zoo.measure", description=__doc__)
    parser.add_argument("experiment")
    parser.add_argument("--preset")
    parser.add_argument("--seeds", type=int)
    arguments = parser.parse_args(argv)
    try:
        print(verdict(measure(arguments.experiment, arguments.preset, arguments.seeds)), flush=True)
    except Exception as error:
        answered = answer(error)
        if answered is None:
            traceback.print_exc()
            return 1
        text, status = answered
        print(f"{arguments.experiment}: {text}", file=sys.stderr)
        return status
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
