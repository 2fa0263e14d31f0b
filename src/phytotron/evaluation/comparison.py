"""The experiments against the baseline, and which of them is selected."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phytotron.errors import UserError, did_you_mean
from phytotron.evaluation.paired import holm, permutation_test
from phytotron.evaluation.predictions import FILE, Predictions, load
from phytotron.evaluation.statistics import Counts, Metric, Sums, accuracy, interval, resample
from phytotron.files import read_json

_DIFFERENCE = ("difference", "difference_low", "difference_high", "p_value")


@dataclass(frozen=True)
class Measured:
    """An experiment that was evaluated.

    Attributes:
        value: of the metric.
        predictions: for each test sample, if the metric follows from them; else None.
    """

    value: float
    predictions: Predictions | None


def read_measured(evaluation: Path, metric: str) -> Measured:
    """What the stage `evaluate` found out about an experiment.

    Args:
        evaluation: its folder.
        metric: without the split.

    Raises:
        UserError: it was not evaluated, or not by this metric.
    """
    numbers = evaluation / "metrics.json"
    if (evaluation / FILE).exists() or not numbers.exists():
        predictions = load(evaluation / FILE)
        if metric in predictions.metrics:
            value = predictions.metrics[metric](predictions.statistics().total())
            return Measured(float(value), predictions)
    found = read_json(numbers) if numbers.exists() else {}
    if metric not in found:
        raise UserError(
            f"there is no {metric}", where=evaluation.as_posix(), hint="run: dvc repro evaluate"
        )
    return Measured(found[metric], None)


def compare(
    experiments: Mapping[str, Measured],
    baseline: str,
    *,
    metric: str,
    goal: str,
    alpha: float,
    permutations: int,
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    """Test each experiment against the baseline on the same test set.

    `p_value` is that of an experiment alone; it is `better` when its metric is the better one and
    the p-value, corrected by Holm for the number of tests, is at most `alpha`. Selected is the best
    of those that are better; if none is, the baseline. Apart from `better`, the row of an
    experiment does not depend on the others.

    An experiment whose metric does not follow from predictions for each sample is ranked by its
    value. It has no interval and no test, and is never better.

    Args:
        experiments: by id, the baseline among them.
        baseline: the experiment that the others have to beat.
        metric: what is compared, without the split.
        goal: `max` or `min`: which direction is better.
        alpha: level of the paired tests together, between 0 and 1.
        permutations: random swaps of each paired test.
        resamples: bootstrap resamples of the 95 % intervals.
        seed: of the swaps and resamples.

    Returns:
        What `results/comparison.json` holds. The baseline's own `difference`, interval and
        `p_value` are None. A single experiment is selected without a test, and `baseline` is None
        if it is another one.

    Raises:
        UserError: the test sets differ, the baseline is not among several experiments, or so few
            permutations can never reach `alpha`.
    """
    sign = 1 if goal == "max" else -1
    test_set = _common_test_set(experiments)
    if len(experiments) > 1:
        _check(list(experiments), baseline, alpha, permutations)
    statistics = {
        experiment: each.predictions.statistics()
        for experiment, each in experiments.items()
        if each.predictions is not None
    }
    resampled = {
        experiment: resample(each, resamples, seed) for experiment, each in statistics.items()
    }

    rows: dict[str, dict[str, Any]] = {}
    for experiment, measured in experiments.items():
        row: dict[str, Any] = {"experiment": experiment, metric: measured.value}
        function = measured.predictions.metrics[metric] if measured.predictions else None
        if function:
            row |= _scores(metric, function, statistics[experiment], resampled[experiment])
        row |= dict.fromkeys(_DIFFERENCE) | {"better": False}
        if baseline in experiments and experiment != baseline:
            row["difference"] = measured.value - experiments[baseline].value
            if function and baseline in statistics:
                differences = function(resampled[experiment]) - function(resampled[baseline])
                row["difference_low"], row["difference_high"] = interval(differences)
                row["p_value"] = permutation_test(
                    statistics[experiment], statistics[baseline], function, permutations, seed
                )
        rows[experiment] = row

    tested = [row for row in rows.values() if row["p_value"] is not None]
    for row, p_value in zip(tested, holm([row["p_value"] for row in tested]), strict=True):
        row["better"] = bool(sign * row["difference"] > 0 and p_value <= alpha)
    ranked = sorted(rows.values(), key=lambda row: -sign * row[metric])
    better = [row["experiment"] for row in ranked if row["better"]]
    known_baseline = baseline if baseline in experiments else None
    return {
        "metric": metric,
        "goal": goal,
        "baseline": known_baseline,
        "selected": better[0] if better else known_baseline or ranked[0]["experiment"],
        "test_set": test_set,
        "experiments": ranked,
    }


def _scores(
    name: str, metric: Metric, statistics: Counts | Sums, resampled: Counts | Sums
) -> dict[str, Any]:
    """The interval of the metric, and the accuracy of a classifier."""
    low, high = interval(metric(resampled))
    row = {f"{name}_low": low, f"{name}_high": high}
    if isinstance(statistics, Counts):
        row["accuracy"] = float(accuracy(statistics.total()))
    return row


def _common_test_set(experiments: Mapping[str, Measured]) -> str | None:
    """The hash of the test set; None where no experiment has predictions for each sample."""
    hashes = {
        experiment: each.predictions.test_set()
        for experiment, each in experiments.items()
        if each.predictions is not None
    }
    if len(set(hashes.values())) > 1:
        found = ", ".join(f"{experiment} {digest[:12]}" for experiment, digest in hashes.items())
        raise UserError(
            f"the experiments were evaluated on different test sets: {found}",
            hint="run: dvc repro",
        )
    return next(iter(hashes.values()), None)


def _check(experiments: list[str], baseline: str, alpha: float, permutations: int) -> None:
    if baseline not in experiments:
        raise UserError(
            f"the baseline '{baseline}' is not among the experiments",
            where="conf/pipeline.yaml: compare.baseline",
            allowed=", ".join(experiments),
            hint=did_you_mean(baseline, experiments),
        )
    if not 0 < alpha < 1:
        raise UserError(
            f"alpha is {alpha}", where="conf/pipeline.yaml: compare.alpha", allowed="0 < alpha < 1"
        )
    # Holm multiplies the smallest p-value by the number of tests.
    least = math.ceil((len(experiments) - 1) / alpha) - 1
    if permutations < least:
        raise UserError(
            f"{permutations} permutations can never show a difference at the level {alpha} "
            f"with {len(experiments) - 1} experiments to test",
            where="conf/pipeline.yaml: compare.permutations",
            allowed=f"{least} or more",
        )
