"""Training beside PyTorch alone, a Lightning `Trainer`, and Keras 3 on TensorFlow.

    python -m benchmarks.training [--rounds 3] [--only mlp]

Every training is a separate process, and its clock runs without imports and the loading of the
data. All train on the same images for as many epochs and look at the same validation images. The
rounds are interleaved, every other one backwards, so that other load on the machine meets all
alike, and ratios are taken within a round: of seconds, and of the processor's seconds, which a
busy machine disturbs less. Each framework runs with the threads that suit it best: torch with one
where steps are small; Keras with TensorFlow's own choice, which is what its users have, with one
thread, and with many steps for one call. Phytotron has all that an experiment has: callbacks,
checkpoints, and a journal that another process sends to MLflow.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.training_programs import TRACKING

ROOT = Path(__file__).parents[1]
KERAS = ROOT / ".venv-keras/bin/python"
CORES = os.cpu_count() or 1
COMMON = (
    "data=mnist",
    "task=classification",
    "optimizer=adam",
    "trainer=default",
    "callbacks=default",
    "callbacks.best_weights.monitor=val_accuracy",
    "callbacks.early_stopping=null",
)


@dataclass(frozen=True)
class Program:
    """A function of `training_programs`, with its threads and precision."""

    function: str
    threads: int = 1
    precision: str = "32-true"

    @property
    def python(self) -> Path:
        return KERAS if self.function.startswith("keras") else Path(sys.executable)


@dataclass(frozen=True)
class Goal:
    """How far the value of `other` must be from Phytotron's; `other / ours` unless said."""

    other: str
    value: str  # of the result: seconds, processor or step
    bound: float
    kind: str = "times as fast"  # or: of its time, microseconds more


@dataclass(frozen=True)
class System:
    """A network on MNIST, the programs that train it, and the goals."""

    title: str
    overrides: tuple[str, ...]
    programs: dict[str, Program]
    goals: tuple[Goal, ...]


SYSTEMS = {
    "mlp": System(
        "MLP 784-128-128-10, batch 32, 5 epochs (C36)",
        ("model=mlp", "data.batch_size=32", "trainer.max_epochs=5"),
        {
            "phytotron": Program("phytotron"),
            "pytorch": Program("pytorch"),
            "barebones": Program("barebones"),
            "keras": Program("keras", threads=0),
            "keras 1 thread": Program("keras"),
            "keras 50 steps": Program("keras_together"),
        },
        (
            Goal("pytorch", "seconds", 1.15, "of its time"),
            Goal("pytorch", "processor", 1.15, "of its time"),
            Goal("keras", "seconds", 2.5),
            Goal("keras", "processor", 2.5),
        ),
    ),
    "cnn": System(
        "CNN 5x5 32-64-1024, batch 128, 1 epoch (size of F03)",
        (
            "model=stacked_cnn",
            "model.stages=[{channels:[32],padding:2},{channels:[64],padding:2}]",
            "model.kernel=5",
            "model.hidden=[1024]",
            "data.batch_size=128",
            "trainer.max_epochs=1",
        ),
        {
            "phytotron": Program("phytotron", CORES, "bf16-mixed"),
            "pytorch": Program("pytorch", CORES),
            "pytorch bf16": Program("pytorch", CORES, "bf16-mixed"),
            "keras": Program("keras", 0),
            "keras bf16": Program("keras", 0, "bf16-mixed"),
        },
        (Goal("keras", "seconds", 1.0), Goal("keras bf16", "seconds", 1.0)),
    ),
    "small step": System(
        "one step of 784-128-10, batch 64, with everything on",
        ("model=mlp", "model.hidden=[128]", "data.batch_size=64", "trainer.max_epochs=3"),
        {
            "phytotron": Program("phytotron"),
            "pytorch": Program("pytorch"),
            "barebones": Program("barebones"),
            "usual": Program("usual"),
        },
        (Goal("barebones", "step", 50.0, "microseconds more"),),
    ),
    "5 ms step": System(
        "one step of about 5 ms: 784-1024-768-10, batch 64",
        ("model=mlp", "model.hidden=[1024,768]", "data.batch_size=64", "trainer.max_epochs=1"),
        {"phytotron": Program("phytotron"), "pytorch": Program("pytorch")},
        (Goal("pytorch", "step", 1.10, "of its time"),),
    ),
}
UNITS = {"seconds": "s", "processor": "s of processor", "step": "us a step", "accuracy": "accuracy"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=SYSTEMS, action="append", help="this system; repeatable")
    options = parser.parse_args()
    if not KERAS.exists():
        parser.error("there is no .venv-keras; make it with: make .venv-keras/.installed")
    names = options.only or list(SYSTEMS)
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder), names)
        for name in names:
            compare(name, Path(folder), options.rounds)


def prepare(folder: Path, names: Sequence[str]) -> None:
    """Write the images, the configs and an empty MLflow store for the programs."""
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    from phytotron.config.instantiate import instantiate
    from phytotron.tracking.store import open_store

    config: Any = None
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        for name in names:
            composed = compose("config", [*COMMON, *SYSTEMS[name].overrides])
            config = OmegaConf.to_container(composed, resolve=True)
            (folder / f"{name}.json").write_text(json.dumps(config))
    data = instantiate(config["data"])
    splits = {"train": data.train, "validation": data.validation, "test": data.test}
    arrays = {
        f"{name}_{kind}": getattr(split, kind).numpy()
        for name, split in splits.items()
        for kind in ("inputs", "targets")
    }
    np.savez(folder / "mnist.npz", **arrays)
    with contextlib.chdir(folder):
        open_store(TRACKING)


def compare(name: str, folder: Path, rounds: int) -> None:
    """Run all programs in turn; print their values, and compare them with the goals."""
    system = SYSTEMS[name]
    print(f"\n{system.title}", flush=True)
    results: dict[str, list[dict[str, float]]] = {who: [] for who in system.programs}
    for number in range(rounds):
        order = list(system.programs.items())
        for who, program in order if number % 2 == 0 else reversed(order):
            results[who].append(run(program, folder, name))
            print(f"round {number + 1}: {who}: {_shown(results[who][-1])}", flush=True)
    print(f"median of {rounds} (lowest to highest); load {os.getloadavg()[1]:.1f}")
    for who, values in results.items():
        columns = [
            f"{spread([value[key] for value in values], key)} {unit}"
            for key, unit in UNITS.items()
            if key in values[0]
        ]
        print(f"  {who:15} {', '.join(columns)}")
    for goal in system.goals:
        pairs = [
            (ours[goal.value], other[goal.value])
            for ours, other in zip(results["phytotron"], results[goal.other], strict=True)
        ]
        print(f"  {_verdict(goal, pairs)}", flush=True)


def run(program: Program, folder: Path, system: str) -> dict[str, float]:
    """One training in a separate process, in an empty folder."""
    code = "from benchmarks.training_programs import main; main()"
    arguments = [program.function, str(program.threads), program.precision, folder, system]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as empty:
        shutil.copy(folder / "mlflow.db", empty)
        child = subprocess.run(
            [program.python, "-c", code, *arguments],
            cwd=empty,
            env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_WAIT_POLICY": "PASSIVE"},
            capture_output=True,
            text=True,
        )
    if child.returncode:
        sys.exit(f"{program.function} failed:\n{child.stderr}")
    return json.loads(child.stdout.splitlines()[-1])


def spread(values: Sequence[float], key: str = "") -> str:
    form = {"accuracy": ".4f", "step": ".0f"}.get(key, ".2f")
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:{form}} ({low:{form}} to {high:{form}})"


def _verdict(goal: Goal, pairs: Sequence[tuple[float, float]]) -> str:
    if goal.kind == "times as fast":
        values = [other / ours for ours, other in pairs]
        good, limit = statistics.median(values) >= goal.bound, "or more"
    elif goal.kind == "of its time":
        values = [ours / other for ours, other in pairs]
        good, limit = statistics.median(values) <= goal.bound, "at most"
    else:
        values = [ours - other for ours, other in pairs]
        good, limit = statistics.median(values) <= goal.bound, "at most"
    return (
        f"phytotron against {goal.other}, {UNITS[goal.value]}: {spread(values)} {goal.kind} "
        f"(goal: {goal.bound:g} {limit}): {'reached' if good else 'MISSED'}"
    )


def _shown(result: dict[str, float]) -> str:
    return ", ".join(f"{spread([result[key]], key).split()[0]} {UNITS[key]}" for key in result)


if __name__ == "__main__":
    main()
