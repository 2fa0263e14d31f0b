"""A hash of all that a result depends on: a result with another hash is stale.

The hash covers the resolved config without its card, and the code that computes the numbers: the
modules that the config names, training and measuring, each with the modules of this project that it
imports. Comments and docstrings do not count, so that a sentence can be corrected without verifying
the zoo again. The libraries are left out too: a result has their versions.

The stages of the pipeline depend on their code in the same way, see `phytotron.stages.code`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from phytotron.config.cache import ConfFiles, digest, own_code, remembered
from phytotron.config.compose import compose_experiment
from phytotron.config.imports import SOURCE, SourceTree
from phytotron.config.presets import preset_overrides

# The entry point of every number: a model is fitted, loaded again and measured.
ENTRY = "phytotron.runs.run"
# The entry point of fitting a network; an experiment without a trainer does not use it.
_NETWORKS = "phytotron.training.fit_network"

# Modules and packages that no number depends on.
LEFT_OUT = (
    "phytotron.errors",  # messages
    "phytotron.files",  # how a file is replaced, not what is in it
    "phytotron.locks",  # the order of processes that write the same
    "phytotron.machine",  # what a result says of where it was measured
    "phytotron.progress",
    "phytotron.tables",  # how a table is printed
    "phytotron.config",  # its result, the resolved config, is hashed itself
    "phytotron.tracking",  # receives the numbers and returns none
    "phytotron.training.failures",  # messages
    "phytotron.figures",  # drawn after measuring
)
# The part of `config` that builds objects of a resolved config.
_COUNTED = ("phytotron.config.instantiate",)


def fingerprint(experiment: str, preset: str | None = None, source: Path = SOURCE) -> str:
    """The hash of an experiment's config and code, as 64 hexadecimal digits.

    Args:
        experiment: its id.
        preset: one of its card's presets; None: the file itself.
        source: the folder that has `phytotron/`.
    """
    return Fingerprints(source).of(experiment, preset)


class Fingerprints:
    """Fingerprints of several experiments, for which each file is read once.

    Args:
        source: the folder that has `phytotron/`.
    """

    def __init__(self, source: Path = SOURCE) -> None:
        self._tree = SourceTree(source)
        self._conf = ConfFiles()

    def of(self, experiment: str, preset: str | None = None) -> str:
        """The hash of an experiment's config and code; see `fingerprint`."""
        overrides = preset_overrides(experiment, preset)
        known = self._conf.question(experiment, overrides)
        question = None if known is None else ["facts", own_code(__file__), known]
        facts = remembered(question, lambda: _config_facts(experiment, overrides))
        return digest({"config": facts["config"], "code": self._code(facts)})

    def _code(self, facts: Mapping[str, Any]) -> dict[str, str]:
        """The hash of each file that the config's number needs, by its path from the source."""
        left_out = LEFT_OUT if facts["has_trainer"] else (*LEFT_OUT, _NETWORKS)
        return code_hashes(self._tree, [ENTRY, *facts["targets"]], left_out)


def code_hashes(
    tree: SourceTree, entries: list[str], left_out: tuple[str, ...] = LEFT_OUT
) -> dict[str, str]:
    """The hash of every file that some modules or objects of ours need, by its path.

    Args:
        tree: where their files are.
        entries: dotted names; foreign ones count for nothing.
        left_out: modules and packages that do not count, nor what only they need.
    """
    begin = [file for file in map(tree.defining, entries) if file]
    left = _is_in(tree, left_out)
    needed = tree.needed(begin, left)
    found = {tree.name(path): tree.code_hash(path) for path in needed}
    for path in tree.data_files(needed):
        if left(path):
            continue
        found[tree.name(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return dict(sorted(found.items()))


def targets(node: Any) -> Iterator[str]:
    """Everything of ours that a config names by a dotted name, such as a `_target_`."""
    if isinstance(node, Mapping):
        for value in node.values():
            yield from targets(value)
    elif isinstance(node, list):
        for value in node:
            yield from targets(value)
    elif isinstance(node, str) and re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", node):
        yield node


def _config_facts(experiment: str, overrides: list[str]) -> dict[str, Any]:
    """What a fingerprint wants to know of a resolved config."""
    content = compose_experiment(experiment, overrides, seed=0).content
    config = {key: value for key, value in content.items() if key != "card"}
    return {
        "config": digest(config),
        "targets": sorted(set(targets(config))),
        "has_trainer": bool(config.get("trainer")),
    }


def _is_in(tree: SourceTree, left_out: tuple[str, ...]) -> Callable[[Path], bool]:
    """Whether a file is one of the modules, or in one of the packages, that do not count."""

    def module(path: Path) -> str:
        return tree.name(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def is_in(path: Path) -> bool:
        name = module(path)
        return name not in _COUNTED and any(
            name == other or name.startswith(f"{other}.") for other in left_out
        )

    return is_in
