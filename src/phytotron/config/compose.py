"""Compose what `params.yaml` asks for from the Hydra groups in `conf/`, and check it.

This is the border: a config that leaves this module has the keys and the values that it should,
and nobody checks them again. Each command has its function here: the stage `compose` calls
`compose_all` and writes the resolved configs to `build/config/`, where DVC follows them key by key;
`phytotron train` calls `compose_training`, `phytotron show` and `explain` `compose_as_in_repro`.

All of them go the same way, `_compose_roots`: the overrides are read, the files that a root names
are merged (`_merge_root`), and the overrides are applied and the whole is checked (`_finish`).

An override applies to everything that has its key: `trainer.max_epochs=1` leaves an experiment
without a trainer as it is. An override that nothing has is an error.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from phytotron.config.composed import Composed
from phytotron.config.experiments import CONF, PARAMS, Params, experiment_file, read_params
from phytotron.config.hydra_internals import ConfigFiles, File, merged, resolved
from phytotron.config.keys import key_paths
from phytotron.config.library_errors import explained
from phytotron.config.mistakes import unknown_key
from phytotron.config.overrides import Change, apply_all, parse_all
from phytotron.errors import UserError

PIPELINE = "pipeline"
EXPERIMENT = "config"
EXPERIMENT_GROUP = "experiment"


def compose_all(params: Params) -> dict[str, Composed]:
    """The pipeline's config under the name `pipeline`, and each experiment's under its id.

    Raises:
        UserError: an unknown site, experiment, group choice or key, a value of the wrong type or
            out of its range, or an override that nothing accepts.
    """
    for experiment in params.experiments:
        experiment_file(experiment)
    roots = _roots(params)
    return _compose_roots(_open_conf(), roots, list(roots), params.overrides, params.seed)


def compose_one(params: Params, name: str, overrides: Sequence[str] = ()) -> Composed:
    """One of the configs of `compose_all`; the others are merged only to look for a key.

    Args:
        params: what `dvc repro` builds.
        name: `pipeline`, or the id of one of its experiments.
        overrides: further overrides, which win over those of `params`; this config must have
            their keys.
    """
    return _compose_one(_open_conf(), params, name, overrides)


def compose_experiment(
    experiment: str, overrides: Sequence[str] = (), seed: int | None = None
) -> Composed:
    """The config of one experiment.

    Args:
        experiment: its id, such as `router/textcnn`.
        overrides: Hydra overrides, such as `trainer.max_epochs=2`.
        seed: replaces the config's seed.
    """
    return _compose_experiment(_open_conf(), experiment, overrides, seed)


def compose_as_in_repro(experiment: str | None, overrides: Sequence[str] = ()) -> Composed:
    """What `dvc repro` would use: the overrides and the seed of `params.yaml` included.

    Args:
        experiment: an experiment's id; None for the part that all experiments share.
        overrides: further overrides, which win over those of `params.yaml`.
    """
    params = read_params() if experiment is None or PARAMS.exists() else None
    composed = _compose_in_repro(_open_conf(), params, experiment or PIPELINE, overrides)
    return replace(composed, from_params=params.overrides if params else ())


def compose_training(experiment: str, overrides: Sequence[str] = ()) -> tuple[Composed, Composed]:
    """The config of an experiment as `dvc repro` would use it, and that of the pipeline.

    Args:
        experiment: its id.
        overrides: further overrides of the experiment; the pipeline's config gets none of them.
    """
    params, conf = read_params(), _open_conf()
    return (
        _compose_in_repro(conf, params, experiment, overrides),
        _compose_one(conf, params, PIPELINE),
    )


# --- which configs, with which overrides ---------------------------------------------------------


@dataclass(frozen=True)
class _Conf:
    """The folder `conf/`, looked through once.

    Attributes:
        files: its files; each is read once.
        groups: the groups that a config may choose from: its folders, such as `trainer`.
    """

    files: ConfigFiles
    groups: set[str]


def _open_conf() -> _Conf:
    if not CONF.is_dir():
        raise UserError(
            "there is no folder 'conf' here", hint="run this from the repository's root"
        )
    groups = {
        folder.relative_to(CONF).as_posix()
        for folder in CONF.glob("**/")
        if folder != CONF and CONF / EXPERIMENT_GROUP not in folder.parents
    }
    return _Conf(ConfigFiles(CONF), groups)


@dataclass(frozen=True)
class _Root:
    """A root file under `conf/`, and the choice that makes it one config of several.

    Attributes:
        file: the name of the root file.
        group: the group that it leaves open.
        choice: the file of that group, such as `router/textcnn`.
    """

    file: str
    group: str
    choice: str

    @property
    def own_file(self) -> Path:
        """The path of the chosen file."""
        return CONF / self.group / f"{self.choice}.yaml"


def _roots(params: Params) -> dict[str, _Root]:
    """The root of each config that `dvc repro` uses, by the config's name."""
    return {
        PIPELINE: _Root(PIPELINE, "site", params.site),
        **{name: _Root(EXPERIMENT, EXPERIMENT_GROUP, name) for name in params.experiments},
    }


def _compose_in_repro(
    conf: _Conf, params: Params | None, name: str, overrides: Sequence[str]
) -> Composed:
    """One config; `params.yaml` has a say where there is one and `dvc repro` uses the config."""
    if params is None or name not in (PIPELINE, *params.experiments):
        return _compose_experiment(conf, name, overrides)
    return _compose_one(conf, params, name, overrides)


def _compose_one(conf: _Conf, params: Params, name: str, overrides: Sequence[str] = ()) -> Composed:
    if name != PIPELINE:
        experiment_file(name)
    roots = _roots(params)
    return _compose_roots(conf, roots, [name], params.overrides, params.seed, overrides)[name]


def _compose_experiment(
    conf: _Conf, experiment: str, overrides: Sequence[str], seed: int | None = None
) -> Composed:
    experiment_file(experiment)
    roots = {experiment: _Root(EXPERIMENT, EXPERIMENT_GROUP, experiment)}
    return _compose_roots(conf, roots, [experiment], overrides, seed)[experiment]


def _compose_roots(
    conf: _Conf,
    roots: Mapping[str, _Root],
    wanted: Sequence[str],
    overrides: Sequence[str],
    seed: int | None,
    further: Sequence[str] = (),
) -> dict[str, Composed]:
    """Compose the wanted roots, giving each the overrides whose key it has.

    Any of the roots may be the one that has the key of an override; that of a further override
    must be in a wanted one. A root that is not wanted is merged only to look for a key there.
    """
    # All overrides are read first: a mistake in one is answered before any file is.
    texts = [] if seed is None else [f"seed={seed}"]
    parsed = parse_all([*texts, *overrides, *further], conf.groups)
    own_seed, changes = parsed[: len(texts)], parsed[len(texts) :]
    for change in changes:
        if change.key == EXPERIMENT_GROUP:
            raise UserError("an override cannot choose the experiment", where=change.where)
    chosen = [change for change in changes if change.chooses]

    @cache
    def merged_root(name: str) -> _Merged:
        return _merge_root(roots[name], chosen, conf.files)

    # A misspelt key of a wanted config is reported without composing the others.
    wanted_first = sorted(roots, key=lambda name: name not in wanted)
    for position, change in enumerate(changes):
        owners = wanted_first if position < len(overrides) else wanted
        if not any(_applies(change, merged_root(name)) for name in owners):
            known = frozenset().union(*(merged_root(name).keys for name in owners))
            raise unknown_key(change.key, sorted(known), change.where)

    # An override of the seed wins over the seed of params.yaml.
    first = [] if any(change.key == "seed" for change in changes) else own_seed
    return {
        name: _finish(
            merged_root(name),
            [*first, *(each for each in changes if _applies(each, merged_root(name)))],
        )
        for name in wanted
    }


# --- merging files -----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Merged:
    """A root with the files that it and its choices name, before any value is overridden.

    Attributes:
        root: the root.
        files: in the order of merging.
        base: their contents, merged; interpolations are not yet resolved.
        chosen: the overrides that chose a file of a group.
    """

    root: _Root
    files: tuple[File, ...]
    base: dict[str, Any]
    chosen: tuple[Change, ...]

    @cached_property
    def keys(self) -> frozenset[str]:
        """The dotted keys that an override may set."""
        return frozenset(key_paths(self.base))


def _merge_root(root: _Root, choices: Sequence[Change], files: ConfigFiles) -> _Merged:
    """Merge a root with those of the group choices that it can use."""
    # Twice where groups are overridden: which of them a config can use shows without them.
    found = _merge(root, (), files)
    if choices:
        chosen = tuple(change for change in choices if _takes(change, found.base))
        found = _merge(root, chosen, files)
    return found


def _merge(root: _Root, chosen: tuple[Change, ...], files: ConfigFiles) -> _Merged:
    """Merge the files that a root and choices name."""
    with _answered(root, chosen):
        overrides = [change.parsed for change in chosen]
        order = files.in_merge_order(root.file, (root.group, root.choice), overrides)
        return _Merged(root, tuple(order), merged(order), chosen)


def _takes(change: Change, base: Mapping[str, Any]) -> bool:
    """Whether a config can use a group's choice.

    A network may take any group, such as a schedule where it has none.
    """
    is_group_of = change.key.partition(".")[0] in base  # an experiment has no `site`
    return is_group_of and any(base.get(group) is not None for group in (change.key, "trainer"))


def _applies(change: Change, merged: _Merged) -> bool:
    """Whether a config is among those that an override is meant for."""
    if change.chooses:
        return change in merged.chosen
    if change.adds:  # a new key, but of a group that there is
        return change.key.partition(".")[0] in merged.base
    return change.key in merged.keys


# --- from merged files to a finished config ------------------------------------------------------


def _finish(found: _Merged, applied: Sequence[Change]) -> Composed:
    """Override values, resolve, replace names by what they stand for, and check the whole."""
    # Imported here: pydantic takes longer to import than a config takes to compose.
    from phytotron.config.check import check_composed, check_experiment_file
    from phytotron.config.components import replace_names

    overridden = apply_all(found.base, applied)
    with _answered(found.root):
        content = resolved(overridden)

    texts = tuple(change.text for change in applied)
    sources = tuple((CONF / f"{file.name}.yaml", file.package) for file in found.files)
    composed = Composed(content, sources, texts)
    if found.root.file == EXPERIMENT:
        # What the files define that the experiment is made from, without the experiment's own.
        own = found.root.own_file
        with _answered(found.root):
            groups = merged(file for file in found.files if CONF / f"{file.name}.yaml" != own)
        content_of = {CONF / f"{file.name}.yaml": file.content for file in found.files}
        check_experiment_file(own, content_of[own], groups)
    replace_names(content, composed.where)
    check_composed(composed, found.base, applied)
    return composed


# --- readable answers to what Hydra refuses ------------------------------------------------------


@contextmanager
def _answered(root: _Root, choices: Sequence[Change] = ()) -> Iterator[None]:
    """Turn whatever Hydra and OmegaConf make of a wrong file into an error for its author.

    Both answer content that they do not expect with exceptions of any kind: `ValueError` for a
    defaults list that is a mapping, `TypeError` for a key that is a list, `AssertionError`, ...
    """
    try:
        yield
    except UserError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{os.path.relpath(mark.name)}:{mark.line + 1}" if mark else None
        raise UserError(f"not valid YAML: {error.problem}", where=where or _file(root)) from error
    except Exception as error:
        raise explained(error, _file(root), root.choice, choices) from error


def _file(root: _Root) -> str:
    """The file whose mistake it is most likely: the experiment's, or the root's."""
    is_own = root.file == EXPERIMENT and root.own_file.is_file()
    path = root.own_file if is_own else CONF / f"{root.file}.yaml"
    return path.as_posix()
