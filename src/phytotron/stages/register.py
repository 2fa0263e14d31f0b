"""Stage `register`: runs to MLflow, the selected model to the registry, and through the gate."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from phytotron.config.stage import plain, stage_config
from phytotron.errors import UserError
from phytotron.evaluation.predictions import FILE, load_if_there
from phytotron.files import read_json, write_json
from phytotron.progress import progress
from phytotron.registry.evaluated_model import EvaluatedModel
from phytotron.registry.gate import Gate
from phytotron.registry.log_run import log_run
from phytotron.registry.promotion import register_champion
from phytotron.registry.versions import CANDIDATE, point, register_version
from phytotron.stages import run
from phytotron.tracking.live import tracking_experiment
from phytotron.tracking.provenance import repository
from phytotron.tracking.sender import replay_all
from phytotron.tracking.store import answered, exclusive, open_store

OUT = Path("build/registration.json")
COMPARISON = Path("results/comparison.json")


def main() -> None:
    """Write `build/registration.json`, as docs/pipeline.md says."""
    config = plain(stage_config("register"))
    comparison = _read(COMPARISON)
    metric, goal = comparison["metric"], comparison["goal"]
    experiments = {
        row["experiment"]: _evaluated(row["experiment"], config["compare"]["metric"], comparison)
        for row in comparison["experiments"]
    }
    selected = experiments[comparison["selected"]]
    model, gate = config["register"]["model"], Gate.from_config(config["register"], metric, goal)
    store = open_store(config["tracking"])
    replay_all()  # a run is completed when all of its training is there
    with answered(store.uri), exclusive(store):
        experiment_id = tracking_experiment(store, config["tracking"]["experiment"])
        provenance = repository()
        logged = {
            each.experiment: log_run(store, experiment_id, each, provenance)
            for each in progress(list(experiments.values()), len(experiments), "register: runs")
        }
        version = register_version(store, model, selected, logged[selected.experiment])
        point(store, model, CANDIDATE, version.version)
        decision, reason = register_champion(
            store,
            gate,
            version,
            _cause(config, experiments, selected),
            load_if_there(selected.evaluation / FILE),
        )
    write_json(
        OUT,
        {
            "model": model,
            "experiment": selected.experiment,
            "digest": selected.digest,
            "test_set": selected.test_set,
            "metric": metric,
            "value": selected.value,
            "decision": decision,
            "reason": reason,
        },
    )
    print(f"{model}: {selected.experiment} is version {version.version}, {decision}: {reason}")


def _evaluated(experiment: str, metric: str, comparison: Mapping[str, Any]) -> EvaluatedModel:
    return EvaluatedModel(
        experiment,
        model=Path("build/models") / experiment,
        evaluation=Path("build/evaluation") / experiment,
        metrics=_read(Path("results") / experiment / "metrics.json"),
        metric=metric,
        goal=comparison["goal"],
        test_set=comparison["test_set"],
        timing=Path("build/timing/train") / f"{experiment}.json",
    )


def _cause(config: dict, experiments: dict[str, EvaluatedModel], selected: EvaluatedModel) -> str:
    """A hash of everything that this registration depends on."""
    identities = [each.identity for each in experiments.values()]
    facts = [config, identities, selected.identity]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _read(path: Path) -> dict:
    if not path.exists():
        raise UserError("does not exist", where=str(path), hint="run: dvc repro compare")
    return read_json(path)


if __name__ == "__main__":
    run(main)
