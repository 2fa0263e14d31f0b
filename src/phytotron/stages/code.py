"""Stage `code`: for each stage, and each experiment of it, the code that it needs.

The other stages depend on these files instead of folders of the source. An edit anywhere runs this
stage again, which takes a second; its files stay as they are unless the edit changes what a stage
does, and then just that stage runs again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from phytotron.config.fingerprint import LEFT_OUT, code_hashes, targets
from phytotron.config.imports import SourceTree
from phytotron.config.stage import PIPELINE_CONFIG
from phytotron.files import replacing_folder, write_json
from phytotron.stages import run

CONFIGS = PIPELINE_CONFIG.parent
OUT = Path("build/code")
SOURCE = Path("src")  # what dvc.yaml says that this stage depends on

# Stages that run once; each needs what its module imports.
ALONE = ("scrape", "clean", "preprocess", "compare", "register", "report")
# Stages of one experiment; each needs also what the experiment's config names in some groups.
PER_EXPERIMENT = {
    "train": (
        "callbacks",
        "data",
        "initializer",
        "model",
        "optimizer",
        "regularizer",
        "scheduler",
        "task",
        "trainer",
    ),
    "evaluate": ("data", "model", "regularizer", "task"),  # what building a task builds
}

# The stage that reads from MLflow, too. The others pass numbers to `tracking` and get nothing back.
_TRACKS = "register"


def main() -> None:
    """Write `build/code/<stage>.json` and `build/code/<stage>/<experiment>.json`."""
    configs = {
        path.relative_to(CONFIGS).with_suffix("").as_posix(): yaml.safe_load(
            path.read_text(encoding="utf-8")
        )
        for path in sorted(set(CONFIGS.rglob("*.yaml")) - {PIPELINE_CONFIG})
    }
    with replacing_folder(OUT) as folder:
        for name, hashes in all_code(SourceTree(SOURCE), configs).items():
            write_json(folder / f"{name}.json", hashes)
    print(f"code: {OUT}")


def all_code(tree: SourceTree, configs: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The code of all stages, by the names of their files without `.json`.

    Args:
        tree: the source.
        configs: the resolved config of each experiment.
    """
    found = {stage: stage_code(tree, stage) for stage in ALONE}
    for experiment, config in configs.items():
        for stage in PER_EXPERIMENT:
            found[f"{stage}/{experiment}"] = stage_code(tree, stage, named(stage, config))
    return found


def named(stage: str, config: Mapping[str, Any]) -> list[str]:
    """What an experiment's config names for a stage, such as the classes of its network."""
    return sorted(set(targets([config.get(group) for group in PER_EXPERIMENT[stage]])))


def stage_code(tree: SourceTree, stage: str, names: list[str] | None = None) -> dict[str, str]:
    """The hash of every file that a stage needs, by its path.

    Args:
        tree: the source.
        stage: its name in `dvc.yaml`.
        names: what the experiment's config names for it.
    """
    left_out = tuple(name for name in LEFT_OUT if stage != _TRACKS or name != "phytotron.tracking")
    return code_hashes(tree, [f"phytotron.stages.{stage}", *(names or [])], left_out)


if __name__ == "__main__":
    run(main)
