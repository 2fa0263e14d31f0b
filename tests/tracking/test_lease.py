from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pytest

from phytotron.config.stage import PIPELINE_CONFIG
from phytotron.errors import UserError
from phytotron.registry import audit
from phytotron.registry.versions import CHAMPION, aliases
from phytotron.tracking import lease as module
from phytotron.tracking.environment import mlflow
from phytotron.tracking.lease import lease
from phytotron.tracking.store import Store, exclusive, open_store, uses_lease

SCRIPT = Path(__file__).with_name("promoter.py")


@pytest.fixture
def client(uri) -> mlflow.MlflowClient:
    return mlflow.MlflowClient(uri)


@pytest.fixture
def short(monkeypatch) -> None:
    """A holder counts as dead soon."""
    monkeypatch.setattr(module, "SECONDS", 1.0)


def names(client: mlflow.MlflowClient) -> list[str]:
    return [each.name for each in client.search_registered_models("name LIKE 'phytotron-lease-%'")]


def test_while_one_holds_it_nobody_else_does(client):
    first, second = (lease(client, who, wait=0) for who in ("first", "second"))
    with first, pytest.raises(UserError, match="first has held"), second:
        pass
    with lease(client, "second", wait=0):
        pass
    assert len(names(client)) == 1


def test_one_after_the_other_counts_right(client):
    """Each one reads a number, and writes it back one higher."""
    name = f"counter-{uuid.uuid4().hex}"
    client.create_registered_model(name, tags={"count": "0"})

    def count(who: int) -> None:
        for _ in range(4):
            with lease(client, str(who), wait=120):
                number = int(client.get_registered_model(name).tags["count"])
                client.set_registered_model_tag(name, "count", str(number + 1))

    threads = [threading.Thread(target=count, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.get_registered_model(name).tags["count"] == "16"


# Takes the lease, says so, and waits to be killed.
HOLDER = """
import sys
from phytotron.tracking import lease
from phytotron.tracking.environment import mlflow
lease.SECONDS = 1.0
with lease.lease(mlflow.MlflowClient(sys.argv[1]), "the dead", wait=60):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_who_was_killed_blocks_nobody_for_long(client, uri, short):
    command = [sys.executable, "-c", HOLDER, uri]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(UserError, match="the dead has held"), lease(client, "next", wait=2):
        pass  # it gives signs of life
    holder.kill()
    holder.communicate()
    with lease(client, "next", wait=60):
        assert len(names(client)) == 1


def test_who_stood_still_is_told_that_another_one_took_over(client, uri, short):
    command = [sys.executable, "-c", HOLDER, uri]
    pipe = subprocess.PIPE
    holder = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)
    assert holder.stdout.readline() == b"held\n"
    holder.send_signal(signal.SIGSTOP)
    with lease(client, "awake", wait=60):
        pass
    holder.send_signal(signal.SIGCONT)
    _, errors = holder.communicate()
    assert holder.returncode != 0
    assert b"another process took over" in errors


def test_an_old_number_does_not_count_even_if_it_is_free_again(client):
    """A process that was suspended between its look and its creation."""
    for holder in ("a", "b", "c"):
        with lease(client, holder, wait=0):
            pass
    (last,) = names(client)
    number = int(last.removeprefix(module.PREFIX))
    leases = module._leases
    looks = itertools.chain([[module._Lease(number - 2, "a", module._RELEASED)]])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_leases", lambda store: next(looks, None) or leases(store))
        with lease(client, "late", wait=0):
            assert names(client) == [f"{module.PREFIX}{number + 1}"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["server_on_sqlite", "server_on_postgresql"])
def test_promotions_of_several_machines_are_one_history(name, request, folder, monkeypatch):
    """Each process has its own temporary folder, so that no lock file is shared."""
    server = request.getfixturevalue(name)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
    store: Store = open_store({"uri": "", "artifacts": "mlartifacts"})
    model = "router"
    store.client.create_registered_model(model)
    for _ in range(3):
        store.client.create_model_version(model, "s3://nowhere/model")
    assert PIPELINE_CONFIG.exists()
    processes = []
    for number in range(4):
        temporary = folder / f"machine-{number}"
        temporary.mkdir()
        processes.append(
            subprocess.Popen(
                [sys.executable, SCRIPT, "3", str(number)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=os.environ | {"TMPDIR": str(temporary)},
            )
        )
    for process in processes:
        assert process.stdout.readline() == b"ready\n"
    for process in processes:
        process.stdin.write(b"go\n")
        process.stdin.flush()
    outputs = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    moves = audit.trail(store, model)
    assert len(moves) == sum(map(int, outputs)) >= 12
    assert [move.number for move in moves] == list(range(1, len(moves) + 1))
    assert moves[0].before is None
    for earlier, later in itertools.pairwise(moves):
        assert later.before == earlier.after
    assert all(move.done and move.action == "promote" for move in moves)
    assert aliases(store, model)[CHAMPION] == moves[-1].after


@pytest.mark.parametrize(
    ("uri", "chosen", "expected"),
    [
        ("sqlite:///mlflow.db", None, False),
        ("postgresql://host/mlflow", None, True),
        ("http://host", None, True),
        ("sqlite:///mlflow.db", True, True),
        ("http://host", False, False),
    ],
)
def test_a_lease_is_for_stores_that_several_machines_use(monkeypatch, uri, chosen, expected):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert uses_lease({"uri": uri, "lease": chosen}) is expected
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)  # replaces `uri`, and decides like it
    assert uses_lease({"uri": "sqlite:///other.db", "lease": chosen}) is expected


def test_a_lease_that_is_neither_on_nor_off_is_answered():
    with pytest.raises(UserError, match=r"tracking\.lease: 'on'\n.*true, false, null"):
        uses_lease({"uri": "sqlite:///mlflow.db", "lease": "on"})


@pytest.mark.parametrize("chosen", [True, False])
def test_a_writer_holds_the_lease_where_the_config_says_so(
    empty_database, tmp_path, monkeypatch, chosen
):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)  # which MLflow sets as well as reads
    shutil.copy(empty_database, tmp_path)
    address = f"sqlite:///{tmp_path}/mlflow.db"
    store = open_store({"uri": address, "artifacts": "mlartifacts", "lease": chosen})
    with exclusive(store):
        assert names(store.client) == (["phytotron-lease-1"] if chosen else [])
        assert [each.heartbeat == module._RELEASED for each in module._leases(store.client)] == (
            [False] if chosen else []
        )
