"""The files of measured numbers: `zoo/results/<experiment>.json`, written by `verify`.

A result holds a checksum of its content, which finds accidents: a number that was changed in
passing, a merge that mixed two results, half a file. It is no proof that the number was measured,
since whoever edits a file can compute the checksum anew; the nightly verification is.

`phytotron list` reads all of these files, so this module imports little.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from phytotron.errors import UserError

RESULTS = Path("zoo/results")


def full_name(experiment: str, preset: str | None) -> str:
    """The name of an experiment's files, such as `vision/lenet5` or `vision/lenet5.full`."""
    return f"{experiment}.{preset}" if preset else experiment


def result_file(experiment: str, preset: str | None = None) -> Path:
    """Where the result of an experiment lives."""
    return RESULTS / f"{full_name(experiment, preset)}.json"


def target_of(card: Mapping[str, Any]) -> dict[str, Any]:
    """What a verdict depends on besides the measured values, from a card or a result.

    A result that was compared with something else is stale: whoever changes a target afterwards
    must verify again.
    """
    found = {key: card.get(key) for key in ("metric", "goal", "target", "origin")}
    return found | {"target": float(card["target"])}


def read_content(path: Path) -> dict[str, Any]:
    """The content of a result's file without its checksum, which is compared.

    Raises:
        UserError: the file is not what `verify` wrote.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        is_whole = content.pop("sha256") == checksum(content)
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise UserError(
            f"is no result of a verification ({error})", where=path.as_posix()
        ) from None
    if not is_whole:
        raise edited_by_hand(path)
    return content


def checksum(content: dict[str, Any]) -> str:
    """The SHA-256 of a result's content, as 64 hexadecimal digits."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def edited_by_hand(path: Path) -> UserError:
    """What to answer where a file is not what `verify` wrote."""
    return UserError(
        "was edited by hand: its content does not match its own hash",
        where=path.as_posix(),
        hint=f"measure it again: phytotron verify {_name(path)}",
    )


def _name(path: Path) -> str:
    """What to verify for a file: `vision/lenet5 --preset full` for `vision/lenet5.full.json`."""
    inside = path.relative_to(RESULTS) if path.is_relative_to(RESULTS) else Path(path.name)
    experiment, _, preset = inside.with_suffix("").as_posix().partition(".")
    return f"{experiment} --preset {preset}" if preset else experiment
