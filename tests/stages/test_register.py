from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import yaml
from tests.fixtures.mlflow_projects import COMPARED, MODEL, PIPELINE, open_tracking_store

from phytotron.errors import UserError
from phytotron.evaluation.tables import read_csv
from phytotron.files import read_json, sha256, write_json
from phytotron.predict.predict import predict
from phytotron.registry.evaluated_model import folder_digest
from phytotron.registry.promotion import promote
from phytotron.registry.versions import aliases, fact, facts, resolve
from phytotron.stages import register
from phytotron.tracking.environment import TRAINING
from phytotron.tracking.journal import FILE, FOLDER, Journal, read

DVC_LOCK = """\
stages:
  preprocess:
    outs:
    - {path: data/processed, hash: md5, md5: 77.dir}
"""


def registration() -> dict:
    return read_json("build/registration.json")


def journalled(experiment: str) -> Path:
    """A training that has ended and of which nothing is sent yet; its journal's folder."""
    model = Path("build/models") / experiment
    key = read_json(model / "training.json")["key"]
    journal = Journal(FOLDER / key / FILE)
    config = yaml.safe_load((model / "config.yaml").read_text())
    journal.start(experiment, key, config, PIPELINE["tracking"])
    (row,) = read_csv(model / "history.csv")
    journal.metrics(1, {"samples_per_second": 100.0})
    journal.metrics(int(row["step"]), {"val_macro_f1": float(row["val_macro_f1"])})
    journal.end("FINISHED")
    journal.close()
    return FOLDER / key


def runs_of(experiment: str) -> list:
    client = open_tracking_store().client
    experiment_id = client.get_experiment_by_name(MODEL).experiment_id
    return [run for run in client.search_runs([experiment_id]) if run.info.run_name == experiment]


def select(experiment: str) -> None:
    """Let another experiment be selected."""
    write_json(
        "results/comparison.json", read_json("results/comparison.json") | {"selected": experiment}
    )


def commit_all() -> None:
    """Make the folder a repository with everything but the pipeline's outs committed."""
    Path(".gitignore").write_text("build\nml*\ndata\n")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "a"]):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *command], check=True)


def test_what_is_selected_becomes_candidate_and_first_champion(compared):
    register.main()
    selected = read_json("results/comparison.json")["selected"]
    assert selected == "router/strong"
    found = registration()
    assert found.pop("reason").startswith("the first champion: macro-F1 ")
    assert found == {
        "model": MODEL,
        "experiment": selected,
        "digest": folder_digest(Path("build/models") / selected),
        "test_set": read_json("results/comparison.json")["test_set"],
        "metric": "macro_f1",
        "value": read_json(f"results/{selected}/metrics.json")["macro_f1"],
        "decision": "promoted",
    }
    assert aliases(open_tracking_store(), MODEL) == {"candidate": "1", "champion": "1"}


def test_every_experiment_has_a_run_with_all_that_it_takes_to_compare_it(compared):
    register.main()
    client = open_tracking_store().client
    experiment = client.get_experiment_by_name(MODEL)
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    assert set(runs) == set(COMPARED)
    run = runs["router/strong"]
    assert run.info.status == "FINISHED"
    assert run.data.params["model.features"] == "4096"
    assert run.data.metrics["test/macro_f1"] == pytest.approx(registration()["value"])
    assert "val_macro_f1" in run.data.metrics
    (data,) = [
        item.dataset for item in run.inputs.dataset_inputs if item.dataset.name == "test split"
    ]
    assert registration()["test_set"].startswith(data.digest)
    (model,) = run.outputs.model_outputs
    linked = {metric.key: metric for metric in client.get_logged_model(model.model_id).metrics}
    assert linked["test/macro_f1"].dataset_digest == data.digest
    paths = {file.path for file in client.list_artifacts(run.info.run_id, "figures")}
    assert {"figures/confusion.png", "figures/calibration.png"} <= paths


def test_run_again_it_changes_nothing(compared):
    register.main()
    before = Path("build/registration.json").read_bytes()
    client = open_tracking_store().client
    runs = client.search_runs([client.get_experiment_by_name(MODEL).experiment_id])
    register.main()
    assert Path("build/registration.json").read_bytes() == before
    again = client.search_runs([client.get_experiment_by_name(MODEL).experiment_id])
    assert [run.to_dictionary() for run in again] == [run.to_dictionary() for run in runs]
    assert [version.version for version in client.search_model_versions(f"name='{MODEL}'")] == [1]


def test_it_completes_the_run_that_the_training_filled(compared):
    folder = journalled("router/strong")
    ended = list(read(folder / FILE))[-1][0]["time"]
    register.main()
    assert not folder.exists()
    (run,) = runs_of("router/strong")
    assert run.info.status == "FINISHED"
    assert run.info.end_time == ended
    assert run.data.tags[TRAINING] == folder.name
    assert run.data.metrics["samples_per_second"] == 100
    assert run.data.metrics["test/macro_f1"] == pytest.approx(registration()["value"])
    assert "val_loss" in run.data.metrics  # of the history, which the training did not log
    client = open_tracking_store().client
    assert len(client.get_metric_history(run.info.run_id, "val_macro_f1")) == 1
    assert resolve(open_tracking_store(), MODEL).run_id == run.info.run_id
    register.main()
    assert [each.to_dictionary() for each in runs_of("router/strong")] == [run.to_dictionary()]


def test_the_same_training_evaluated_otherwise_has_its_own_run(compared):
    journalled("router/strong")
    register.main()
    metrics = Path("results/router/strong/metrics.json")
    write_json(metrics, read_json(metrics) | {"accuracy": 0.5})
    register.main()
    values = [run.data.metrics["test/accuracy"] for run in runs_of("router/strong")]
    assert len(values) == 2
    assert min(values) == 0.5 < max(values)


def test_a_weaker_one_is_kept_as_candidate(compared):
    register.main()
    select("router/weak")
    register.main()
    found = registration()
    assert found["decision"] == "kept"
    assert "of the champion router/strong is a gain of -" in found["reason"]
    assert aliases(open_tracking_store(), MODEL) == {"candidate": "2", "champion": "1"}


def test_a_better_one_replaces_the_champion(compared):
    select("router/weak")
    register.main()
    select("router/strong")
    register.main()
    assert registration()["decision"] == "promoted"
    assert "of the champion router/weak is a gain of +" in registration()["reason"]
    assert aliases(open_tracking_store(), MODEL) == {"candidate": "2", "champion": "2"}


def test_one_that_is_in_use_already_says_so(compared):
    select("router/weak")
    register.main()
    select("router/strong")
    register.main()
    promote(MODEL, "1", force=True, why="a test")
    select("router/weak")
    register.main()
    assert registration()["decision"] == "already champion"


def test_below_the_least_value_nothing_becomes_champion(compared):
    config = yaml.safe_load(Path("build/config/pipeline.yaml").read_text())
    config["register"]["threshold"] = 1.01
    Path("build/config/pipeline.yaml").write_text(yaml.safe_dump(config))
    register.main()
    assert registration()["decision"] == "kept"
    assert aliases(open_tracking_store(), MODEL) == {"candidate": "1"}


def test_the_facts_of_the_moment_are_in_mlflow_and_not_in_the_out(compared):
    Path("requirements.lock").write_text("numpy==2\n")
    commit_all()
    Path("dvc.lock").write_text(DVC_LOCK)
    register.main()
    commit = subprocess.check_output(["git", "rev-parse", "HEAD"], text=True).strip()
    version = resolve(open_tracking_store(), MODEL)
    assert fact(version, "commit") == commit
    assert fact(version, "dirty") == "false"  # dvc.lock is the pipeline's own
    assert facts(version, "data") == {"data/processed": "md5:77.dir"}
    assert fact(version, "dvc_lock")
    assert fact(version, "requirements") == sha256("requirements.lock")
    assert commit not in Path("build/registration.json").read_text()
    client = open_tracking_store().client
    copy = client.download_artifacts(version.run_id, "provenance/dvc.lock")
    assert Path(copy).read_text() == DVC_LOCK


def test_what_is_not_committed_is_kept_as_a_patch(compared):
    commit_all()
    with Path("params.yaml").open("a") as file:
        file.write("seed: 7\n")
    register.main()
    version = resolve(open_tracking_store(), MODEL)
    assert fact(version, "dirty") == "true"
    copy = open_tracking_store().client.download_artifacts(
        version.run_id, "provenance/uncommitted.patch"
    )
    subprocess.run(["git", "checkout", "-q", "params.yaml"], check=True)
    subprocess.run(["git", "apply", copy], check=True)
    assert Path("params.yaml").read_text().endswith("seed: 7\n")


def test_a_wrong_choice_is_answered_before_anything_is_logged(compared):
    config = yaml.safe_load(Path("build/config/pipeline.yaml").read_text())
    config["register"]["on_incomparable"] = "drop"
    Path("build/config/pipeline.yaml").write_text(yaml.safe_dump(config))
    with pytest.raises(UserError, match="allowed: promote, keep"):
        register.main()
    assert open_tracking_store().client.get_experiment_by_name(MODEL) is None


def test_before_compare_the_way_there_is_named(compared):
    Path("results/comparison.json").unlink()
    with pytest.raises(UserError, match="dvc repro compare"):
        register.main()


def killed(project: Path, scratch: Path, *names: str) -> None:
    """Kill the stage after its writes to MLflow; run again, it always ends the same.

    Args:
        project: ready for registration.
        scratch: a folder that does not exist.
        names: kill after the last write of each of these names; after every write without them.
    """
    script = Path(__file__).with_name("kill_register.py")
    environment = {name: os.environ[name] for name in os.environ if not name.startswith("MLFLOW_")}
    done = subprocess.run(
        [sys.executable, script, project, scratch, *names],
        capture_output=True,
        text=True,
        check=False,
        timeout=1100,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    undisturbed, *others = [
        json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")
    ]
    writes = undisturbed.pop("writes")
    assert len(others) == len(names or writes)
    for name, other in zip(names or writes, others, strict=True):
        other.pop("writes")
        assert other == undisturbed, f"killed after {name}"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
def test_killed_and_run_again_it_ends_as_if_nothing_had_happened(compared, tmp_path):
    journalled("router/strong")
    names = ["update_run", "log_outputs", "create_model_version", "set_registered_model_alias"]
    killed(compared, tmp_path / "scratch", *names)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
def test_killed_after_any_write_it_ends_as_if_nothing_had_happened(compared, tmp_path):
    journalled("router/strong")
    killed(compared, tmp_path / "scratch")


@pytest.fixture
def server(tmp_path, monkeypatch) -> Iterator[subprocess.Popen]:
    """An MLflow server on a loopback port, which MLFLOW_TRACKING_URI names."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path / "server"
    folder.mkdir()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    places = {"backend-store-uri": f"sqlite:///{folder}/server.db", "artifacts-destination": folder}
    process = subprocess.Popen(
        [*command, *(f"--{name}={place}" for name, place in places.items())],
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", url)
    try:
        deadline = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline:
            try:
                requests.get(f"{url}/health", timeout=1).raise_for_status()
                break
            except requests.RequestException:
                time.sleep(0.2)
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


@pytest.mark.slow
def test_a_server_keeps_everything_and_its_loss_is_answered(compared, server):
    register.main()
    assert registration()["decision"] == "promoted"
    assert not Path("mlartifacts").exists()
    assert predict("a query on the table uses the index")[0].label == "database"
    register.main()
    assert aliases(open_tracking_store(), MODEL) == {"candidate": "1", "champion": "1"}
    before = Path("build/registration.json").read_bytes()
    os.killpg(server.pid, signal.SIGTERM)
    server.wait(30)
    with pytest.raises(UserError, match="does not answer"):
        register.main()
    assert Path("build/registration.json").read_bytes() == before


def test_an_older_schema_ends_the_stage_with_status_2(compared):
    with sqlite3.connect("mlflow.db") as database:
        database.execute("UPDATE alembic_version SET version_num = 'f5a4f2784254'")
    before = Path("mlflow.db").read_bytes()
    command = [sys.executable, "-m", "phytotron.stages.register"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "mlflow db upgrade" in done.stderr
    assert "Traceback" not in done.stderr
    assert Path("mlflow.db").read_bytes() == before
    assert not Path("build/registration.json").exists()
