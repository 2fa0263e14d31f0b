"""The files of `conf/` that a config is merged from, and what they hold together.

The rules are those of Hydra's defaults lists. Hydra itself takes three times as long to import as
a config takes to compose, so the forms that nearly all files use are read here: `_self_`, a file
beside, a group's choice in the root file, and `override /group: choice`. Any other form, anything
that OmegaConf would not merge as plain dicts, and every mistake is left to the two libraries, by
way of `phytotron.config.hydra_internals`. A test compares both ways for all experiments.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from phytotron.config.keys import value_at
from phytotron.config.yaml_positions import SafeLoader

if TYPE_CHECKING:
    from phytotron.config.hydra_internals import HydraFiles
    from phytotron.config.overrides import Change


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


class Rare(Exception):  # noqa: N818, no error: it chooses the way by Hydra and OmegaConf
    """A form that this module leaves to Hydra and OmegaConf."""


class ConfigFiles:
    """The files of a config folder, each read once.

    Args:
        folder: such as `conf`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._plain: dict[str, _Plain] = {}
        self._hydra: HydraFiles | None = None

    def in_merge_order(
        self, root: str, choice: tuple[str, str], changes: Sequence[Change] = ()
    ) -> list[File]:
        """The files that a root file and choices of groups ask for, in the order of merging.

        Args:
            root: the name of the root file.
            choice: the group that the root leaves open, with the file that is to fill it.
            changes: further choices, such as `trainer=gpu`.

        Returns:
            One entry a file; one file may be there twice.

        Raises:
            Exception: of any kind, for what Hydra cannot read.
        """
        try:
            if any(change.adds for change in changes):
                raise Rare
            choices = dict([choice, *((change.key, change.value) for change in changes)])
            return _Expansion(self._read_plain, choices).of_root(root)
        except Rare:
            return self._by_hydra(root, choice, changes)

    def _by_hydra(
        self, root: str, choice: tuple[str, str], changes: Sequence[Change]
    ) -> list[File]:
        """The same for any form; slower."""
        if self._hydra is None:
            from phytotron.config.hydra_internals import HydraFiles

            self._hydra = HydraFiles(self._folder, read_yaml)
        parsed = [change.parsed for change in changes]
        return self._hydra.in_merge_order(root, choice, parsed)

    def _read_plain(self, name: str) -> _Plain:
        if name not in self._plain:
            path = self._folder / f"{name}.yaml"
            if not path.is_file():
                raise Rare
            self._plain[name] = _plain_file(*read_yaml(path))
        return self._plain[name]


# --- the common forms of a defaults list -------------------------------------------------------


@dataclass(frozen=True)
class _Plain:
    """A file whose defaults list has none but the common forms.

    Attributes:
        content: without the defaults list.
        package: what the file's header says; None: nothing.
        entries: `_self_`, the name of a file beside, or a group with its choice.
        overrides: groups with their choices.
        lists_itself: whether the list is empty or has `_self_`; Hydra warns of a root without.
    """

    content: dict[str, Any]
    package: str | None
    entries: tuple[str | tuple[str, str | None], ...]
    overrides: tuple[tuple[str, str], ...]
    lists_itself: bool


_NAME = re.compile(r"\w[\w-]*(/\w[\w-]*)*")  # no interpolation, package or extension
_GROUP = re.compile(r"\w+")
_OVERRIDE = re.compile(r"override /(\w+)")
_HEADER = re.compile(r"\s*#\s*@package (\w+)[ \t]*\n(?!\s*#\s*@)")


def _plain_file(content: Any, text: str) -> _Plain:
    """Take a file apart.

    Raises:
        Rare: it is not of the common forms.
    """
    content = {} if content is None else content
    if not isinstance(content, dict) or not _is_plain(content):
        raise Rare
    header = _HEADER.match(text)
    if header is None and re.match(r"\s*#\s*@", text):
        raise Rare
    listed = content.get("defaults", [])
    entries: list[str | tuple[str, str | None]] = []
    overrides: list[tuple[str, str]] = []
    for entry in listed if isinstance(listed, list) else [None]:
        group, choice = _group_choice(entry)
        override = _OVERRIDE.fullmatch(group)
        if override and choice is not None:
            overrides.append((override[1], choice))
        elif overrides and entry != "_self_":  # Hydra wants overrides last
            raise Rare
        elif isinstance(entry, str) and _NAME.fullmatch(entry):
            entries.append(entry)
        elif _GROUP.fullmatch(group):
            entries.append((group, choice))
        else:
            raise Rare
    if len(set(entries)) < len(entries):
        raise Rare
    lists_itself = not entries or "_self_" in entries
    if "_self_" not in entries:
        entries.append("_self_")
    own = {key: value for key, value in content.items() if key != "defaults"}
    package = header[1] if header else None
    return _Plain(own, package, tuple(entries), tuple(overrides), lists_itself)


def _group_choice(entry: Any) -> tuple[str, str | None]:
    """`{group: choice}` as a pair; ("", None) for anything else."""
    if isinstance(entry, dict) and len(entry) == 1:
        ((group, choice),) = entry.items()
        if choice is None or (isinstance(choice, str) and _NAME.fullmatch(choice)):
            return group, choice
    return "", None


class _Expansion:
    """One walk through the defaults lists, as Hydra walks: from the last entry to the first.

    So the choices of an experiment, the last entry, are known when its groups are expanded; of
    several overrides of a group the first one in this order counts.

    Args:
        read: gives a file by its name.
        choices: the files that groups are to have, by group.
    """

    def __init__(self, read: Any, choices: Mapping[str, str]) -> None:
        self._read = read
        self._choices = dict(choices)
        self._groups: dict[str, None] = {}

    def of_root(self, root: str) -> list[File]:
        """All files, in the order of merging."""
        files = self._expand(root, "", "", ())
        # Hydra refuses an override of a group that no list has.
        if not self._choices.keys() <= self._groups.keys():
            raise Rare
        return files

    def _expand(self, name: str, group: str, package: str, above: tuple[str, ...]) -> list[File]:
        """The files of one entry.

        Args:
            name: the file's.
            group: the folder that the file's own entries are looked for in.
            package: where the content is put unless the file says it.
            above: the files whose lists lead here.
        """
        file: _Plain = self._read(name)
        if name in above or not (above or file.lists_itself):
            raise Rare
        if file.package is not None:
            package = "" if file.package == "_global_" else file.package
        for key, choice in file.overrides:
            # Below a package, or after its group was expanded, an override means something else.
            if package or key in self._groups:
                raise Rare
            self._choices.setdefault(key, choice)
        found: list[list[File]] = []
        for entry in reversed(file.entries):
            if entry == "_self_":
                found.append([File(name, package, file.content)])
            elif isinstance(entry, str):
                below = "/".join(filter(None, (group, entry)))
                inner = entry.rpartition("/")[0].replace("/", ".")
                at = ".".join(filter(None, (package, inner)))
                found.append(self._expand(below, below.rpartition("/")[0], at, (*above, name)))
            else:
                key, listed = entry
                if above or key in self._groups:  # a group's choice that is not the root's
                    raise Rare
                self._groups[key] = None
                chosen = self._choices.get(key, listed)
                if chosen is not None:
                    if not _NAME.fullmatch(chosen):
                        raise Rare
                    found.append(self._expand(f"{key}/{chosen}", key, key, (name,)))
        return [file for files in reversed(found) for file in files]


# --- contents ----------------------------------------------------------------------------------

# `${trainer.max_epochs}` as the whole of a value.
REFERENCE = re.compile(r"\$\{([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\}")


def _is_plain(value: Any) -> bool:
    """Whether OmegaConf keeps a value as it is and resolves it by looking a key up."""
    if isinstance(value, str):
        return value != "???" and ("${" not in value or REFERENCE.fullmatch(value) is not None)
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(below) for key, below in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float)


def merged(files: Iterable[File]) -> dict[str, Any]:
    """The contents of files put together; what comes later wins. Nothing is resolved yet."""
    files = list(files)
    try:
        content: dict[str, Any] = {}
        for file in files:
            if not _is_plain(file.content):
                raise Rare
            below: dict[str, Any] = file.content
            for part in reversed(file.package.split(".") if file.package else []):
                below = {part: below}
            _merge(content, below)
        return content
    except Rare:
        from phytotron.config.hydra_internals import merged_by_omegaconf

        return merged_by_omegaconf(files)


def _merge(into: dict[str, Any], other: Mapping[str, Any]) -> None:
    for key, value in other.items():
        before = into.get(key)
        if isinstance(value, Mapping | list) and isinstance(before, str) and "${" in before:
            raise Rare  # OmegaConf merges into what the reference stands for
        if isinstance(value, Mapping):
            if isinstance(before, list):
                raise Rare
            # A copy, so that no mapping that was passed in is changed.
            into[key] = dict(before) if isinstance(before, Mapping) else {}
            _merge(into[key], value)
        elif isinstance(value, list) and isinstance(before, Mapping):
            raise Rare
        else:
            into[key] = value


def resolved(content: Mapping[str, Any]) -> dict[str, Any]:
    """A merged content with the values that its interpolations stand for.

    Raises:
        OmegaConfBaseException: an interpolation of what is not there, or a value that is missing.
    """
    try:
        if not _is_plain(content):
            raise Rare
        answer = _resolve(content, content, ())
    except Rare:
        from phytotron.config.hydra_internals import resolved_by_omegaconf

        return resolved_by_omegaconf(content)
    assert isinstance(answer, dict)
    return answer


def _resolve(value: Any, whole: Mapping[str, Any], above: tuple[str, ...]) -> Any:
    """A copy of a value without references; `above` are those that led here."""
    if isinstance(value, Mapping):
        return {key: _resolve(below, whole, above) for key, below in value.items()}
    if isinstance(value, list):
        return [_resolve(item, whole, above) for item in value]
    reference = REFERENCE.fullmatch(value) if isinstance(value, str) else None
    if reference is None:
        return value
    key = reference[1]
    found = value_at(whole, key)
    # A null may also be a key that is not there, and a reference may go round in a circle.
    if found is None or key in above:
        raise Rare
    return _resolve(found, whole, (*above, key))


# --- reading -----------------------------------------------------------------------------------


def read_yaml(path: Path) -> tuple[Any, str]:
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
