"""The experiments that the zoo verifies: those with a target, and their presets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from phytotron.config.cards import check_card
from phytotron.config.experiments import experiment_file, experiment_ids, read_experiment
from phytotron.errors import UserError, did_you_mean

# Without a number of seeds on the card.
SEEDS = 5


def seeds_of(card: Mapping[str, Any]) -> list[int]:
    """The seeds that an experiment is verified with; they do not depend on the machine."""
    given = card.get("seeds") or SEEDS
    return list(given) if isinstance(given, list) else list(range(given))


def zoo_ids() -> list[str]:
    """The ids of all experiments that have a target of their own, sorted."""
    return [name for name in experiment_ids() if has_target(name)]


def has_target(experiment: str) -> bool:
    """Whether the card of an experiment names a target; one without is compared, not verified."""
    return (read_experiment(experiment).get("card") or {}).get("target") is not None


def read_card(experiment: str) -> dict[str, Any]:
    """The card of an experiment, checked, from its own file."""
    content = read_experiment(experiment)
    card = content.get("card") or {}
    check_card(experiment_file(experiment), card)
    return card


def read_preset(experiment: str, preset: str | None) -> dict[str, Any]:
    """The card with a preset's `overrides`, target and seeds in the place of the file's.

    Raises:
        UserError: there is no such experiment or preset.
    """
    card = read_card(experiment)
    if preset is None:
        return card | {"overrides": []}
    if preset not in (known := card.get("presets") or {}):
        raise UserError(
            f"no preset '{preset}'",
            where=experiment_file(experiment).as_posix(),
            allowed=", ".join(known) or "none: its card has no presets",
            hint=did_you_mean(preset, known),
        )
    return preset_card(card, preset)


def preset_card(card: Mapping[str, Any], preset: str | None) -> dict[str, Any]:
    """A card with a preset's values in the place of the file's; None: the card as it is."""
    if preset is None:
        return dict(card)
    # What was tried for the file's own target says nothing of the preset's.
    return {**card, "tried": None, **card["presets"][preset]}


def preset_overrides(experiment: str, preset: str | None) -> list[str]:
    """The overrides that a preset stands for."""
    return list(read_preset(experiment, preset)["overrides"])


def choose(patterns: Sequence[str], part: tuple[int, int] | None = None) -> list[str]:
    """The experiments of the zoo that match.

    Args:
        patterns: ids, or globs such as `scratch/*`; empty for all.
        part: (k, n) for the k-th of n parts, counted from 1, of about equal size.

    Raises:
        UserError: a pattern matches nothing.
    """
    known = zoo_ids()
    chosen = set() if patterns else set(known)
    for pattern in patterns:
        found = [name for name in known if fnmatchcase(name, pattern)]
        if not found:
            if any(fnmatchcase(name, pattern) for name in experiment_ids()):
                raise UserError(
                    f"'{pattern}' has no target in its card: it is compared, not verified",
                    hint="name it in params.yaml and run: dvc repro",
                )
            raise UserError(
                f"no experiment matches '{pattern}'",
                hint=did_you_mean(pattern, known) or "see them with: phytotron list",
            )
        chosen.update(found)
    ordered = sorted(chosen)
    return ordered if part is None else ordered[part[0] - 1 :: part[1]]
