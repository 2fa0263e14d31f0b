"""The experiments that there are, and those that `dvc repro` builds.

The registry of experiments is the folder `conf/experiment/`: one file, one experiment.
`params.yaml` names some of them.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from phytotron.config.renamed import renamed_experiment
from phytotron.config.yaml_positions import SafeLoader, set_at
from phytotron.errors import UserError, did_you_mean

CONF = Path("conf")
FOLDER = CONF / "experiment"
PARAMS = Path("params.yaml")

try:
    from yaml import CSafeDumper as SafeDumper
except ImportError:  # a PyYAML that was built without libyaml
    from yaml import SafeDumper  # type: ignore[assignment]


class _Loader(SafeLoader):
    """Reads `1e-3` as a number, as Hydra does; YAML 1.1 wants it to be written 1.0e-3."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?\d+(?:\.\d*)?[eE][-+]?\d+$"),
    list("-+0123456789"),
)


class _Dumper(SafeDumper):
    """Puts a text that Hydra would read as a number or a truth value in quotes."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_text(self, data: str) -> yaml.ScalarNode:
        quote = "'" if _is_number(data) or data.lower() in _TRUTHS else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=quote)


_TRUTHS = ("y", "yes", "n", "no", "true", "false", "on", "off")
_Dumper.add_representer(str, _Dumper.represent_text)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def experiment_ids() -> list[str]:
    """The ids of all experiments, sorted."""
    return sorted(
        path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.rglob("*.yaml")
    )


def experiment_file(experiment: str) -> Path:
    """The file of an experiment.

    Raises:
        UserError: there is no such experiment.
    """
    path = FOLDER / f"{experiment}.yaml"
    if "\0" in experiment or not path.is_file():
        new = renamed_experiment(experiment)
        if new and (FOLDER / f"{new}.yaml").is_file():
            raise UserError(f"the experiment '{experiment}' is now '{new}'")
        known = experiment_ids()
        raise UserError(
            f"no experiment '{experiment}'",
            hint=did_you_mean(experiment, known) or "see them with: phytotron list",
        )
    return path


def read_experiment(experiment: str) -> dict[str, Any]:
    """The content of an experiment's own file, not composed: its card and group choices."""
    path = experiment_file(experiment)
    return load_yaml(path) or {}


def group_choices(content: dict[str, Any]) -> dict[str, str]:
    """The group choices in the defaults list of an experiment file, such as data: mnist."""
    choices = {}
    # An entry is `override /data: mnist`, `/data: mnist`, or a text such as `_self_`.
    for entry in content.get("defaults", []):
        if isinstance(entry, dict):
            for group, choice in entry.items():
                choices[group.removeprefix("override").strip().lstrip("/")] = choice
    return choices


def load_yaml(path: Path) -> Any:
    """The content of a YAML file.

    Raises:
        UserError: the file is not valid YAML; names the line.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise UserError(f"not valid YAML: {error.problem}", where=where) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(f"not valid YAML: {error}", where=str(path)) from error


def yaml_text(content: Any) -> str:
    """Plain dicts and lists as YAML that `load_yaml` and Hydra read as the same again."""
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


# --- params.yaml --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Params:
    """What `dvc repro` builds.

    Attributes:
        site: the name of a file in `conf/site/`.
        experiments: ids of files in `conf/experiment/`.
        overrides: Hydra overrides for everything that has their key.
        seed: the root of all randomness, 0 or more.
    """

    site: str
    experiments: tuple[str, ...]
    overrides: tuple[str, ...]
    seed: int


def read_params(path: Path = PARAMS) -> Params:
    """Read and check `params.yaml`.

    Raises:
        UserError: an unknown or missing key, a value of the wrong type, no experiment at all, or
            one that is listed twice; each with its line.
    """
    from phytotron.config.schema import check  # here: pydantic is slow to import
    from phytotron.config.schema.experiment import ParamsFile

    if not path.exists():
        raise UserError(f"no file '{path}' here", hint="run this from the repository's root")
    content = load_yaml(path)
    if not isinstance(content, dict):
        allowed = ", ".join(ParamsFile.model_fields)
        raise UserError("holds no keys", where=str(path), allowed=allowed)
    # The file is merged from nothing, so each key is in the file itself.
    check(ParamsFile, content, lambda key: set_at([(path, "")], key) or str(path))
    return Params(
        content["site"],
        tuple(content["experiments"]),
        tuple(content["overrides"]),
        content["seed"],
    )


def main() -> None:
    """Check `params.yaml` before DVC reads it: its own answers to a wrong type are hard to read."""
    try:
        read_params()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
