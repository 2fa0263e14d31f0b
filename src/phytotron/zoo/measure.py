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
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phytotron.config.compose import compose_experiment
from phytotron.config.fingerprint import fingerprint
from phytotron.config.presets import read_preset, seeds_of
from phytotron.config.stage import plain
from phytotron.errors import UserError, answer, did_you_mean
from phytotron.files import replacing_folder
from phytotron.locks import locked
from phytotron.runs.result_files import full_name, target_of
from phytotron.runs.results import FIGURES, Result, last_result, spread, write_result
from phytotron.runs.verdict import MISSED, agreement, interval, verdict

if TYPE_CHECKING:  # torch is imported when what was asked for is known to be right
    from phytotron.evaluation.trained import Trained
    from phytotron.training.result import TrainingResult

RUNS = Path("build/zoo/runs")
LOCKS = Path("build/zoo/locks")
HISTORY = "history.csv"
RESULT = "result.json"
# The most rows of a history that are written: enough for a curve.
_ROWS = 200


def measure(experiment: str, preset: str | None = None, seeds: int | None = None) -> Result:
    """Run an experiment with several seeds, and write its result and figures.

    The result is `build/zoo/runs/<name>/result.json`. It becomes the record, `zoo/results/`, with
    its figures, unless that is better founded (see `weakness`). All is written when all seeds are
    done.

    Args:
        experiment: its id.
        preset: one of its card's presets; None: the file itself.
        seeds: the number of seeds, from 0 on; where the card lists seeds, the number of them that
            are run. None: what the card says.

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
        _check_baselines(experiment, card)
        runs: list[tuple[TrainingResult, dict[str, float]]] = []
        drawn: list[Path] = []
        baselines: dict[str, float] = {}
        for seed in chosen:
            training, trained = _run(experiment, card, seed, folder)
            if not runs:
                drawn = _draw(trained, folder)
                baselines = _baselines(card, trained)
            # The data and the models of all seeds together may be larger than the memory.
            runs.append((replace(training, model=None, data=None), trained.metrics))
            del trained
        result = _result(experiment, preset, card, chosen, runs, baselines, mark)
        write_result(result, folder / RESULT)
        record = last_result(experiment, preset)
        if record is not None:
            print(f"{experiment}: {_compared(record, result)}", flush=True)
        if why := weakness(result, record, len(seeds_of(card))):
            print(f"{experiment}: not recorded: {why}", flush=True)
            return result
        from phytotron.figures.png import copy_for_repository

        with replacing_folder(FIGURES / name) as figures:
            copy_for_repository(drawn, figures)
            _write_history(figures / HISTORY, runs[0][0].history)
        write_result(result)
    return result


def weakness(result: Result, record: Result | None, seeds: int) -> str | None:
    """Why a result does not become the record; None: it does.

    Args:
        result: what was measured now.
        record: what was measured last.
        seeds: the number of seeds that the card asks for.
    """
    count = len(result.seeds)
    if count < seeds:
        return f"{count} of the {seeds} seeds that the card asks for"
    if record is None or record.fingerprint != result.fingerprint:
        return None
    if target_of(vars(record)) != target_of(vars(result)):
        return None
    if count < len(record.seeds):
        return f"the record has {len(record.seeds)} seeds"
    if result.dirty and not record.dirty:
        return "the working tree has changes, and the record was measured without any"
    return None


def _compared(record: Result, result: Result) -> str:
    """Such as `was 0.9752 ± 0.0028 (3 seeds, 2026-11-21), is 0.9760 ± 0.0021: agrees`."""
    if record.metric != result.metric:
        return f"was measured in {record.metric}"
    answer = agreement(record.score.values, result.score.values)
    was = f"{record.score} ({_count(record.seeds)}, {record.date})"
    return f"was {was}, is {result.score} ({_count(result.seeds)}): {answer}"


def _count(seeds: Sequence[int]) -> str:
    return f"{len(seeds)} {'seed' if len(seeds) == 1 else 'seeds'}"


def _seeds(card: Mapping[str, Any], asked: int | None) -> list[int]:
    given = card.get("seeds")
    if isinstance(given, list):
        return given[:asked]
    return list(range(asked)) if asked else seeds_of(card)


def _check_baselines(experiment: str, card: Mapping[str, Any]) -> None:
    if card.get("baselines"):
        from phytotron.evaluation.baselines import check_baselines

        check_baselines(card["baselines"], card["metric"], experiment)


def _baselines(card: Mapping[str, Any], trained: Trained) -> dict[str, float]:
    if not card.get("baselines"):
        return {}
    from phytotron.evaluation.baselines import measure_baselines

    return measure_baselines(card["baselines"], card["metric"], trained)


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
    runs: Sequence[tuple[TrainingResult, Mapping[str, float]]],
    baselines: dict[str, float],
    mark: str,
) -> Result:
    from phytotron.machine import hardware, peak_memory_mb, versions
    from phytotron.tracking.provenance import commit

    results, measured = zip(*runs, strict=True)
    last = results[-1]
    metrics = {
        name: spread([each[name] for each in measured])
        for name in sorted(measured[0])
        if all(math.isfinite(each.get(name, math.nan)) for each in measured)
    }
    values = metrics[card["metric"]].values
    ends = interval(values)
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
        origin=card["origin"],
        source=card.get("source"),
        choices=card["choices"],
        verdict=verdict(values, goal, target),
        interval=list(ends) if ends else None,
        baselines=baselines,
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


def summary(result: Result) -> str:
    """One line: the verdict, and the numbers that it is made from."""
    word = "MISSED" if result.verdict == MISSED else result.verdict
    sign = "≥" if result.goal == "max" else "≤"
    ends = f", 95 % interval {_ends(result.interval)}" if result.interval else ""
    beside = "".join(f", {name} {value:.4g}" for name, value in result.baselines.items())
    return (
        f"{result.experiment}: {word}: {result.metric} {result.score} "
        f"(target {sign} {result.target:g}{ends}, worst {result.worst:.4g}{beside}; "
        f"{_count(result.seeds)}, {result.seconds.mean:.1f} s each, "
        f"{result.peak_memory_mb:.0f} MB)"
    )


def _ends(interval: Sequence[float]) -> str:
    return " to ".join(f"{end:.4g}" for end in interval)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status 0 when a result was written, reached or not; 2 for a user's mistake."""
    parser = argparse.ArgumentParser(prog="python -m phytotron.zoo.measure", description=__doc__)
    parser.add_argument("experiment")
    parser.add_argument("--preset")
    parser.add_argument("--seeds", type=int)
    arguments = parser.parse_args(argv)
    try:
        print(summary(measure(arguments.experiment, arguments.preset, arguments.seeds)), flush=True)
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
