"""Hydra's overrides: `key=value`, `+key=value`, `~key` and `group=choice`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import ConfigAttributeError, ConfigKeyError

from phytotron.config.keys import check_type, key_paths, value_at
from phytotron.config.mistakes import first_line, unknown_key
from phytotron.errors import UserError


@dataclass(frozen=True)
class Change:
    """What one override asks for.

    Attributes:
        text: the override as it was written.
        key: the dotted key, or the group.
        value: the new value, or the group's choice.
        is_group: whether the key is a group.
        chooses: whether it chooses a file of a group.
        adds: whether the key may be new.
        deletes: whether the key is to go.
    """

    text: str
    key: str
    value: Any
    is_group: bool
    chooses: bool
    adds: bool = False
    deletes: bool = False

    @property
    def parsed(self) -> Override:
        """The override as Hydra reads it."""
        return _parsed(self.text)

    @property
    def where(self) -> str:
        """The place that messages name."""
        return f"override '{self.text}'"

    def place(self, _: str) -> str:
        """The place of a key that the override sets, as a function of the key."""
        return self.where

    def apply(self, config: DictConfig) -> None:
        """Set, add or delete the value in a merged config."""
        # Where Hydra would let go of a group, the group's own default is left: null.
        if self.deletes and self.is_group:
            OmegaConf.update(config, self.key, None)
        elif self.deletes:
            parent, _, name = self.key.rpartition(".")
            node = OmegaConf.select(config, parent) if parent else config
            with open_dict(node):
                del node[name]
        else:
            OmegaConf.update(config, self.key, self.value, force_add=self.adds)


def apply_all(base: Mapping[str, Any], changes: Iterable[Change]) -> Any:
    """A merged config with overridden values.

    Args:
        base: the merged config, as plain dicts; it stays as it is.
        changes: those that choose a file of a group are skipped: that file is merged already.

    Raises:
        UserError: a value has a key that is not there, or does not fit.
    """
    config = OmegaConf.create(dict(base))
    OmegaConf.set_struct(config, True)  # a struct refuses keys that it does not have
    for change in changes:
        if change.chooses:
            continue
        try:
            change.apply(config)
        except (ConfigAttributeError, ConfigKeyError) as error:
            # A mapping as a value may have a key that is not there.
            key = str(error.full_key or change.key)
            raise unknown_key(key, key_paths(base), change.where) from error
        except Exception as error:  # OmegaConf has a different error for each kind of misuse
            before = value_at(base, change.key)
            check_type(change.key, before, change.value, change.place)
            raise UserError(first_line(error), where=change.where) from error
    return OmegaConf.to_container(config, resolve=False)


def parse_all(texts: Iterable[str], groups: set[str]) -> list[Change]:
    """Read several overrides, see `parse`."""
    return [parse(text, groups) for text in texts]


def parse(text: str, groups: set[str]) -> Change:
    """Read an override.

    Args:
        text: such as `trainer.max_epochs=2`.
        groups: the groups of which a file may be chosen.

    Raises:
        UserError: it is not one, or asks for several values at once.
    """
    try:
        parsed = _parsed(text)
        is_sweep = parsed.is_sweep_override()
        value = None if is_sweep else parsed.value()
    except Exception as error:  # the parser has errors of many kinds, down to RecursionError
        raise UserError(
            str(error).splitlines()[0] if str(error) else "is not valid",
            where=f"override '{text}'",
            allowed="key=value, +key=value, ~key, group=choice",
        ) from error
    if is_sweep:
        raise UserError(
            "a sweep over several values",
            where=f"override '{text}'",
            hint="queue one experiment per value: dvc exp run --queue -S 'overrides=[...]'",
        )
    if parsed.package is not None:
        raise UserError(
            "a group cannot be put at another key",
            where=f"override '{text}'",
            allowed="key=value, +key=value, ~key, group=choice",
        )
    # A group in a subfolder has slashes, and its key in the config has dots.
    group = str(parsed.key_or_group)
    deletes = parsed.is_delete()
    # `trainer=null` sets a value: there is no file to choose.
    return Change(
        text=text,
        key=group.replace("/", "."),
        value=value,
        is_group=group in groups,
        chooses=group in groups and isinstance(value, str) and not deletes,
        adds=parsed.is_add() or parsed.is_force_add(),
        deletes=deletes,
    )


def _parsed(text: str) -> Override:
    return OverridesParser.create().parse_override(text)
