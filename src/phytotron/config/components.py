"""The registry of components is folders of `conf/`: one file, one activation, loss, optimizer, ...

The first line of a file is `# Title (source): formula.`; the comment lines right below it are
notes, and one of them may be `# Catalogue: D03`. Its content is a node with a `_target_`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from phytotron.config.experiments import CONF, load_yaml
from phytotron.errors import UserError, did_you_mean
from phytotron.tables import text_table

# What a config key ends in, and the folder of `conf/` in which its name is looked up. The key of
# metrics is plural, as their value is a list; `card.metric` is a key of a run's results.
KINDS = {
    "activation": "activation",
    "initializer": "initializer",
    "loss": "loss",
    "regularizer": "regularizer",
    "normalization": "normalization",
    "optimizer": "optimizer",
    "scheduler": "scheduler",
    "augmentation": "augmentation",
    "metrics": "metric",
}

# What people call them, as in `phytotron list activations`.
PLURALS = {("losses" if kind == "loss" else f"{kind}s"): kind for kind in KINDS.values()}

_TITLE = re.compile(r"(?P<title>[^(:]+?)(?: \((?P<source>[^)]*)\))?(?:: (?P<formula>.+?))?\.?")
_COLUMNS = ("id", "title", "source", "formula")


def component_names(kind: str) -> list[str]:
    """The names of one kind, sorted.

    Args:
        kind: one of the folders in `KINDS`, such as `metric`.
    """
    return sorted(path.stem for path in (CONF / kind).glob("*.yaml"))


def resolve(kind: str, name: str, where: str | None = None) -> dict[str, Any]:
    """The config node that a name stands for.

    Args:
        kind: one of the folders in `KINDS`.
        name: such as `selu`.
        where: the file and line, or the key, that has the name.

    Raises:
        UserError: there is no such component.
    """
    known = component_names(kind)
    if name not in known:
        raise UserError(
            f"no {kind} '{name}'",
            where=where,
            allowed=", ".join(known),
            hint=did_you_mean(name, known),
        )
    return read_component(kind, name)


def read_component(kind: str, name: str) -> dict[str, Any]:
    """The content of a component's file, which must be there."""
    return load_yaml(_file(kind, name))


def list_components(kind: str) -> list[dict[str, Any]]:
    """What there is of one kind.

    Returns:
        Objects with `id` (its name in a config), `kind`, `title`, `formula`, `source`, `catalogue`
        (None where the file does not say) and `notes` (further comment lines as one text).
    """
    return [_row(kind, name) for name in component_names(kind)]


def _file(kind: str, name: str) -> Path:
    return CONF / kind / f"{name}.yaml"


def _row(kind: str, name: str) -> dict[str, Any]:
    comments = []
    for line in _file(kind, name).read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        comments.append(line.removeprefix("#").strip())
    match = _TITLE.fullmatch(comments[0] if comments else "")
    parts = match.groupdict() if match else {"title": name, "source": None, "formula": None}
    claims = [line.removeprefix("Catalogue: ") for line in comments if "Catalogue: " in line]
    notes = [line for line in comments[1:] if "Catalogue: " not in line]
    return {
        "id": name,
        "kind": kind,
        **parts,
        "catalogue": claims[0] if claims else None,
        "notes": " ".join(notes),
    }


def render_components(rows: list[dict[str, Any]]) -> str:
    """The rows as an aligned plain table."""
    return text_table([_COLUMNS, *([row[key] or "-" for key in _COLUMNS] for row in rows)])
