"""Kills the stage `register` after each of its writes to MLflow, and runs it again each time.

Run by test_register.py as a script, because a process that has started threads must not fork:

    python kill_register.py PROJECT SCRATCH [NAME...]

PROJECT is ready for registration. For every write (with names: for the last write of each NAME) the
project is copied to SCRATCH, a forked process runs the stage there and kills itself with SIGKILL
right after that write, and a second one runs it to the end. Prints one JSON object a line: what the
store then holds, first that of a run which nothing disturbed.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path

import phytotron.stages.register as stage
from phytotron.registry.audit import trail
from phytotron.registry.versions import aliases, versions
from phytotron.tracking.environment import mlflow
from phytotron.tracking.store import open_store, store_uri

WRITES = (
    "create_experiment",
    "create_run",
    "create_logged_model",
    "log_model_artifacts",
    "finalize_logged_model",
    "log_batch",
    "set_tag",
    "update_run",
    "log_inputs",
    "log_outputs",
    "log_artifacts",
    "set_terminated",
    "create_registered_model",
    "create_model_version",
    "set_registered_model_alias",
    "set_registered_model_tag",
)


def count_writes(after: int | None) -> list[str]:
    """Note each write; after the one with the number `after`, kill this process."""
    seen: list[str] = []
    for name in WRITES:
        original = getattr(mlflow.MlflowClient, name)

        def counted(*arguments, _name=name, _original=original, **options):
            result = _original(*arguments, **options)
            seen.append(_name)
            if len(seen) == after:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        setattr(mlflow.MlflowClient, name, counted)
    return seen


def in_child(project: Path, after: int | None) -> tuple[int, str]:
    """Run the stage in a forked process; its wait status, and what it writes to the pipe."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        os.chdir(project)
        seen = count_writes(after)
        stage.main()
        with os.fdopen(writing, "w") as pipe:
            json.dump({"writes": seen} | state(), pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    return os.waitpid(pid, 0)[1], text


def state() -> dict[str, object]:
    """What the store of the current folder holds, without ids and times."""
    store = open_store(stage.plain(stage.stage_config("register")).get("tracking"))
    assert store.uri == store_uri({"uri": "sqlite:///mlflow.db"})
    client = store.client
    experiment = client.get_experiment_by_name("router").experiment_id
    runs = sorted(client.search_runs([experiment]), key=lambda run: run.info.run_name)
    models = client.search_logged_models([experiment])
    return {
        "registration": Path("build/registration.json").read_text(),
        "runs": [[run.info.run_name, run.info.status] for run in runs],
        "metrics": [run.data.metrics | {"training/seconds": 0} for run in runs],
        "history": [
            len(client.get_metric_history(run.info.run_id, name))
            for run in runs
            for name in run.data.metrics
        ],
        "params": [run.data.params for run in runs],
        "outputs": [len(run.outputs.model_outputs) for run in runs],
        "inputs": [len(run.inputs.dataset_inputs) for run in runs],
        "models": sorted([model.name, str(model.status)] for model in models),
        "files": sorted(
            path.relative_to("mlartifacts").parts[3:]
            for path in Path("mlartifacts").rglob("*")
            if path.is_file() and "code" not in path.parts
        ),
        "versions": [version.version for version in versions(store, "router")],
        "aliases": aliases(store, "router"),
        "moves": [
            [move.action, move.before, move.after, move.done] for move in trail(store, "router")
        ],
    }


def main(project: Path, scratch: Path, names: list[str]) -> None:
    def copy() -> Path:
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.copytree(project, scratch)
        return scratch

    status, text = in_child(copy(), None)
    assert status == 0
    print(text, flush=True)
    writes = json.loads(text)["writes"]
    last = {name: number for number, name in enumerate(writes, start=1)}
    for after in [last[name] for name in names] or range(1, len(writes) + 1):
        status, _ = in_child(copy(), after)
        assert os.WTERMSIG(status) == signal.SIGKILL
        status, text = in_child(scratch, None)
        assert status == 0
        print(text, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
