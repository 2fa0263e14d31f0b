"""`phytotron train` for an experiment of the zoo: one run, tracked, in a folder of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from phytotron.config.explain import composed_as_in_repro
from phytotron.config.stage import plain
from phytotron.files import write_json
from phytotron.tracking import journal
from phytotron.tracking.watch import current_journal, watched

RUNS = Path("build/runs")


def train_in_zoo(experiment: str, overrides: Sequence[str] = ()) -> Path | None:
    """Fetch the data, train, measure and draw; prints where everything went.

    The same experiment with the same overrides goes to the same folder and the same MLflow run.
    What `verify` has earned stays as it is.

    Args:
        experiment: its id.
        overrides: Hydra overrides, such as `trainer.max_epochs=2`.

    Returns:
        The run's folder: `model/`, `figures/`, `metrics.json`. None in a process that is not the
        first of a distributed run.

    Raises:
        UserError: a mistake in the experiment or an override, or the data cannot be had.
    """
    config = plain(composed_as_in_repro(experiment, overrides).config)
    tracking = plain(composed_as_in_repro(None).config.tracking)
    # The rest of the card says what the experiment claims, and changes nothing.
    config["card"] = {"precisions": config["card"]["precisions"]}
    known_by = json.dumps(config, sort_keys=True)
    folder = RUNS / experiment / hashlib.sha256(known_by.encode()).hexdigest()[:12]

    # Heavy imports wait until what was asked for is known to be right.
    from phytotron.runs.run import run
    from phytotron.training.fit import identity

    key = identity(config, None)
    with watched(experiment, key, config, tracking):
        outcome = run(config, folder)
        if outcome is None:
            return None
        if written := current_journal():
            written.metrics(outcome.steps, outcome.metrics)
    write_json(folder / "metrics.json", outcome.metrics)
    for name, value in sorted(outcome.metrics.items()):
        print(f"{name}  {value:.4g}")
    print(f"model, figures and metrics: {folder.as_posix()}/")
    print(f"MLflow run: {_completed(key, folder, tracking)} (see it with: make ui)")
    return folder


def _completed(key: str, folder: Path, tracking: dict[str, str]) -> str:
    """Add the figures to the training's run in MLflow; the run's id."""
    from phytotron.runs.run import FIGURES
    from phytotron.tracking.batches import tracking_experiment
    from phytotron.tracking.live import training_run
    from phytotron.tracking.replay import replay
    from phytotron.tracking.store import answered, exclusive, open_store

    store = open_store(tracking)
    replay(journal.FOLDER / key)  # all of the training is there before the run is completed
    with answered(store.uri), exclusive(store):
        run = training_run(store.client, tracking_experiment(store, tracking["experiment"]), key)
        assert run is not None
        if (folder / FIGURES).is_dir():
            store.client.log_artifacts(run.info.run_id, str(folder / FIGURES), FIGURES)
    return run.info.run_id
