"""All that this project uses of Hydra's private modules.

Hydra has no public function that says *which files* a config is merged from, and in which order.
`phytotron explain` and every error message need just that, so the list is asked for here, once,
and OmegaConf does the merging. A test lists the private names, so that a new Hydra breaks this
module and no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hydra import version
from hydra._internal.config_repository import ConfigRepository
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra._internal.defaults_list import create_defaults_list
from hydra.core.override_parser.types import Override, OverrideType, ValueType
from hydra.plugins.config_source import ConfigLoadError, ConfigResult, ConfigSource
from omegaconf import DictConfig, OmegaConf

from phytotron.config.yaml_positions import SafeLoader


@dataclass(frozen=True)
class File:
    """A file that a config is merged from.

    Attributes:
        name: the path from the config folder, without `.yaml`.
        package: the key path that the content is put at, empty for the top.
        content: what the file holds, without its defaults list.
    """

    name: str
    package: str
    content: dict[str, Any]


class ConfigFiles:
    """The files of a config folder, each read once.

    Args:
        folder: such as `conf`.
    """

    def __init__(self, folder: Path) -> None:
        version.setbase("1.3")  # the rules of composition; without it, Hydra warns
        self._repository = _Repository(folder)

    def in_merge_order(
        self, root: str, choice: tuple[str, str], overrides: Sequence[Override] = ()
    ) -> list[File]:
        """The files that a root file and choices of groups ask for, in the order of merging.

        Args:
            root: the name of the root file.
            choice: the group that the root leaves open, with the file that is to fill it.
            overrides: further choices, parsed, such as `trainer=gpu`.

        Returns:
            One entry a file; one file may be there twice.

        Raises:
            HydraException: a file is missing. What Hydra does not expect raises any other error.
        """
        group, name = choice
        own = Override(OverrideType.CHANGE, group, ValueType.ELEMENT, name)
        listed = create_defaults_list(
            self._repository, root, [own, *overrides], prepend_hydra=False, skip_missing=False
        )
        return [
            File(entry.config_path, entry.package or "", self._content(entry.config_path))
            for entry in listed.defaults
            if entry.config_path
        ]

    def _content(self, name: str) -> Any:
        loaded = self._repository.load_config(name)
        if loaded is None or not isinstance(loaded.config, DictConfig):
            raise TypeError(f"{name}.yaml holds no keys")
        return OmegaConf.to_container(loaded.config, resolve=False)


class _Repository(ConfigRepository):
    """One folder as Hydra's list of places to look in, without a search for plugins."""

    # Hydra's own constructor looks for plugins in all installed packages, which takes longer than
    # to compose a config. This project has one folder and no plugins.
    def __init__(self, folder: Path) -> None:
        self.sources = [_Folder("main", f"file://{folder.resolve()}")]
        self._loaded: dict[str, ConfigResult | None] = {}

    # Hydra asks for a file several times: for its package, its defaults list and its content.
    def load_config(self, config_path: str) -> ConfigResult | None:
        if config_path not in self._loaded:
            self._loaded[config_path] = super().load_config(config_path)
        return self._loaded[config_path]


class _Folder(FileConfigSource):
    """Reads YAML with libyaml."""

    def load_config(self, config_path: str) -> ConfigResult:
        path = Path(self.path, self._normalize_file_name(config_path))
        if not path.is_file():
            raise ConfigLoadError(f"Config not found: {path}")
        content, text = _read_yaml(path)
        return ConfigResult(
            config=OmegaConf.create({} if content is None else content),
            path=f"file://{self.path}",
            provider=self.provider,
            # The header is a comment, `# @package _global_`, and so no part of the content.
            header=ConfigSource._get_header_dict(text[:512]),
        )


def merged(files: Iterable[File]) -> Any:
    """The contents of files put together, as plain dicts; nothing is resolved yet."""
    config = OmegaConf.create()
    for file in files:
        content = OmegaConf.create(file.content)
        if file.package:
            OmegaConf.update(config, file.package, content, merge=True, force_add=True)
        else:
            config.merge_with(content)
    return OmegaConf.to_container(config, resolve=False)


def resolved(content: Mapping[str, Any]) -> Any:
    """A merged content with the values that its interpolations stand for.

    Raises:
        OmegaConfBaseException: an interpolation of what is not there, or a value that is missing.
    """
    return OmegaConf.to_container(
        OmegaConf.create(dict(content)), resolve=True, throw_on_missing=True
    )


# --- reading -----------------------------------------------------------------------------------


def _read_yaml(path: Path) -> tuple[Any, str]:
    """A file's content by the rules of OmegaConf, and its text.

    libyaml takes a tenth of the time of OmegaConf's own reader.
    """
    text = path.read_text(encoding="utf-8")
    # PyYAML's messages name the file only if what it reads has a name.
    return yaml.load(_Named(text, str(path)), Loader=_loader()), text


class _Named:
    """A text with the name of its file, which PyYAML puts into its messages."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self._rest = text

    def read(self, size: int = -1) -> str:
        size = len(self._rest) if size < 0 else size
        part, self._rest = self._rest[:size], self._rest[size:]
        return part


# What Hydra and OmegaConf read as a number; YAML 1.1 wants `1e-3` to be written `1.0e-3`.
_FLOAT = re.compile(
    r"""^(?:[-+]?\d+(?:_\d+)*\.[\d_]*(?:[eE][-+]?\d+)?
    |[-+]?\d+(?:_\d+)*[eE][-+]?\d+
    |\.\d+(?:_\d+)*(?:[eE][-+]\d+)?
    |[-+]?\.(?:inf|Inf|INF)
    |\.(?:nan|NaN|NAN))$""",
    re.X,
)


@cache
def _loader() -> Any:
    """A loader with the rules of OmegaConf: no dates, and no key twice in one mapping."""

    class Loader(SafeLoader):
        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
            seen = set()
            # YAML lets the last of two equal keys win, so a mistake would go unnoticed.
            for key, _ in node.value:
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        "while constructing a mapping",
                        node.start_mark,
                        f"found duplicate key {key.value}",
                        key.start_mark,
                    )
                if isinstance(key.value, str):
                    seen.add(key.value)
            return super().construct_mapping(node, deep=deep)

    Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))
    # 2001-01-01 is a text here: JSON and OmegaConf have no dates.
    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in Loader.yaml_implicit_resolvers.items()
    }
    return Loader
