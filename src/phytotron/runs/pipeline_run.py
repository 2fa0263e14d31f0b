"""One experiment outside of DVC: trained, evaluated and tracked, in a folder of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from phytotron.config.explain import composed_as_in_repro
from phytotron.config.stage import plain
from phytotron.errors import UserError
from phytotron.files import read_json, sha256, write_json
from phytotron.tracking import journal
from phytotron.tracking.watch import watched

DATA = Path("data/processed")
RUNS = Path("build/runs")


def train_experiment(experiment: str, overrides: Sequence[str] = ()) -> Path | None:
    """Train, evaluate and track an experiment; prints where everything went.

    The pipeline's own outs stay as they are. The same experiment with the same overrides and data
    goes to the same folder and the same MLflow run.

    Args:
        experiment: its id.
        overrides: Hydra overrides, such as `trainer.max_epochs=2`.

    Returns:
        The run's folder: `model/`, `evaluation/`, `metrics.json`, `timing.json`. None in a process
        that is not the first of a distributed run.

    Raises:
        UserError: an unknown experiment or key, or no data yet.
    """
    config = plain(composed_as_in_repro(experiment, overrides).config)
    shared = composed_as_in_repro(None).config
    if not (DATA / "manifest.json").exists():
        raise UserError("there is no data yet", where=str(DATA), hint="run: dvc repro preprocess")
    del config["card"]  # training does not depend on it
    known_by = json.dumps(config, sort_keys=True) + sha256(DATA / "manifest.json")
    folder = RUNS / experiment / hashlib.sha256(known_by.encode()).hexdigest()[:12]

    # Heavy imports wait until what was asked for is known to be right.
    from phytotron.evaluation.evaluate import evaluate, predict, summary
    from phytotron.training.fit import fit, identity
    from phytotron.training.timing import timing

    tracking = plain(shared.tracking)
    key = identity(config, DATA)
    with watched(experiment, key, config, tracking):
        fitted = fit(config, DATA, folder / "model")
    if fitted is None:
        return None
    write_json(folder / "timing.json", timing(fitted))
    predictions = predict(folder / "model", DATA)
    metrics = evaluate(
        predictions,
        folder / "model",
        folder / "evaluation",
        folder / "metrics.json",
        shared.evaluate,
        shared.seed,
    )
    run_id = _track(experiment, key, folder, predictions.test_set(), tracking)
    print(summary(experiment, metrics))
    print(f"model, evaluation and metrics: {folder.as_posix()}/")
    print(f"MLflow run: {run_id} (see it with: make ui)")
    return folder


def _track(experiment: str, key: str, folder: Path, test_set: str, tracking: dict[str, str]) -> str:
    """Complete the run of the training in MLflow; its id."""
    from phytotron.registry.evaluated_model import EvaluatedModel
    from phytotron.registry.log_run import log_run
    from phytotron.tracking.batches import tracking_experiment
    from phytotron.tracking.provenance import repository
    from phytotron.tracking.replay import replay
    from phytotron.tracking.store import answered, exclusive, open_store

    contender = EvaluatedModel(
        experiment,
        model=folder / "model",
        evaluation=folder / "evaluation",
        metrics=read_json(folder / "metrics.json"),
        test_set=test_set,
        timing=folder / "timing.json",
    )
    store = open_store(tracking)
    replay(journal.FOLDER / key)  # a run is completed when all of its training is there
    with answered(store.uri), exclusive(store):
        experiment_id = tracking_experiment(store, tracking["experiment"])
        return log_run(store, experiment_id, contender, repository()).run_id
