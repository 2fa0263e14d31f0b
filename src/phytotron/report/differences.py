"""In which config keys the experiments differ, and which they have in common."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# A card is no setting: it has no influence on the model.
NOT_A_SETTING = ("card",)


def flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of a config as (dotted key, value); a list or an empty mapping is a leaf."""
    for key, value in config.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            yield from flat(value, f"{path}.")
        else:
            yield path, value


@dataclass(frozen=True)
class Setting:
    """A config key with one text per config; None where a config has no such key."""

    key: str
    texts: list[str | None]

    @property
    def value(self) -> str:
        """The text of those that have the key, when they all have the same one."""
        return next(text for text in self.texts if text is not None)

    @property
    def absent(self) -> list[int]:
        """The positions of the configs that have no such key."""
        return [index for index, text in enumerate(self.texts) if text is None]


def compare_configs(configs: Sequence[Mapping[str, Any]]) -> tuple[list[Setting], list[Setting]]:
    """The settings that differ, and those that do not; both in the order of the configs.

    A config may do without a whole group, as an estimator does without an optimizer. The settings
    of such a group are compared among those that have it, and only its class is said to differ.
    """
    flats = [
        {key: value for key, value in flat(config) if group_of(key) not in NOT_A_SETTING}
        for config in configs
    ]
    groups = {group_of(key) for each in flats for key in each if "." in key}
    for each in flats:
        for group in groups & each.keys():
            if each[group] is None:
                del each[group]
    present = [{group_of(key) for key in each} for each in flats]

    differing: list[Setting] = []
    common: list[Setting] = []
    for key in sorted(
        {key for each in flats for key in each}, key=lambda key: _place(key, configs)
    ):
        texts = [as_text(each[key]) if key in each else None for each in flats]
        compared = {
            text for text, groups in zip(texts, present, strict=True) if group_of(key) in groups
        }
        partly = key.endswith("._target_") and None in texts
        (differing if len(compared) > 1 or partly else common).append(Setting(key, texts))
    return differing, common


def group_of(key: str) -> str:
    """`optimizer` of `optimizer.lr`."""
    return key.partition(".")[0]


def as_text(value: Any) -> str:
    """A value as it would stand in YAML, on one line."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _place(key: str, configs: Sequence[Mapping[str, Any]]) -> tuple[int, bool, str]:
    """Groups in the order of the configs, in each group the class first, then by name."""
    groups = [group for config in configs for group in config]
    group, _, rest = key.partition(".")
    return groups.index(group), rest != "_target_", rest
