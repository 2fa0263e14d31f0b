"""The gate before the champion: is a challenger good enough, and better than what is in use?

Two models are compared on one test set. Where a version was measured on another one, it is loaded
from the registry and measured again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from phytotron.errors import UserError, did_you_mean
from phytotron.evaluation import pages
from phytotron.evaluation.paired import permutation_test
from phytotron.evaluation.predictions import Predictions
from phytotron.registry.versions import Version, fact, facts, load_version
from phytotron.training.model_folder import TextModel

METRICS: dict[str, Callable[[pages.Counts], Any]] = {
    "accuracy": pages.accuracy,
    "macro_f1": pages.macro_f1,
}
_PERMUTATIONS, _SEED = 2000, 0


@dataclass(frozen=True)
class Gate:
    """The config's group `register`.

    Attributes:
        metric: what is compared, `accuracy` or `macro_f1`.
        min_value: no model below it becomes champion.
        min_gain: by how much a challenger must beat the champion.
        on_incomparable: `promote` or `keep`: what happens when the champion knows other labels.
    """

    metric: str
    min_value: float
    min_gain: float
    on_incomparable: str

    @classmethod
    def from_config(cls, register: Mapping[str, Any]) -> Gate:
        """The gate that the config describes.

        Raises:
            UserError: an unknown metric or an unknown choice.
        """
        _check_choice("register.metric", register["metric"], list(METRICS))
        incomparable = register["on_incomparable"]
        _check_choice("register.on_incomparable", incomparable, ["promote", "keep"])
        return cls(
            register["metric"],
            float(register["min_value"]),
            float(register["min_gain"]),
            incomparable,
        )


@dataclass(frozen=True)
class Verdict:
    """Whether a challenger becomes champion, and why.

    Attributes:
        promote: the decision.
        reason: says the same whenever it is asked again about the same models.
        numbers: what it is based on.
    """

    promote: bool
    reason: str
    numbers: dict[str, float] = field(default_factory=dict)


def judge(
    gate: Gate,
    challenger: Version,
    champion: Version | None,
    test_split: Callable[[], Predictions],
) -> Verdict:
    """Decide whether a challenger becomes champion.

    Args:
        gate: the conditions.
        challenger: the version that asks.
        champion: the version in use, if any.
        test_split: gives the present test split, as the predictions of any model on it; called
            only when the two were measured on different test sets.
    """
    name = gate.metric
    value = _noted(challenger, name)
    if value < gate.min_value:
        reason = f"{name} {value:.4f} is below the least that is allowed, {gate.min_value:g}"
        return Verdict(False, reason, {name: value})
    if champion is None:
        reason = f"the first champion: {name} {value:.4f} is at least {gate.min_value:g}"
        return Verdict(True, reason, {name: value})
    old, numbers = _noted(champion, name), {}
    rival = f"the champion {fact(champion, 'experiment') or 'in use'}"
    if fact(challenger, "test_set") != fact(champion, "test_set"):
        split, new_model, old_model = test_split(), load_version(challenger), load_version(champion)
        new_labels, old_labels = set(new_model.labels), set(old_model.labels)
        if not old_labels == new_labels == set(split.labels):
            reason = (
                f"{rival} knows other labels ({len(old_labels - new_labels)} are only its own, "
                f"{len(new_labels - old_labels)} only the challenger's), so they cannot be "
                f"compared: register.on_incomparable is {gate.on_incomparable}"
            )
            return Verdict(gate.on_incomparable == "promote", reason, {name: value})
        new, previous = _counts(new_model, split), _counts(old_model, split)
        value = float(METRICS[name](new.total()))
        old = float(METRICS[name](previous.total()))
        numbers["p_value"] = permutation_test(new, previous, _PERMUTATIONS, _SEED)
        rival += ", measured anew on this test set,"
    numbers |= {name: value, f"champion_{name}": old}
    gain = value - old
    comparison = f"{name} {value:.4f} against {old:.4f} of {rival} is a gain of {gain:+.4f}"
    if "p_value" in numbers:
        comparison += f" (paired test on macro-F1: p = {numbers['p_value']:.4f})"
    if gain > gate.min_gain:
        return Verdict(True, comparison, numbers)
    return Verdict(False, f"{comparison}; it must be more than {gate.min_gain:g}", numbers)


def _noted(version: Version, name: str) -> float:
    value = facts(version, "metrics").get(name)
    if value is None:
        raise UserError(
            f"version {version.version} of '{version.name}' has no {name}: "
            "it was not registered by this pipeline",
            hint="pass by the gate with --force --why TEXT",
        )
    return float(value)


def _counts(model: TextModel, split: Predictions) -> pages.Counts:
    """Right and wrong predictions of a model on the split, page by page."""
    ids = np.array([list(split.labels).index(label) for label in model.labels])
    predicted = ids[model.predict_proba(split.texts).argmax(axis=1)]
    return pages.page_counts(split.urls, split.actual, predicted, len(split.labels))


def _check_choice(key: str, value: str, allowed: list[str]) -> None:
    if value not in allowed:
        raise UserError(
            f"'{value}' is no choice",
            where=f"conf/pipeline.yaml: {key}",
            allowed=", ".join(allowed),
            hint=did_you_mean(value, allowed),
        )
