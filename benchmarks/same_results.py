"""Does a change of the code leave every experiment's results as they were, bit for bit?

    python -m benchmarks.same_results record before.json     # on the old code
    python -m benchmarks.same_results record after.json      # on the new code
    python -m benchmarks.same_results compare before.json after.json

For each experiment, its tiny variant and its CPU preset of seed 0 are trained, saved, loaded and
measured. Where the CPU preset takes minutes, a part of its data stands in (`REDUCED`). Recorded are
a hash of the weights, one of the history, and the metrics. The hash of the weights leaves their
names out, so that a layer may be renamed. Both recordings must be made on one machine: between
processors with other instruction sets, last digits differ.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from phytotron.config.compose import compose_experiment
from phytotron.config.keys import has_key
from phytotron.config.presets import zoo_ids
from phytotron.config.stage import plain
from phytotron.runs.run import run
from phytotron.training.fit_estimator import learned_arrays
from phytotron.zoo.tiny import tiny_config

# Experiments that are trained for minutes, with what is changed of them.
REDUCED = {
    "detection/": ["data.read.training_samples=2000", "data.read.test_samples=300"],
    "energy/": [],
    "generative/": ["task.test_samples=100"],
    "sequence/translator": [],
    "style/": ["trainer.max_epochs=20"],
    "vision/": ["data.validation=200"],
}
SHORT = ["data.training_samples=2000", "data.test_samples=300", "trainer.max_epochs=1"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    recording = commands.add_parser("record", help="train, and write hashes and metrics")
    recording.add_argument("file", type=Path)
    recording.add_argument("experiments", nargs="*", help="ids; all when none is given")
    recording.add_argument("--tiny", action="store_true", help="the tiny variants alone")
    comparing = commands.add_parser("compare", help="say in what two recordings differ")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    comparing.add_argument(
        "--renamed", nargs="*", default=[], metavar="OLD=NEW", help="metrics with another name"
    )
    arguments = parser.parse_args()
    if arguments.command == "record":
        record(arguments.file, arguments.experiments or zoo_ids(), tiny=arguments.tiny)
    else:
        renamed = dict(pair.split("=") for pair in arguments.renamed)
        raise SystemExit(compare(arguments.before, arguments.after, renamed))


def record(file: Path, experiments: list[str], *, tiny: bool) -> None:
    """Write what each variant comes to; what the file has already is not trained again."""
    found = json.loads(file.read_text()) if file.exists() else {}
    for experiment in experiments:
        for name, config in variants(experiment, tiny=tiny):
            if name in found:
                continue
            start = time.perf_counter()
            found[name] = outcome(config)
            print(f"{name}: {time.perf_counter() - start:.1f} s", flush=True)
            file.write_text(json.dumps(found, indent=1, sort_keys=True))


def variants(experiment: str, *, tiny: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """The configs that are trained of an experiment, by a name each."""
    yield f"{experiment}:tiny", tiny_config(experiment)
    if tiny:
        return
    config = compose_experiment(experiment, seed=0).config
    changes = [item for start, item in REDUCED.items() if experiment.startswith(start)]
    if not changes:
        yield f"{experiment}:full", plain(config)
        return
    # Data that counts its samples itself, in `read`, gets its own keys from REDUCED.
    own = {text.partition("=")[0] for text in changes[0]}
    short = [text for text in SHORT if text.partition("=")[0] not in own]
    chosen = [*short, *changes[0]]
    overrides = [text for text in chosen if has_key(config, text.partition("=")[0])]
    yield f"{experiment}:reduced", plain(compose_experiment(experiment, overrides, seed=0).config)


def outcome(config: dict[str, Any]) -> dict[str, Any]:
    """What one training came to, as numbers and hashes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        done = run(config, folder, scratch=folder / "scratch")
        assert done is not None
        result, trained = done
        history = json.dumps(result.history, sort_keys=True, default=float)
        return {
            "weights": weights_hash(trained.model),
            "history": hashlib.sha256(history.encode()).hexdigest()[:16],
            "metrics": {key: float(value) for key, value in trained.metrics.items()},
            "parameters": result.parameters,
            "epochs": result.epochs,
            "steps": result.steps,
        }


def weights_hash(model: Any) -> str:
    """A hash of all weights of a network, or of what an estimator has learned."""
    if hasattr(model, "state_dict"):
        arrays = [value.detach().cpu().numpy() for value in model.state_dict().values()]
    else:
        arrays = list(learned_arrays(model))
    digest = hashlib.sha256()
    facts = (
        (str(array.shape), str(array.dtype), np.ascontiguousarray(array).tobytes())
        for array in arrays
    )
    for shape, kind, content in sorted(facts):
        digest.update(shape.encode() + kind.encode() + content)
    return digest.hexdigest()[:16]


def compare(before_file: Path, after_file: Path, renamed: dict[str, str]) -> int:
    """Print the differences; exit status 0 when there are none."""
    before, after = (json.loads(path.read_text()) for path in (before_file, after_file))
    differing = equal = 0
    for name in sorted(before.keys() | after.keys()):
        if name not in before or name not in after:
            print(f"{name}: only {'before' if name in before else 'after'}")
            differing += 1
            continue
        old = before[name]
        old["metrics"] = {renamed.get(key, key): value for key, value in old["metrics"].items()}
        changed = [key for key in old if old[key] != after[name].get(key)]
        if changed:
            print(f"{name}: {', '.join(changed)} differ")
            differing += 1
        else:
            equal += 1
    print(f"{equal} equal, {differing} not")
    return 1 if differing else 0


if __name__ == "__main__":
    main()
