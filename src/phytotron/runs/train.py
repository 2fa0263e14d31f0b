"""`phytotron train`: one experiment outside of DVC, tracked, in a separate folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phytotron.config.compose import compose_training
from phytotron.config.experiments import experiment_file
from phytotron.errors import UserError
from phytotron.files import write_json

if TYPE_CHECKING:  # torch is imported when what was asked for is known to be right
    from phytotron.evaluation.evaluate import Evaluation

RUNS = Path("build/runs")


def train(experiment: str, overrides: Sequence[str] = ()) -> Path | None:
    """Train, measure, draw and track an experiment; prints where everything went.

    The outs of the pipeline and the results of `verify` stay as they are. The same experiment with
    the same overrides and data goes to the same folder and the same MLflow run.

    Args:
        experiment: its id.
        overrides: Hydra overrides, such as `trainer.max_epochs=2`.

    Returns:
        The run's folder: `model/`, `evaluation/`, `figures/`, `metrics.json`, `timing.json`. None
        in a process that is not the first of a distributed run.

    Raises:
        UserError: a mistake in the experiment or an override, or the data is not available.
    """
    config, shared = (item.content for item in compose_training(experiment, overrides))
    card = config.get("card") or {}
    if not card.get("metric"):
        where = f"{experiment_file(experiment).as_posix()}: card.metric"
        raise UserError("is missing", where=where, allowed="such as test/accuracy")

    # Heavy imports wait until what was asked for is known to be right.
    from phytotron.evaluation.evaluate import evaluate
    from phytotron.evaluation.trained import measure_saved
    from phytotron.runs.run import MODEL, draw_figures
    from phytotron.training.fit import fit_watched, identity, timing

    tracking = shared["tracking"]
    key = identity(config)
    folder = RUNS / experiment / key
    result = fit_watched(experiment, config, folder / MODEL, tracking, key)
    if result is None:
        return None
    write_json(folder / "timing.json", timing(result))
    trained = measure_saved(config, folder / MODEL, result)
    settings, seed = shared["evaluate"], shared["seed"]
    found = evaluate(trained, card["metric"], folder / "evaluation", settings, seed)
    # Named as in the results of `verify`, which these can be compared with.
    metrics = {f"test/{name}": value for name, value in found.metrics.items()} | trained.metrics
    write_json(folder / "metrics.json", metrics)
    if config.get("figures"):
        draw_figures(trained, folder)
    run_id = _track(experiment, card, found, folder, tracking)
    for name, value in sorted(trained.metrics.items()):
        print(f"{name}  {value:.4g}")
    print(f"model, figures and metrics: {folder.as_posix()}/")
    print(f"MLflow run: {run_id} (see it with: make ui)")
    return folder


def _track(
    experiment: str,
    card: Mapping[str, Any],
    found: Evaluation,
    folder: Path,
    tracking: Mapping[str, Any],
) -> str:
    """Complete the run of the training in MLflow; its id."""
    # These import MLflow, which takes seconds.
    from phytotron.registry.evaluated_model import EvaluatedModel
    from phytotron.registry.log_run import log_run
    from phytotron.runs.run import FIGURES, MODEL
    from phytotron.tracking import journal
    from phytotron.tracking.live import tracking_experiment
    from phytotron.tracking.provenance import repository
    from phytotron.tracking.sender import replay
    from phytotron.tracking.store import answered, exclusive, open_store

    evaluated = EvaluatedModel(
        experiment,
        model=folder / MODEL,
        evaluation=folder / "evaluation",
        metrics=found.metrics,
        metric=card["metric"],
        goal=card["goal"],
        test_set=found.predictions.test_set() if found.predictions else None,
        timing=folder / "timing.json",
    )
    store = open_store(tracking)
    assert evaluated.key is not None
    replay(journal.FOLDER / evaluated.key)  # all of the training is there before it is completed
    with answered(store.uri), exclusive(store):
        experiment_id = tracking_experiment(store, tracking["experiment"])
        run_id = log_run(store, experiment_id, evaluated, repository()).run_id
        if (folder / FIGURES).is_dir():
            store.client.log_artifacts(run_id, str(folder / FIGURES), FIGURES)
    return run_id
