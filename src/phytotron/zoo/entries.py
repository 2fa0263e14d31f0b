"""The experiments of the zoo with their targets and what was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from phytotron.config.catalogue import Source, catalogue
from phytotron.config.experiments import (
    CONF,
    experiment_file,
    group_choices,
    load_yaml,
    read_experiment,
)
from phytotron.config.families import family
from phytotron.config.presets import read_preset, zoo_ids
from phytotron.runs.listing import STALE, UNVERIFIED, staleness, title
from phytotron.runs.result_files import full_name, target_of
from phytotron.runs.results import Result, last_result


@dataclass(frozen=True)
class ZooEntry:
    """One experiment, or one preset of it.

    Attributes:
        experiment: its id.
        preset: the preset; None: the file itself.
        title: what the first comment of the file says.
        data: the choice of the group `data`, if it makes one.
        model: the class or function that builds what is trained, such as
            `phytotron.models.dense.mlp.MLP`; None where the file names none.
        card: with the preset's target in the place of the file's.
        result: what was measured last; None when nothing was, or the metric is another one now.
        state: the result's verdict, STALE (measured with other code or another config, or compared
            with another target) or UNVERIFIED.
    """

    experiment: str
    preset: str | None
    title: str
    data: str | None
    model: str | None
    card: dict[str, Any]
    result: Result | None
    state: str

    @property
    def name(self) -> str:
        """Such as `vision/lenet5`, or `vision/lenet5.full` for a preset."""
        return full_name(self.experiment, self.preset)

    @property
    def notes(self) -> str | None:
        """The notes of this file or preset; a preset does not repeat the notes of its file."""
        of = self.card["presets"][self.preset] if self.preset else self.card
        return of.get("notes")

    @property
    def sources(self) -> list[Source]:
        """Where the books describe the rows of its card, book by book."""
        found = [source for row in self.card["catalogue"] for source in catalogue()[row].sources]
        return sorted(dict.fromkeys(found), key=lambda source: source.book.id)

    @property
    def family(self) -> str:
        """See `phytotron.config.families`."""
        return family(self.experiment)


def zoo_entries(stale: Callable[[Result], bool] | None = None) -> Iterator[ZooEntry]:
    """Every experiment of the zoo, each followed by its presets.

    Args:
        stale: whether a result is out of date; None: by its fingerprint.

    Raises:
        UserError: a mistake in a card, or a result that was edited by hand.
    """
    stale = stale or staleness()
    for experiment in zoo_ids():
        content = read_experiment(experiment)
        choices = group_choices(content)
        model = _model(content, choices)
        text = title(experiment_file(experiment))
        for preset in (None, *read_preset(experiment, None).get("presets", {})):
            card = read_preset(experiment, preset)
            result = last_result(experiment, preset)
            if result is not None and card["metric"] not in result.metrics:
                result = None
            if result is None:
                state = UNVERIFIED
            else:
                same = target_of(vars(result)) == target_of(card)
                state = result.verdict if same and not stale(result) else STALE
            yield ZooEntry(
                experiment, preset, text, choices.get("data"), model, card, result, state
            )


def _model(content: dict[str, Any], choices: dict[str, str]) -> str | None:
    """The `_target_` of the model: the experiment's own, else that of the file it chooses."""
    target = (content.get("model") or {}).get("_target_")
    path = CONF / "model" / f"{choices.get('model')}.yaml"
    if target is None and path.is_file():
        target = load_yaml(path).get("_target_")
    return target
