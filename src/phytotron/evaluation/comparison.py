"""The contenders against the baseline, and who wins."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from phytotron.errors import UserError, did_you_mean
from phytotron.evaluation.bootstrap import interval, resample
from phytotron.evaluation.pages import Counts, accuracy, macro_f1, page_counts
from phytotron.evaluation.paired import holm, permutation_test
from phytotron.evaluation.predictions import Predictions


def compare(
    contenders: Mapping[str, Predictions],
    baseline: str,
    *,
    alpha: float,
    permutations: int,
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    """Test each contender against the baseline on the same test set.

    `p_value` is that of a contender alone; it is `better` when its macro-F1 is the higher one and
    the p-value, corrected by Holm for the number of contenders, is at most `alpha`. The winner has
    the highest macro-F1 of those that are better; if none is, it is the baseline. But for `better`,
    what is said about one contender does not depend on which others there are.

    Args:
        contenders: the predictions of each experiment, the baseline's among them.
        baseline: the experiment that the others have to beat.
        alpha: level of the paired tests together, between 0 and 1.
        permutations: random swaps of each paired test.
        resamples: bootstrap resamples of the 95 % intervals.
        seed: of the swaps and resamples.

    Returns:
        What `results/comparison.json` holds. The baseline's own `difference`, interval and
        `p_value` are None. A single experiment is the winner without a test, and `baseline` is None
        if it is another one.

    Raises:
        UserError: the test sets differ, the baseline is not among several contenders, or so few
            permutations can never reach `alpha`.
    """
    test_set = _common_test_set(contenders)
    if len(contenders) > 1:
        _check(list(contenders), baseline, alpha, permutations)
    counts = {experiment: _counts(predictions) for experiment, predictions in contenders.items()}
    resampled = {experiment: resample(each, resamples, seed) for experiment, each in counts.items()}

    rows = {}
    for experiment in contenders:
        row = {"experiment": experiment, **_scores(counts[experiment], resampled[experiment])}
        row |= dict.fromkeys(["difference", "difference_low", "difference_high", "p_value"])
        row["better"] = False
        if baseline in contenders and experiment != baseline:
            differences = macro_f1(resampled[experiment]) - macro_f1(resampled[baseline])
            row["difference"] = row["macro_f1"] - float(macro_f1(counts[baseline].total()))
            row["difference_low"], row["difference_high"] = interval(differences)
            row["p_value"] = permutation_test(
                counts[experiment], counts[baseline], permutations, seed
            )
        rows[experiment] = row

    tested = [row for row in rows.values() if row["p_value"] is not None]
    for row, p_value in zip(tested, holm([row["p_value"] for row in tested]), strict=True):
        row["better"] = bool(row["difference"] > 0 and p_value <= alpha)
    ranked = sorted(rows.values(), key=lambda row: -row["macro_f1"])
    better = [row["experiment"] for row in ranked if row["better"]]
    known_baseline = baseline if baseline in contenders else None
    return {
        "baseline": known_baseline,
        "winner": better[0] if better else known_baseline or ranked[0]["experiment"],
        "test_set": test_set,
        "contenders": ranked,
    }


def _counts(predictions: Predictions) -> Counts:
    return page_counts(
        predictions.urls, predictions.actual, predictions.predicted, len(predictions.labels)
    )


def _scores(counts: Counts, resampled: Counts) -> dict[str, Any]:
    low, high = interval(macro_f1(resampled))
    total = counts.total()
    return {
        "macro_f1": float(macro_f1(total)),
        "macro_f1_low": low,
        "macro_f1_high": high,
        "accuracy": float(accuracy(total)),
    }


def _common_test_set(contenders: Mapping[str, Predictions]) -> str:
    hashes = {experiment: each.test_set() for experiment, each in contenders.items()}
    if len(set(hashes.values())) > 1:
        found = ", ".join(f"{experiment} {digest[:12]}" for experiment, digest in hashes.items())
        raise UserError(
            f"the experiments were evaluated on different test sets: {found}",
            hint="run: dvc repro",
        )
    return next(iter(hashes.values()))


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
            f"with {len(experiments) - 1} contenders",
            where="conf/pipeline.yaml: compare.permutations",
            allowed=f"{least} or more",
        )
