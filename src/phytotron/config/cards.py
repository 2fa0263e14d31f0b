"""Checks on cards: what an experiment claims, and by which number the claim is measured.

A wrong key or value is an error at its line, when the experiment is composed and not after hours
of training.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from phytotron.config.catalogue import catalogue, nearest_id
from phytotron.config.yaml_positions import places
from phytotron.errors import UserError, did_you_mean

# The conformance checks (tests/conformance), each with what it asks of an experiment.
CHECKS = {
    "gradient": "every trainable parameter receives a gradient",
    "overfit": "learns one batch by heart",
    "repeat": "the same seed gives the same result twice",
    "reload": "saved and loaded, it gives the same output",
    "resume": "interrupted and resumed, it ends as if never interrupted",
    "export": "exports where it says that it can",
    "tiny": "its tiny variant runs from end to end",
}

# What a card must have that claims a target, which `phytotron verify` measures it against.
REQUIRED = ("catalogue", "reference", "metric", "goal", "target")

_GOALS = ("max", "min")
_SPLITS = ("train", "val", "test")


def check_card(path: Path, card: Mapping[str, Any] | None) -> None:
    """Check the card of an experiment.

    Args:
        path: the experiment's file, under `conf/experiment/`.
        card: its content, as ordinary or OmegaConf containers.

    Raises:
        UserError: a key is unknown or missing, or a value is of the wrong kind; names file, line
            and key, what is allowed, and the nearest match.
    """
    card = card or {}
    for key, value in card.items():
        if key not in _KEYS:
            raise _error(path, key, "unknown key", _listed(_KEYS), did_you_mean(key, _KEYS))
        if value is not None:
            _KEYS[key](path, key, value)
    # A row of the catalogue is claimed, and so is a target: one without the other is a mistake.
    claims = card.get("catalogue") is not None or card.get("target") is not None
    for key in REQUIRED if claims else ():
        if card.get(key) is None:
            raise _error(path, key, "is missing", f"a card with {_listed(REQUIRED)}", None)


def _error(path: Path, key: str, what: str, allowed: str | None, hint: str | None) -> UserError:
    """The error at the key's line; one that is missing, at the line of what it is missing from."""
    full = f"card.{key}"
    known = {place.key: place.line for place in places(path)}
    at = full
    while at not in known and "." in at:
        at = at.rpartition(".")[0]
    where = f"{path.as_posix()}:{known.get(at, 1)}"
    return UserError(f"{full}: {what}", where=where, allowed=allowed, hint=hint)


def _listed(words: Any) -> str:
    return ", ".join(words)


def _shown(value: Any) -> str:
    return f"is {value!r}"


def _text(path: Path, key: str, value: Any) -> None:
    if not isinstance(value, str) or not value.strip():
        raise _error(path, key, _shown(value), "a text", None)


def _number(path: Path, key: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise _error(path, key, _shown(value), "a number, such as 0.9", None)


def _count(path: Path, key: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _error(path, key, _shown(value), "a whole number from 1", None)


def _seeds(path: Path, key: str, value: Any) -> None:
    listed = value if _is_list(value) else [value]
    if not listed or any(isinstance(seed, bool) or not isinstance(seed, int) for seed in listed):
        raise _error(path, key, _shown(value), "how many, or a list of seeds", None)
    if not _is_list(value):
        _count(path, key, value)


def _is_list(value: Any) -> bool:
    return hasattr(value, "__iter__") and not isinstance(value, str) and not _is_mapping(value)


def _texts(path: Path, key: str, value: Any) -> None:
    if not _is_list(value):
        raise _error(path, key, _shown(value), "a list of texts", None)
    for item in value:
        if not isinstance(item, str):
            raise _error(path, key, f"holds {item!r}", "a list of texts", None)


def _overrides(path: Path, key: str, value: Any) -> None:
    _texts(path, key, value)
    for item in value:
        if "=" not in item and not item.startswith("~"):
            raise _error(
                path, key, f"holds {item!r}", "overrides such as trainer.max_epochs=2", None
            )


def _choice(*known: str) -> Callable[[Path, str, Any], None]:
    def check(path: Path, key: str, value: Any) -> None:
        if value not in known:
            raise _error(path, key, _shown(value), _listed(known), did_you_mean(str(value), known))

    return check


def _catalogue(path: Path, key: str, value: Any) -> None:
    _texts(path, key, value)
    for item in value:
        if item not in catalogue():
            what = f"'{item}' is not in the catalogue"
            raise _error(path, key, what, "ids such as C14", nearest_id(item))


def _metric(path: Path, key: str, value: Any) -> None:
    _text(path, key, value)
    split, slash, name = value.partition("/")
    if split not in _SPLITS or not slash or not name:
        what = f"'{value}' does not say on which split it is measured"
        hint = f"did you mean 'test/{re.sub(r'.*[/_]', '', value)}'?"
        raise _error(path, key, what, _listed(f"{split}/..." for split in _SPLITS), hint)


def _presets(path: Path, key: str, value: Any) -> None:
    if not _is_mapping(value):
        raise _error(path, key, _shown(value), "a mapping from names to presets", None)
    for name, preset in value.items():
        inner = f"{key}.{name}"
        if not _is_mapping(preset):
            raise _error(path, inner, _shown(preset), _listed(_PRESET_KEYS), None)
        for item, content in preset.items():
            full = f"{inner}.{item}"
            if item not in _PRESET_KEYS:
                hint = did_you_mean(item, _PRESET_KEYS)
                raise _error(path, full, "unknown key", _listed(_PRESET_KEYS), hint)
            _PRESET_KEYS[item](path, full, content)
        for item in ("overrides", "target"):
            if preset.get(item) is None:
                raise _error(path, f"{inner}.{item}", "is missing", "overrides and a target", None)


def _skip(path: Path, key: str, value: Any) -> None:
    if not _is_mapping(value):
        raise _error(path, key, _shown(value), "a mapping from checks to reasons", None)
    for check, reason in value.items():
        full = f"{key}.{check}"
        if check not in CHECKS:
            raise _error(path, full, "no such check", _listed(CHECKS), did_you_mean(check, CHECKS))
        if not isinstance(reason, str) or not reason.strip():
            raise _error(path, full, _shown(reason), "the reason, as a text", None)


def _exports(path: Path, key: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise _error(path, key, _shown(value), "true or false", None)


def _is_mapping(value: Any) -> bool:
    return hasattr(value, "items")


_PRESET_KEYS: dict[str, Callable[[Path, str, Any], None]] = {
    "overrides": _overrides,
    "target": _number,
    "seeds": _seeds,
    "notes": _text,
}

_KEYS: dict[str, Callable[[Path, str, Any], None]] = {
    "catalogue": _catalogue,
    "reference": _text,
    "metric": _metric,
    "goal": _choice(*_GOALS),
    "target": _number,
    "seeds": _seeds,
    "tiny": _overrides,
    "presets": _presets,
    "skip": _skip,
    "exports": _exports,
    "notes": _text,
}
