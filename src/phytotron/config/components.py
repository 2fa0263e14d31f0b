"""The registry of components is folders of `conf/`: one file, one activation, loss, optimizer, ...

The first line of a file is `# Title (source): formula.`; the comment lines right below it are
notes, and one of them may be `# Catalogue: D03`. Its content is a node with a `_target_`.

In an experiment, `model.activation: selu` stands for the content of `conf/activation/selu.yaml`:
the key's ending says in which folder the name is looked up. To change some keys of that file,
write `model.activation: {name: leaky_relu, negative_slope: 0.2}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from phytotron.config.experiments import CONF, load_yaml
from phytotron.config.keys import check_type
from phytotron.config.mistakes import wrong_value
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

# The folder whose subfolders hold the figures: those of one family, and `common` ones.
FIGURES = Path(__file__).parents[1] / "figures"

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
    # The title is the first line; notes end with the first line that is no comment.
    for line in _file(kind, name).read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        comments.append(line.removeprefix("#").strip())
    match = _TITLE.fullmatch(comments[0] if comments else "")
    parts = match.groupdict() if match else {"title": name, "source": None, "formula": None}
    ids = [line.removeprefix("Catalogue: ") for line in comments if "Catalogue: " in line]
    notes = [line for line in comments[1:] if "Catalogue: " not in line]
    return {
        "id": name,
        "kind": kind,
        **parts,
        "catalogue": ids[0] if ids else None,
        "notes": " ".join(notes),
    }


def replace_names(content: dict[str, Any], where: Callable[[str], str | None]) -> None:
    """Put the nodes that names of components stand for into a config, in place.

    A list of metrics becomes a mapping from their names to their nodes.

    Args:
        content: a resolved config.
        where: gives the place at which a key got its value, see `Composed.where`.

    Raises:
        UserError: there is no component or figure of a name; says where the name is.
    """
    for group in ("model", "task"):
        if isinstance(content.get(group), dict):
            _replace(content[group], group, where)
    if "${" in str(content):
        _resolve(content)
    figures = content.get("figures")
    for name in figures if isinstance(figures, list) else ():
        if name not in (known := figure_names()):
            place = where("figures")
            raise UserError(
                f"no figure '{name}'",
                where=f"{place}: figures" if place else "figures",
                allowed=", ".join(known),
                hint=did_you_mean(str(name), known),
            )


def _replace(node: dict[str, Any], prefix: str, where: Callable[[str], str | None]) -> None:
    """Replace the names in a mapping and in those inside; a node that is put in stays as it is."""
    for name, value in node.items():
        key = f"{prefix}.{name}"
        kind = KINDS.get(str(name).rpartition("_")[2])
        if kind is not None:
            node[name] = _node(kind, value, key, where)
        elif isinstance(value, dict):
            _replace(value, key, where)


def component_key(key: str) -> str | None:
    """The part of a dotted key that names a component of a network or a task, if there is one.

    `model.activation` does, and so does `model.activation.slope`, a key inside of the component.
    """
    parts = key.split(".")
    if parts[0] not in ("model", "task"):
        return None
    for position, part in enumerate(parts[1:], 2):
        if names_component(part):
            return ".".join(parts[:position])
    return None


def names_component(name: str) -> bool:
    """Whether a key with this name, such as `hidden_activation`, holds a component's name."""
    return name.rpartition("_")[2] in KINDS


def figure_names() -> list[str]:
    """The figures that an experiment may ask for, sorted."""
    return sorted(figure_modules())


def figure_modules() -> dict[str, str]:
    """Each figure's name with its module, such as `phytotron.figures.graph.node_map`."""
    return {
        path.stem: f"phytotron.figures.{path.parent.name}.{path.stem}"
        for path in FIGURES.glob("*/*.py")
        if path.stem != "__init__"
    }


def _node(kind: str, value: Any, key: str, where: Callable[[str], str | None]) -> Any:
    """What stands for a name, a list of names, or a name with some values changed."""
    # `metrics: [accuracy, {name: auc, average: null}]`
    if isinstance(value, list):
        nodes = {}
        for item in value:
            name = item.get("name") if isinstance(item, Mapping) else item
            if not isinstance(name, str):
                raise wrong_value(key, value, f"a list of names from conf/{kind}/", where(key))
            nodes[name] = _node(kind, item, key, where)
        return nodes
    if isinstance(value, str):
        return _named(kind, value, key, where)
    if isinstance(value, Mapping) and "name" in value:
        node = _named(kind, str(value["name"]), key, where)
        for name, own in value.items():
            if name == "name":
                continue
            # A key that the file does not have is no argument of the component.
            if name not in node:
                known = [name for name in node if not name.startswith("_")]
                raise UserError(
                    f"the {kind} '{value['name']}' has no key '{name}'",
                    where=_place(key, where),
                    allowed=", ".join(known) or "no keys",
                    hint=did_you_mean(str(name), known),
                )
            check_type(f"{key}.{name}", node[name], own, lambda _: where(key))
            node[name] = own
        return node
    return value  # null, or a node that says itself what it is


def _named(kind: str, name: str, key: str, where: Callable[[str], str | None]) -> dict[str, Any]:
    """The node of a name in a config; where the name stands is looked up only for an error."""
    if name in component_names(kind):
        return read_component(kind, name)
    return resolve(kind, name, _place(key, where))


def _place(key: str, where: Callable[[str], str | None]) -> str:
    """The place of a key as messages name it: an override, `file:line: key`, or the key alone."""
    place = where(key)
    return f"{place}: {key}" if place and not place.startswith("override") else place or key


def _resolve(content: dict[str, Any]) -> None:
    """Resolve what nodes ask of the rest of the config, such as `${trainer.max_epochs}`."""
    from omegaconf import OmegaConf  # here: few configs need it
    from omegaconf.errors import OmegaConfBaseException

    try:
        resolved: Any = OmegaConf.to_container(OmegaConf.create(content), resolve=True)
    except OmegaConfBaseException as error:
        raise UserError(str(error).splitlines()[0]) from error
    content.update(resolved)


def render_components(rows: list[dict[str, Any]]) -> str:
    """The rows as an aligned plain table."""
    return text_table([_COLUMNS, *([row[key] or "-" for key in _COLUMNS] for row in rows)])
