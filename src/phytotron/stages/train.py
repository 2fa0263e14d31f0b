"""Stage `train@E`: data/processed/ → build/models/E/."""

from __future__ import annotations

import sys
from pathlib import Path

from phytotron.config.stage import plain, stage_config
from phytotron.errors import UserError
from phytotron.files import write_json
from phytotron.stages import run
from phytotron.tracking.watch import watched
from phytotron.training.fit import fit, identity
from phytotron.training.timing import timing

DATA = Path("data/processed")


def train() -> None:
    if len(sys.argv) != 2:
        raise UserError("which experiment?", hint="python -m phytotron.stages.train EXPERIMENT")
    experiment = sys.argv[1]
    out = Path("build/models") / experiment
    config = plain(stage_config("train", experiment))
    key = identity(config, DATA)
    with watched(experiment, key, config):
        fitted = fit(config, DATA, out)
    if fitted is None:  # the first process of a distributed run does the rest
        return
    write_json(Path("build/timing/train") / f"{experiment}.json", timing(fitted))
    print(
        f"{experiment}: {fitted.seconds:.1f} s, {fitted.parameters:,} parameters, "
        f"val_macro_f1 {fitted.best['val_macro_f1']:.4f} (epoch {fitted.best_epoch}) → {out}"
    )


if __name__ == "__main__":
    run(train)
