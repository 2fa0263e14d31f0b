"""Stage `train@E`: one experiment's model → build/models/E/."""

from __future__ import annotations

import sys
from pathlib import Path

from phytotron.config.stage import plain, stage_config
from phytotron.errors import UserError
from phytotron.files import write_json
from phytotron.stages import run
from phytotron.training.fit import fit_watched, timing


def train() -> None:
    if len(sys.argv) != 2:
        raise UserError("which experiment?", hint="python -m phytotron.stages.train EXPERIMENT")
    experiment = sys.argv[1]
    out = Path("build/models") / experiment
    config = plain(stage_config("train", experiment))
    result = fit_watched(experiment, config, out)
    if result is None:  # the first process of a distributed run does the rest
        return
    metric = (config["card"]["metric"] or "").partition("/")[2]
    write_json(Path("build/timing/train") / f"{experiment}.json", timing(result))
    print(f"{experiment}: {result.summary(metric)} → {out}")


if __name__ == "__main__":
    run(train)
