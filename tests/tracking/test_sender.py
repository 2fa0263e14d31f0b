"""Trainings, senders and stores are real processes here; they are killed and stopped for real."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from phytotron import doctor
from phytotron.errors import UserError
from phytotron.tracking.environment import mlflow
from phytotron.tracking.journal import FILE, FOLDER, Journal, Life, unsent_trainings
from phytotron.tracking.live import ENDED, HEARTBEAT, LiveRun
from phytotron.tracking.sender import lock_file, replay_all
from phytotron.tracking.store import open_store

TRAINER = Path(__file__).with_name("trainer.py")


class Training:
    """A training in a separate process, with its sender, in the current folder."""

    def __init__(self, key: str, settings: dict | None, **environment: str) -> None:
        self.folder = FOLDER / key
        self.errors = Path(f"errors-{uuid.uuid4().hex}")
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, TRAINER, key, json.dumps(settings)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=os.environ | environment,
            )
        self.greeting = self.process.stdout.readline().strip()

    def log(self, first: int, last: int) -> None:
        self.process.stdin.write(f"log {first} {last}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"

    def end(self, command: str = "end") -> int:
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.close()
        return self.process.wait(30)

    def sender(self) -> psutil.Process | None:
        """The process that sends, once it has the lock."""
        return next(iter(psutil.Process(self.process.pid).children()), None)

    def told(self) -> str:
        return self.errors.read_text()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture
def key() -> str:
    return uuid.uuid4().hex[:16]


@pytest.fixture
def settings(uri, key) -> dict:
    """The config's group `tracking`, with an MLflow experiment for this test alone."""
    sender = {"sample": 0.2, "heartbeat": 0.2, "longest_pause": 0.5, "grace": 1}
    return {"uri": uri, "artifacts": "mlartifacts", "experiment": key, "sender": sender}


@pytest.fixture
def train(key, settings) -> Iterator[Callable[[], Training]]:
    """Starts a training; what still runs at the end of the test is killed."""
    started: list[Training] = []

    def start(**environment: str) -> Training:
        started.append(Training(key, settings, **environment))
        return started[-1]

    yield start
    for training in started:
        if training.process.poll() is None:
            for process in psutil.Process(training.process.pid).children():
                process.kill()
            training.kill()


def runs(settings: dict) -> list[mlflow.entities.Run]:
    client = mlflow.MlflowClient(settings["uri"])
    experiment = client.get_experiment_by_name(settings["experiment"])
    return client.search_runs([experiment.experiment_id]) if experiment else []


def status(settings: dict) -> str | None:
    """Of the only run."""
    found = runs(settings)
    assert len(found) < 2
    return found[0].info.status if found else None


def steps(settings: dict, name: str = "loss") -> list[int]:
    """The steps at which the only run has a metric."""
    (run,) = runs(settings)
    client = mlflow.MlflowClient(settings["uri"])
    return sorted(metric.step for metric in client.get_metric_history(run.info.run_id, name))


def has_started(settings: dict) -> bool:
    return status(settings) == "RUNNING"


def test_a_training_that_has_ended_is_in_mlflow_as_a_whole(train, settings, eventually):
    training = train()
    training.log(1, 1500)
    assert training.end() == 0
    eventually(lambda: not training.folder.exists())
    (run,) = runs(settings)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "docs/x"
    assert run.info.start_time < run.info.end_time
    assert run.data.params == {"seed": "0", "model.layers": "[1, 2]"}
    for name in ("loss", "odd_name", "epoch"):
        assert steps(settings, name) == list(range(1, 1501))
    assert run.data.metrics["loss"] == 1 / 1501
    assert not lock_file(training.folder).exists()


@pytest.mark.slow
def test_a_running_training_is_seen_to_live(train, settings, eventually):
    training = train()
    training.log(1, 10)
    eventually(lambda: has_started(settings) and HEARTBEAT in runs(settings)[0].data.tags)
    (before,) = runs(settings)
    eventually(lambda: runs(settings)[0].data.tags[HEARTBEAT] > before.data.tags[HEARTBEAT])
    names = ("cpu_utilization_percentage", "training_memory_usage_megabytes")
    eventually(lambda: all(f"system/{name}" in runs(settings)[0].data.metrics for name in names))
    assert steps(settings) == list(range(1, 11))


def test_killed_it_is_shown_so_and_resumed_it_continues_the_run(train, settings, eventually):
    training = train()
    training.log(1, 100)
    eventually(lambda: has_started(settings))
    training.kill()
    eventually(lambda: status(settings) == "KILLED")
    assert "without logging a reason" in runs(settings)[0].data.tags[ENDED]
    resumed = train()
    resumed.log(70, 150)  # from the last checkpoint on
    eventually(lambda: status(settings) == "RUNNING")
    resumed.end()
    eventually(lambda: not training.folder.exists())
    assert status(settings) == "FINISHED"
    assert steps(settings) == list(range(1, 151))


@pytest.mark.slow
def test_a_sender_that_is_killed_is_replaced(train, settings, eventually):
    training = train()
    training.log(1, 1000)
    eventually(lambda: has_started(settings))
    first = training.sender()
    first.kill()
    training.log(1001, 1100)
    eventually(lambda: training.sender() not in (None, first))
    training.end()
    eventually(lambda: not training.folder.exists())
    assert status(settings) == "FINISHED"
    assert steps(settings) == list(range(1, 1101))


@pytest.mark.slow
def test_trainer_and_sender_killed_together_are_found_and_put_right(
    train, settings, eventually, monkeypatch
):
    training = train()
    training.log(1, 100)
    eventually(lambda: has_started(settings))
    sender = training.sender()
    sender.suspend()  # as in a power cut, nobody sees the other one die
    training.log(101, 120)
    training.kill()
    sender.kill()
    assert status(settings) == "RUNNING"
    (finding,) = doctor.check_journals()
    assert training.folder.as_posix() in finding.problem
    words = finding.repair.split()
    done = subprocess.run([sys.executable, *words[1:]], capture_output=True, text=True, check=True)
    assert "now sent: 1" in done.stdout
    assert status(settings) == "KILLED"
    assert steps(settings) == list(range(1, 121))
    assert list(doctor.check_journals()) == []
    resumed = train()
    resumed.log(100, 130)
    resumed.end()
    eventually(lambda: not training.folder.exists())
    assert status(settings) == "FINISHED"
    assert steps(settings) == list(range(1, 131))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "expected", "reason"),
    [("fail out of memory", "FAILED", "out of memory"), ("stop", "KILLED", "KeyboardInterrupt")],
)
def test_how_it_ended_is_told_with_the_reason(
    train, settings, eventually, command, expected, reason
):
    training = train()
    assert training.end(command) != 0
    eventually(lambda: status(settings) == expected)
    assert reason in runs(settings)[0].data.tags[ENDED]
    assert training.folder.exists()  # it may be resumed


def test_what_is_sent_again_is_there_once(settings, key):
    """A sender that was killed between the store's answer and its own note of it."""
    folder = FOLDER / key
    journal = Journal(folder / FILE)
    journal.start("docs/x", key, {"seed": 0}, settings)
    store = open_store(settings)
    LiveRun(folder, store, key).send()
    before = (folder / "sent.json").read_bytes()
    for step in range(20):
        journal.metrics(step, {"loss": float(step), "odd": float("nan"), "far": float("inf")})
    LiveRun(folder, store, key).send()
    (folder / "sent.json").write_bytes(before)
    journal.metrics(20, {"loss": 20.0})
    journal.end("FINISHED")
    LiveRun(folder, store, key).send()
    assert steps(settings) == list(range(21))
    assert steps(settings, "odd") == steps(settings, "far") == list(range(20))
    assert status(settings) == "FINISHED"


def test_the_same_training_once_more_adds_nothing_twice(settings, key):
    store = open_store(settings)
    for last in (20, 30):
        journal = Journal(FOLDER / key / FILE)
        journal.start("docs/x", key, {"seed": last}, settings)  # what may differ in one training
        for step in range(last):
            journal.metrics(step, {"loss": 1 / (1 + step)})
        journal.end("FINISHED")
        live = LiveRun(FOLDER / key, store, key)
        live.send()
        assert live.remove_if_done()
    assert steps(settings) == list(range(30))
    assert runs(settings)[0].data.params["seed"] == "20"


def test_a_run_that_was_deleted_is_made_anew(settings, key):
    journal = Journal(FOLDER / key / FILE)
    journal.start("docs/x", key, {}, settings)
    journal.metrics(1, {"loss": 0.5})
    store = open_store(settings)
    LiveRun(FOLDER / key, store, key).send()
    store.client.delete_run(runs(settings)[0].info.run_id)
    journal.metrics(2, {"loss": 0.4})
    LiveRun(FOLDER / key, store, key).send()
    assert steps(settings) == [1, 2]


OWN_SERVERS = ["server_on_sqlite", "server_on_postgresql"]


@pytest.fixture(params=OWN_SERVERS)
def server(request):
    """A server that may be stopped; it runs again after the test."""
    server = request.getfixturevalue(request.param)
    yield server
    if server.process is None:
        server.start()


@pytest.fixture
def served(key, server) -> dict:
    sender = {"sample": 0.2, "heartbeat": 0.2, "longest_pause": 0.5, "grace": 1}
    return {"uri": server.uri, "artifacts": "", "experiment": key, "sender": sender}


@pytest.mark.slow
def test_a_server_that_is_away_for_a_while_loses_and_stops_nothing(key, server, served, eventually):
    training = Training(key, served)
    training.log(1, 100)
    eventually(lambda: has_started(served))
    server.stop()
    training.log(101, 1200)
    eventually(lambda: "does not answer" in training.told() or "cannot be" in training.told())
    samples = (training.folder / "system.jsonl").stat().st_size
    eventually(lambda: (training.folder / "system.jsonl").stat().st_size > samples)
    training.log(1201, 1300)
    server.start()
    eventually(lambda: "is back" in training.told())
    training.end()
    eventually(lambda: not training.folder.exists())
    assert status(served) == "FINISHED"
    assert steps(served) == list(range(1, 1301))
    samples = steps(served, "system/cpu_utilization_percentage")
    assert samples == list(range(len(samples)))


@pytest.mark.slow
def test_a_server_that_is_away_to_the_end_gets_everything_later(key, server, served, eventually):
    server.stop()
    training = Training(key, served)
    training.log(1, 100)
    eventually(lambda: "does not answer" in training.told())
    assert training.told().count("\n") == 1
    assert training.end() == 0
    eventually(lambda: "gave up" in (training.folder / "sender.log").read_text())
    with pytest.raises(UserError, match="does not answer"):
        replay_all()
    server.start()
    assert unsent_trainings() == [training.folder]
    assert replay_all() == 1
    assert status(served) == "FINISHED"
    assert steps(served) == list(range(1, 101))
    assert not training.folder.exists()


@pytest.fixture
def fresh(tmp_path) -> dict:
    """Settings of an SQLite store that does not exist yet."""
    sender = {"longest_pause": 0.5, "grace": 0}
    uri = f"sqlite:///{tmp_path}/mlflow.db"  # MLflow keeps connections by address
    return {"uri": uri, "artifacts": "mlartifacts", "experiment": "docs", "sender": sender}


@pytest.mark.slow
def test_a_store_that_cannot_be_used_does_not_stop_training(key, fresh, eventually):
    with sqlite3.connect("mlflow.db") as database:
        database.execute("CREATE TABLE customers (name TEXT)")
    training = Training(key, fresh)
    eventually(lambda: "no MLflow schema" in training.told())
    training.log(1, 10)
    assert training.end() == 0
    assert training.told().count("\n") == 1
    eventually(lambda: "gave up" in (training.folder / "sender.log").read_text())
    Path("mlflow.db").unlink()
    assert replay_all() == 1
    assert steps(fresh) == list(range(1, 11))


@pytest.mark.slow
def test_without_a_config_training_continues_and_says_so(key, eventually):
    training = Training(key, None)
    eventually(lambda: "the pipeline has not run here" in training.told())
    training.log(1, 10)
    assert training.end() == 0
    assert training.told().count("\n") == 1


def test_only_the_first_process_of_a_distributed_training_has_a_journal(key, fresh):
    training = Training(key, fresh, LOCAL_RANK="1")
    assert training.greeting == "not the first"
    assert training.end() == 0
    assert not training.folder.exists()


def test_the_same_cannot_be_trained_twice_at_once(key):
    first = Training(key, None)
    second = Training(key, None)
    assert second.process.wait() != 0
    assert "is being trained already" in second.told()
    first.log(1, 2)
    assert first.end() == 0
    assert Life(first.folder).end["status"] == "FINISHED"


@pytest.mark.slow
def test_a_sender_that_cannot_work_at_all_does_not_stop_training(key, fresh, eventually):
    Path("mlflow.py").write_text("raise ImportError('a damaged installation')")
    training = Training(key, fresh, PYTHONPATH=str(Path.cwd()))
    training.log(1, 10)
    eventually(lambda: "ended with status 1" in training.told())
    training.log(11, 20)
    assert training.end() == 0
    assert training.told().count("\n") == 1
    assert replay_all() == 1
    assert steps(fresh) == list(range(1, 21))


@pytest.mark.slow
def test_the_sender_needs_nothing_of_what_training_needs():
    check = (
        "import sys\n"
        "from phytotron.tracking import live, machine_monitor, sender, store\n"
        "print({'torch', 'pytorch_lightning', 'sklearn', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.slow
def test_sixteen_trainings_may_start_on_a_fresh_store_at_once(fresh, eventually):
    trainings = [Training(f"{number:016x}", fresh) for number in range(16)]
    for training in trainings:
        training.log(1, 50)
    for training in trainings:
        assert training.end() == 0
    eventually(lambda: not any(each.folder.exists() for each in trainings), seconds=240)
    assert [run.info.status for run in runs(fresh)] == ["FINISHED"] * 16
    client = mlflow.MlflowClient(fresh["uri"])
    for run in runs(fresh):
        assert len(client.get_metric_history(run.info.run_id, "loss")) == 50
    assert [training.told() for training in trainings] == [""] * 16
