"""Compose what `params.yaml` asks for from the Hydra groups in `conf/`.

Hydra is used here and nowhere else. `compose_all` gives one resolved config per experiment, and
one for the parts of the pipeline that all experiments share; the stage `compose` writes them to
`build/config/`, where DVC follows them key by key.

An override applies to everything that has its key: `trainer.max_epochs=1` leaves an experiment
without a trainer as it is. An override that nothing has is an error.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from hydra import compose, initialize_config_dir
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import CachingConfigRepository
from hydra._internal.defaults_list import create_defaults_list
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from phytotron.config.cards import check_card
from phytotron.config.check import check_file, check_value, component_key, has_key, key_paths
from phytotron.config.experiments import CONF, experiment_file
from phytotron.config.names import replace_names
from phytotron.config.params import Params
from phytotron.errors import UserError, did_you_mean

PIPELINE = "pipeline"
EXPERIMENT = "config"


@dataclass(frozen=True)
class Composed:
    """A composed config with the files and overrides that it came from.

    Attributes:
        config: the resolved config.
        sources: the files under `conf/` in the order in which they were merged, each with the
            package (the key path) that its content was put at.
        overrides: the overrides that applied, in order.
    """

    config: DictConfig
    sources: tuple[tuple[Path, str], ...]
    overrides: tuple[str, ...]


def compose_all(params: Params) -> dict[str, Composed]:
    """The pipeline's config under the name `pipeline`, and each experiment's under its id.

    Raises:
        UserError: an unknown site, experiment, group choice or key, a value of the wrong type, or
            an override that nothing accepts.
    """
    for experiment in params.experiments:
        experiment_file(experiment)
    with hydra_at(CONF):
        roots = _roots(params)
        return _compose_roots(roots, list(roots), params.overrides, params.seed)


def compose_one(params: Params, name: str, overrides: Sequence[str] = ()) -> Composed:
    """One of the configs of `compose_all`; the others are composed only where that is needed.

    Args:
        params: what `dvc repro` builds.
        name: `pipeline`, or the id of one of its experiments.
        overrides: further overrides, which win over those of `params`; this config must have
            their keys.
    """
    if name != PIPELINE:
        experiment_file(name)
    with hydra_at(CONF):
        roots = _roots(params)
        return _compose_roots(roots, [name], params.overrides, params.seed, overrides)[name]


def compose_experiment(
    experiment: str, overrides: Sequence[str] = (), seed: int | None = None
) -> Composed:
    """The config of one experiment.

    Args:
        experiment: its id, such as `router/textcnn`.
        overrides: Hydra overrides, such as `trainer.max_epochs=2`.
        seed: replaces the config's seed.
    """
    experiment_file(experiment)
    with hydra_at(CONF):
        roots = {experiment: (EXPERIMENT, [f"experiment={experiment}"])}
        return _compose_roots(roots, [experiment], overrides, seed)[experiment]


def _roots(params: Params) -> dict[str, tuple[str, list[str]]]:
    """The root file and the choices of each config that `dvc repro` uses."""
    return {
        PIPELINE: (PIPELINE, [f"site={params.site}"]),
        **{name: (EXPERIMENT, [f"experiment={name}"]) for name in params.experiments},
    }


def _compose_roots(
    roots: dict[str, tuple[str, list[str]]],
    wanted: Sequence[str],
    overrides: Sequence[str],
    seed: int | None,
    further: Sequence[str] = (),
) -> dict[str, Composed]:
    """Compose the wanted roots, giving each the overrides whose key it has.

    Any of the roots may be the one that has the key of an override; that of a further override
    must be in a wanted one. A root that is not wanted is composed only to look for a key there.
    """
    wanted_first = sorted(roots, key=lambda name: name not in wanted)
    parsed = [_parse(text) for text in (*overrides, *further)]
    if not any(_key(override) == "seed" for override in parsed) and seed is not None:
        roots = {name: (root, [*own, f"seed={seed}"]) for name, (root, own) in roots.items()}

    groups = [override for override in parsed if _is_group(override)]

    @cache
    def choices(name: str) -> list[str]:
        """What a config chooses of each group; the last choice counts."""
        root, own = roots[name]
        if not groups:
            return own
        first = _compose(root, own)
        return [*own, *(str(item.input_line) for item in groups if _applies(item, first))]

    @cache
    def base(name: str) -> DictConfig:
        """A config with all its choices and no value overridden: it has the keys that may be."""
        return _compose(roots[name][0], choices(name))

    for position, override in enumerate(parsed):
        owners = wanted_first if position < len(overrides) else wanted
        if not any(_applies(override, base(name)) for name in owners):
            raise _nothing_has(override, {name: base(name) for name in owners})
    composed = {}
    for name in wanted:
        root, own = roots[name]
        applied = [override for override in parsed if _applies(override, base(name))]
        texts = [str(override.input_line) for override in applied]
        config = _compose(root, [*own, *texts]) if texts else base(name)
        for override in applied:
            if (
                override.type is OverrideType.CHANGE
                and not _is_group(override)
                and not component_key(_key(override))
            ):
                check_value(
                    _key(override),
                    OmegaConf.select(base(name), _key(override)),
                    OmegaConf.select(config, _key(override)),
                    where=f"override '{override.input_line}'",
                )
        files = _files()
        sources = _sources(root, choices(name), files)
        if root == EXPERIMENT:
            _check_experiment_file(name, sources, files)
        own_seed = [text for text in own if text.startswith("seed=")]
        written = {_key(override): str(override.input_line) for override in applied}
        config = replace_names(config, sources, written)
        composed[name] = Composed(config, sources, (*own_seed, *texts))
    return composed


@contextmanager
def hydra_at(conf: Path) -> Iterator[None]:
    """Point Hydra at a config folder for the duration of the block."""
    if not conf.is_dir():
        raise UserError(
            "there is no folder 'conf' here", hint="run this from the repository's root"
        )
    with initialize_config_dir(str(conf.resolve()), version_base="1.3"):
        yield


def _compose(root: str, overrides: list[str]) -> DictConfig:
    try:
        config = compose(root, overrides=overrides)
        OmegaConf.resolve(config)
    except HydraException as error:
        raise _explained(error) from error
    except OmegaConfBaseException as error:
        raise UserError(str(error).splitlines()[0], where=f"conf/{root}.yaml") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{os.path.relpath(mark.name)}:{mark.line + 1}" if mark else f"conf/{root}.yaml"
        raise UserError(f"not valid YAML: {error.problem}", where=where) from error
    return config


def _files() -> CachingConfigRepository:
    """The files under `conf/` and Hydra's own, each read once.

    Hydra's loader has this too, but makes a new one for every question, and reading YAML is half
    of its work.
    """
    loader = GlobalHydra.instance().config_loader()
    assert isinstance(loader, ConfigLoaderImpl)
    return CachingConfigRepository(loader.repository)


def _sources(
    root: str, overrides: list[str], files: CachingConfigRepository
) -> tuple[tuple[Path, str], ...]:
    """The files that Hydra merges, in merge order, without those of Hydra itself."""
    parsed = OverridesParser.create().parse_overrides(overrides)
    entries = create_defaults_list(
        files, root, parsed, prepend_hydra=False, skip_missing=False
    ).defaults
    return tuple(
        (CONF / f"{entry.config_path}.yaml", entry.package or "")
        for entry in entries
        if entry.config_path
    )


def _check_experiment_file(
    experiment: str, sources: Sequence[tuple[Path, str]], files: CachingConfigRepository
) -> None:
    """An experiment file may set only keys that the groups which it chooses define.

    So a misspelt key is an error at its line, and not a new key that nothing reads.
    """
    own = experiment_file(experiment)
    check_card(own, _content(own, files).get("card"))
    groups = OmegaConf.create()
    for path, package in sources:
        if path == own:
            continue
        content = _content(path, files)
        if package:
            OmegaConf.update(groups, package, content, merge=True, force_add=True)
        else:
            groups.merge_with(content)
    check_file(own, _content(own, files), groups)


def _content(path: Path, files: CachingConfigRepository) -> DictConfig:
    """The content of a file under `conf/`, which Hydra has read already."""
    loaded = files.load_config(path.relative_to(CONF).with_suffix("").as_posix())
    assert loaded is not None
    assert isinstance(loaded.config, DictConfig)
    return loaded.config


def _parse(text: str) -> Override:
    try:
        override = OverridesParser.create().parse_override(text)
    except HydraException as error:
        raise UserError(
            str(error).splitlines()[0],
            where=f"override '{text}'",
            allowed="key=value, +key=value, ~key, group=choice",
        ) from error
    if override.is_sweep_override():
        raise UserError(
            "a sweep over several values",
            where=f"override '{text}'",
            hint="queue one experiment per value: dvc exp run --queue -S 'overrides=[...]'",
        )
    return override


def _key(override: Override) -> str:
    return str(override.key_or_group).replace("/", ".")


def _is_group(override: Override) -> bool:
    return (CONF / str(override.key_or_group)).is_dir() and isinstance(override.value(), str)


def _applies(override: Override, base: DictConfig) -> bool:
    if override.type is OverrideType.ADD:
        return True
    if _is_group(override):
        # A network may take any group, such as a schedule where it had none.
        return any(OmegaConf.select(base, key) is not None for key in (_key(override), "trainer"))
    return has_key(base, _key(override))


def _nothing_has(override: Override, bases: dict[str, DictConfig]) -> UserError:
    known = sorted({key for base in bases.values() for key in key_paths(base)})
    return UserError(
        f"no key '{_key(override)}'",
        where=f"override '{override.input_line}'",
        hint=did_you_mean(_key(override), known)
        or f"see the keys with: phytotron show {list(bases)[-1]}",
    )


def _explained(error: HydraException) -> UserError:
    """A readable answer to the commonest mistake: a choice that a group does not offer."""
    text = " ".join(str(error).split())
    missing = re.search(r"Could not find '([^']+)'", text)
    if missing is None:
        return UserError(text)
    group, _, choice = missing[1].rpartition("/")
    while group and not (CONF / group).is_dir():  # an experiment's id has slashes of its own
        group, _, head = group.rpartition("/")
        choice = f"{head}/{choice}"
    if not group:
        return UserError(f"there is no {(CONF / missing[1]).as_posix()}.yaml")
    folder = CONF / group
    choices = sorted(
        path.relative_to(folder).with_suffix("").as_posix()
        for path in folder.rglob("*.yaml")
        if path.parent.name != "base"  # what the others of a group share
    )
    return UserError(
        f"'{choice}' is not in {folder.as_posix()}/",
        where=_chosen_at(group, choice),
        allowed=", ".join(choices),
        hint=did_you_mean(choice, choices),
    )


def _chosen_at(group: str, choice: str) -> str | None:
    """The file and line of a defaults list that makes a choice; None for an override."""
    entry = re.compile(rf"\s*- (override )?/?{re.escape(group)}: {re.escape(choice)}\s*(#.*)?$")
    for path in sorted(CONF.rglob("*.yaml")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if entry.match(line):
                return f"{path.as_posix()}:{number}"
    return None
