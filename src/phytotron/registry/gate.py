"""The gate before the champion: is a candidate good enough, and better than what is in use?

Two models are compared on one test set. Where a version was measured on another one, it is loaded
from the registry and measured again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from phytotron.errors import UserError, did_you_mean
from phytotron.evaluation.paired import permutation_test
from phytotron.evaluation.predictions import ClassPredictions, Predictions
from phytotron.evaluation.statistics import Counts, count_classes
from phytotron.evaluation.tables import metric_name
from phytotron.registry.versions import Version, fact, facts, load_version
from phytotron.training.model_folder import SavedModel

_PERMUTATIONS, _SEED = 2000, 0


@dataclass(frozen=True)
class Gate:
    """The config's group `register`, and what the pipeline compares by.

    Attributes:
        metric: without the split, such as `macro_f1`.
        goal: `max` or `min`: which direction is better.
        threshold: no model worse than this becomes champion.
        min_gain: by how much a candidate must beat the champion.
        on_incomparable: `promote` or `keep`: what happens when the two cannot be compared.
    """

    metric: str
    goal: str
    threshold: float
    min_gain: float
    on_incomparable: str

    @classmethod
    def from_config(cls, register: Mapping[str, Any], metric: str, goal: str) -> Gate:
        """The gate that the config describes.

        Args:
            register: the group `register`.
            metric: what is compared, without the split.
            goal: its direction.

        Raises:
            UserError: an unknown choice.
        """
        incomparable = register["on_incomparable"]
        _check_choice("register.on_incomparable", incomparable, ["promote", "keep"])
        threshold, min_gain = float(register["threshold"]), float(register["min_gain"])
        return cls(metric, goal, threshold, min_gain, incomparable)

    def gain(self, value: float, other: float) -> float:
        """By how much a value is better than another one."""
        return value - other if self.goal == "max" else other - value


@dataclass(frozen=True)
class Verdict:
    """Whether a candidate becomes champion, and why.

    Attributes:
        promote: the decision.
        reason: the same text for the same two models.
        numbers: what it is based on.
    """

    promote: bool
    reason: str
    numbers: dict[str, float] = field(default_factory=dict)


def decide(
    gate: Gate,
    candidate: Version,
    champion: Version | None,
    test_split: Callable[[], Predictions | None],
) -> Verdict:
    """Decide whether a candidate becomes champion.

    Args:
        gate: the conditions.
        candidate: the version that may become champion.
        champion: the version in use, if any.
        test_split: gives the present test split, as the predictions of any model on it; called
            only when the two were measured on different test sets. None: there are none.
    """
    name, shown = gate.metric, metric_name(gate.metric)
    value = _noted(candidate, name)
    if gate.gain(value, gate.threshold) < 0:
        side, limit = ("below", "least") if gate.goal == "max" else ("above", "most")
        reason = f"{shown} {value:.4f} is {side} the {limit} that is allowed, {gate.threshold:g}"
        return Verdict(False, reason, {name: value})
    if champion is None:
        side = "least" if gate.goal == "max" else "most"
        reason = f"the first champion: {shown} {value:.4f} is at {side} {gate.threshold:g}"
        return Verdict(True, reason, {name: value})
    numbers: dict[str, float] = {}
    other = f"the champion {fact(champion, 'experiment') or 'in use'}"
    if fact(candidate, "test_set") != fact(champion, "test_set"):
        measured = _measured_again(gate, candidate, champion, test_split())
        if isinstance(measured, str):
            reason = (
                f"{other} {measured}, so they cannot be compared: "
                f"register.on_incomparable is {gate.on_incomparable}"
            )
            return Verdict(gate.on_incomparable == "promote", reason, {name: value})
        value, old, numbers["p_value"] = measured
        other += ", measured anew on this test set,"
    else:
        noted = facts(champion, "metrics").get(name)
        if noted is None:
            reason = (
                f"{other} has no {shown}, so they cannot be compared: "
                f"register.on_incomparable is {gate.on_incomparable}"
            )
            return Verdict(gate.on_incomparable == "promote", reason, {name: value})
        old = float(noted)
    numbers |= {name: value, f"champion_{name}": old}
    gain = gate.gain(value, old)
    comparison = f"{shown} {value:.4f} against {old:.4f} of {other} is a gain of {gain:+.4f}"
    if "p_value" in numbers:
        comparison += f" (paired test: p = {numbers['p_value']:.4f})"
    if gain > gate.min_gain:
        return Verdict(True, comparison, numbers)
    return Verdict(False, f"{comparison}; it must be more than {gate.min_gain:g}", numbers)


def _measured_again(
    gate: Gate, candidate: Version, champion: Version, split: Predictions | None
) -> tuple[float, float, float] | str:
    """Both models on the present test split: their values, and the p-value of the difference.

    Or, in words, why the champion cannot be compared.
    """
    if split is None or split.texts is None or gate.metric not in split.metrics:
        return "was measured on another test set, whose samples cannot be asked again"
    if not isinstance(split, ClassPredictions):
        return "was measured on another test set"
    new_model, old_model = load_version(candidate), load_version(champion)
    new_labels, old_labels = set(new_model.labels or ()), set(old_model.labels or ())
    if not old_labels == new_labels == set(split.labels):
        return (
            f"knows other labels ({len(old_labels - new_labels)} are only its own, "
            f"{len(new_labels - old_labels)} only the candidate's)"
        )
    metric = split.metrics[gate.metric]
    new, old = (_statistics(model, split) for model in (new_model, old_model))
    p_value = permutation_test(new, old, metric, _PERMUTATIONS, _SEED)
    return float(metric(new.total())), float(metric(old.total())), p_value


def _noted(version: Version, name: str) -> float:
    value = facts(version, "metrics").get(name)
    if value is None:
        raise UserError(
            f"version {version.version} of '{version.name}' has no {name}: "
            "it was not registered by this pipeline",
            hint="pass by the gate with --force --why TEXT",
        )
    return float(value)


def _statistics(model: SavedModel, split: ClassPredictions) -> Counts:
    """Right and wrong predictions of a model on the split, page by page."""
    assert split.texts is not None
    ids = np.array([list(split.labels).index(label) for label in model.labels or ()])
    predicted = ids[model.predict(split.texts).argmax(axis=1)]
    groups = range(len(split)) if split.groups is None else split.groups
    return count_classes(groups, split.actual, predicted, len(split.labels))


def _check_choice(key: str, value: str, allowed: list[str]) -> None:
    if value not in allowed:
        raise UserError(
            f"'{value}' is no choice",
            where=f"conf/pipeline.yaml: {key}",
            allowed=", ".join(allowed),
            hint=did_you_mean(value, allowed),
        )
