"""`params.yaml`: what `dvc repro` builds."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from phytotron.config.experiments import PARAMS, load_yaml
from phytotron.config.yaml_positions import set_at
from phytotron.errors import UserError


@dataclass(frozen=True)
class Params:
    """What to build.

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
    from phytotron.config.schema.pipeline import ParamsFile

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
