"""`params.yaml`: what `dvc repro` builds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phytotron.config.experiments import load_yaml
from phytotron.config.yaml_positions import line_of
from phytotron.errors import UserError, did_you_mean

PARAMS = Path("params.yaml")


@dataclass(frozen=True)
class Params:
    """What to build.

    Attributes:
        site: the name of a file in `conf/site/`.
        experiments: ids of files in `conf/experiment/`.
        overrides: Hydra overrides for everything that has their key.
        seed: the root of all randomness, 0 or more.
    """

    site: str
    experiments: tuple[str, ...]
    overrides: tuple[str, ...]
    seed: int


def read_params(path: Path = PARAMS) -> Params:
    """Read and check `params.yaml`.

    Raises:
        UserError: an unknown or missing key, a value of the wrong type, no experiment at all, or
            one that is listed twice; each with its line.
    """
    if not path.exists():
        raise UserError(f"no file '{path}' here", hint="run this from the repository's root")
    content = load_yaml(path)
    if not isinstance(content, dict):
        raise UserError("holds no keys", where=str(path), allowed=", ".join(_CHECKS))
    for key in content:
        if key not in _CHECKS:
            raise UserError(
                f"unknown key '{key}'",
                where=_where(path, key),
                allowed=", ".join(_CHECKS),
                hint=did_you_mean(str(key), _CHECKS),
            )
    for key, (right, allowed) in _CHECKS.items():
        if key not in content:
            raise UserError(f"the key '{key}' is missing", where=str(path), allowed=allowed)
        if not right(content[key]):
            raise UserError(
                f"'{key}' is {content[key]!r}", where=_where(path, key), allowed=allowed
            )
    experiments = content["experiments"]
    twice = next((name for name in experiments if experiments.count(name) > 1), None)
    if twice:
        raise UserError(f"'{twice}' is listed twice", where=_where(path, "experiments"))
    return Params(content["site"], tuple(experiments), tuple(content["overrides"]), content["seed"])


def main() -> None:
    """Check `params.yaml` before DVC reads it: its own answers to a wrong type are hard to read."""
    try:
        read_params()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None


def _where(path: Path, key: str) -> str:
    return f"{path}:{line_of(path, str(key))}"


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "site": (lambda value: isinstance(value, str), "the name of a file in conf/site/"),
    "experiments": (
        lambda value: _is_texts(value) and len(value) > 0,
        "a list of at least one experiment, such as [router/tfidf]; see: phytotron list",
    ),
    "overrides": (_is_texts, 'a list of texts, such as ["trainer.max_epochs=1"], or []'),
    "seed": (
        lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0,
        "a whole number, 0 or more",
    ),
}

if __name__ == "__main__":
    main()
