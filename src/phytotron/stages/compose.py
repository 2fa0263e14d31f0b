"""Stage `compose`: `params.yaml` and `conf/` to one resolved config per experiment."""

from __future__ import annotations

from pathlib import Path

from omegaconf import OmegaConf

from phytotron.config.compared import settle_metric
from phytotron.config.compose import PIPELINE, compose_all
from phytotron.config.dvc_params import check_listed
from phytotron.config.experiments import read_params
from phytotron.files import replacing_folder
from phytotron.stages import run

OUT = Path("build/config")


def main() -> None:
    """Write `build/config/pipeline.yaml` and `build/config/<experiment>.yaml`."""
    composed = compose_all(read_params())
    check_listed(composed)
    settle_metric(
        composed[PIPELINE].config,
        {name: item.config for name, item in composed.items() if name != PIPELINE},
    )
    with replacing_folder(OUT) as folder:
        for name, item in composed.items():
            path = folder / f"{name}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(OmegaConf.to_yaml(item.config), encoding="utf-8", newline="\n")
    print(f"composed {len(composed) - 1} experiments")


if __name__ == "__main__":
    run(main)
