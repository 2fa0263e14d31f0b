"""A composed config, with the files and overrides that it came from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phytotron.config.yaml_positions import set_at

if TYPE_CHECKING:
    from omegaconf import DictConfig


@dataclass(frozen=True)
class Composed:
    """A composed config with the files and overrides that it came from.

    Attributes:
        content: the resolved and checked config, as plain dicts and lists.
        sources: the files under `conf/` in the order in which they were merged, each with the
            package (the key path) that its content was put at.
        overrides: the overrides that applied, in order.
        from_params: those of them that `params.yaml` has.
    """

    content: dict[str, Any]
    sources: tuple[tuple[Path, str], ...]
    overrides: tuple[str, ...]
    from_params: tuple[str, ...] = ()

    @cached_property
    def config(self) -> DictConfig:
        """The content with its keys as attributes."""
        from omegaconf import OmegaConf  # here: `phytotron show` needs only the content

        return OmegaConf.create(self.content)

    def where(self, key: str) -> str | None:
        """Where a key got its value: the override, or `file:line`; None: nobody set it."""
        override, value = None, None
        for text in self.overrides:
            name, _, value = text.lstrip("+~").partition("=")
            name = name.replace("/", ".")
            # An override of `model` sets `model.width`, unless it chooses a file.
            inside = key.startswith((f"{name}.", f"{name}["))
            if name == key or (inside and value.startswith(("{", "["))):
                override = text
        if override is not None:
            return f"override '{override}'"
        return set_at(self.sources, key)
