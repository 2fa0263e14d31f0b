"""Names of components and figures in a composed config.

`model.activation: selu` stands for the content of `conf/activation/selu.yaml`: the key's ending
says in which folder the name is looked up. With values of its own for some keys of that file it
reads `model.activation: {name: leaky_relu, negative_slope: 0.2}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from phytotron.config.check import check_value, component_key, key_paths
from phytotron.config.components import KINDS, resolve
from phytotron.config.yaml_positions import set_at
from phytotron.errors import UserError, did_you_mean

# The folder whose subfolders hold the figures: those of one family, and `common` ones.
FIGURES = Path(__file__).parents[1] / "figures"


def replace_names(
    config: DictConfig, sources: Sequence[tuple[Path, str]], overrides: Mapping[str, str]
) -> DictConfig:
    """The config with the nodes that its names of components stand for.

    A list of metrics becomes a mapping from their names to their nodes.

    Args:
        config: a resolved config.
        sources: the files that it was merged from, see `Composed`.
        overrides: the overrides that apply, by key.

    Raises:
        UserError: there is no component or figure of a name; says where the name stands.
    """

    def where(key: str) -> str:
        if key in overrides:
            return f"override '{overrides[key]}'"
        place = set_at(sources, key)
        return f"{place}: {key}" if place else key

    replaced = config.copy()
    for key in list(key_paths(config)):
        if component_key(key) == key:
            value = OmegaConf.select(config, key)
            if OmegaConf.is_config(value):
                value = OmegaConf.to_container(value)
            kind = KINDS[key.rpartition(".")[2].rpartition("_")[2]]
            OmegaConf.update(replaced, key, _node(kind, value, where(key)), merge=False)
    for name in config.get("figures") or ():
        if name not in (known := figure_names()):
            raise UserError(
                f"no figure '{name}'",
                where=where("figures"),
                allowed=", ".join(known),
                hint=did_you_mean(name, known),
            )
    OmegaConf.resolve(replaced)
    return replaced


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


def _node(kind: str, value: Any, where: str) -> Any:
    """What stands for a name, a list of names, or a name with values of its own."""
    if isinstance(value, list):
        named = [item if isinstance(item, Mapping) else {"name": item} for item in value]
        return {item["name"]: _node(kind, item, where) for item in named}
    if isinstance(value, str):
        return resolve(kind, value, where)
    if isinstance(value, Mapping) and "name" in value:
        node = resolve(kind, value["name"], where)
        for key, own in value.items():
            if key == "name":
                continue
            if key not in node:
                known = [name for name in node if not name.startswith("_")]
                raise UserError(
                    f"the {kind} '{value['name']}' has no key '{key}'",
                    where=where,
                    allowed=", ".join(known) or "no keys",
                    hint=did_you_mean(key, known),
                )
            check_value(key, node[key], own, where=where)
            node[key] = own
        return node
    return value  # null, or a node that says itself what it is
