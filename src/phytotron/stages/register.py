"""Stage `register`: runs to MLflow, the winner to the registry, the champion through the gate."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from phytotron.config.stage import plain, stage_config
from phytotron.errors import UserError
from phytotron.evaluation.predictions import load
from phytotron.files import read_json, write_json
from phytotron.progress import progress
from phytotron.registry.evaluated_model import EvaluatedModel
from phytotron.registry.gate import Gate
from phytotron.registry.log_run import log_run
from phytotron.registry.promotion import register_champion
from phytotron.registry.versions import CANDIDATE, point, register_version
from phytotron.stages import run
from phytotron.tracking.batches import tracking_experiment
from phytotron.tracking.provenance import repository
from phytotron.tracking.replay import replay_all
from phytotron.tracking.store import answered, exclusive, open_store

OUT = Path("build/registration.json")
COMPARISON = Path("results/comparison.json")


def main() -> None:
    """Write `build/registration.json`, as docs/pipeline.md says."""
    config = plain(stage_config("register"))
    comparison = _read(COMPARISON)
    contenders = {
        row["experiment"]: _contender(row["experiment"], comparison["test_set"])
        for row in comparison["contenders"]
    }
    winner = contenders[comparison["winner"]]
    model, gate = config["register"]["model"], Gate.from_config(config["register"])
    store = open_store(config["tracking"])
    replay_all()  # a run is completed when all of its training is there
    with answered(store.uri), exclusive(store):
        experiment_id = tracking_experiment(store, config["tracking"]["experiment"])
        provenance = repository()
        logged = {
            contender.experiment: log_run(store, experiment_id, contender, provenance)
            for contender in progress(list(contenders.values()), len(contenders), "register: runs")
        }
        version = register_version(store, model, winner, logged[winner.experiment])
        point(store, model, CANDIDATE, version.version)
        decision, reason = register_champion(
            store,
            gate,
            version,
            _cause(config, contenders, winner),
            load(winner.evaluation / "predictions.parquet"),
        )
    write_json(
        OUT,
        {
            "model": model,
            "experiment": winner.experiment,
            "digest": winner.digest,
            "test_set": winner.test_set,
            "macro_f1": winner.metrics["macro_f1"],
            "decision": decision,
            "reason": reason,
        },
    )
    print(f"{model}: {winner.experiment} is version {version.version}, {decision}: {reason}")


def _contender(experiment: str, test_set: str) -> EvaluatedModel:
    return EvaluatedModel(
        experiment,
        model=Path("build/models") / experiment,
        evaluation=Path("build/evaluation") / experiment,
        metrics=_read(Path("results") / experiment / "metrics.json"),
        test_set=test_set,
        timing=Path("build/timing/train") / f"{experiment}.json",
    )


def _cause(config: dict, contenders: dict[str, EvaluatedModel], winner: EvaluatedModel) -> str:
    """A hash of everything that this registration depends on."""
    identities = [contender.identity for contender in contenders.values()]
    facts = [config, identities, winner.identity]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _read(path: Path) -> dict:
    if not path.exists():
        raise UserError("does not exist", where=str(path), hint="run: dvc repro compare")
    return read_json(path)


if __name__ == "__main__":
    run(main)
