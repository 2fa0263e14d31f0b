"""Composition by Hydra and OmegaConf: all that `phytotron.config.merge` does not do itself.

Hydra has no public function that says *which files* a config is merged from, and in which order.
`phytotron explain` and every error message need just that, so the list is asked for here, once.
This module has all that the project uses of Hydra's private modules: a test lists the names, so
that a new Hydra breaks this module and no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra import version
from hydra._internal.config_repository import ConfigRepository
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra._internal.defaults_list import create_defaults_list
from hydra.core.override_parser.types import Override, OverrideType, ValueType
from hydra.plugins.config_source import ConfigLoadError, ConfigResult, ConfigSource
from omegaconf import DictConfig, OmegaConf

from phytotron.config.merge import File

# Gives a file's content and its text.
_Read = Callable[[Path], tuple[Any, str]]


class HydraFiles:
    """The files of a config folder, each read once.

    Args:
        folder: such as `conf`.
        read: reads a file of YAML.
    """

    def __init__(self, folder: Path, read: _Read) -> None:
        version.setbase("1.3")  # the rules of composition; without it, Hydra warns
        self._repository = _Repository(folder, read)

    def in_merge_order(
        self, root: str, choice: tuple[str, str], overrides: Sequence[Override] = ()
    ) -> list[File]:
        """See `phytotron.config.merge.ConfigFiles`; the overrides are parsed.

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
    def __init__(self, folder: Path, read: _Read) -> None:
        self.sources = [_Folder(folder, read)]
        self._loaded: dict[str, ConfigResult | None] = {}

    # Hydra asks for a file several times: for its package, its defaults list and its content.
    def load_config(self, config_path: str) -> ConfigResult | None:
        if config_path not in self._loaded:
            self._loaded[config_path] = super().load_config(config_path)
        return self._loaded[config_path]


class _Folder(FileConfigSource):
    """Reads YAML in our way."""

    def __init__(self, folder: Path, read: _Read) -> None:
        super().__init__("main", f"file://{folder.resolve()}")
        self._yaml = read

    def load_config(self, config_path: str) -> ConfigResult:
        path = Path(self.path, self._normalize_file_name(config_path))
        if not path.is_file():
            raise ConfigLoadError(f"Config not found: {path}")
        content, text = self._yaml(path)
        return ConfigResult(
            config=OmegaConf.create({} if content is None else content),
            path=f"file://{self.path}",
            provider=self.provider,
            # The header is a comment, `# @package _global_`, and so no part of the content.
            header=ConfigSource._get_header_dict(text[:512]),
        )


def merged_by_omegaconf(files: Iterable[File]) -> Any:
    """The contents of files put together, as plain dicts; nothing is resolved yet."""
    config = OmegaConf.create()
    for file in files:
        content = OmegaConf.create(file.content)
        if file.package:
            OmegaConf.update(config, file.package, content, merge=True, force_add=True)
        else:
            config.merge_with(content)
    return OmegaConf.to_container(config, resolve=False)


def resolved_by_omegaconf(content: Mapping[str, Any]) -> Any:
    """The content with the values that its interpolations stand for."""
    return OmegaConf.to_container(
        OmegaConf.create(dict(content)), resolve=True, throw_on_missing=True
    )
