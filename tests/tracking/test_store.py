from __future__ import annotations

import hashlib
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import chdir
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import sqlalchemy
from alembic import command
from alembic.config import Config
from filelock import FileLock

from phytotron.errors import UserError
from phytotron.tracking import schema, store
from phytotron.tracking.environment import mlflow
from phytotron.tracking.store import check_store, lock, open_store

MIGRATIONS = Path(mlflow.__file__).parent / "store" / "db_migrations"
OLDER = "f5a4f2784254"  # a revision of MLflow 2.10


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory) -> Path:
    """The file of a store that was set up and has no runs."""
    folder = tmp_path_factory.mktemp("empty")
    with chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)  # MLflow sets it as well as reads it
        open_store(SQLITE)
    return folder / "mlflow.db"


def settings(uri: str) -> dict[str, str]:
    return {"uri": uri, "artifacts": "mlartifacts", "experiment": "docs"}


SQLITE = settings("sqlite:///mlflow.db")


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def old_database(path: Path) -> None:
    """A database as an earlier MLflow left it, made by MLflow's own migrations up to there."""
    from mlflow.store.tracking.dbmodels.initial_models import Base

    engine = sqlalchemy.create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, OLDER)
    engine.dispose()


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_fresh_store_works_and_keeps_its_artifacts_where_the_config_says(tmp_path):
    opened = open_store(SQLITE)
    run = opened.client.create_run("0")
    assert Path("mlflow.db").exists()
    assert run.info.artifact_uri.startswith((tmp_path / "mlartifacts").as_uri())
    assert check_store(SQLITE) == []


def test_the_environment_variable_wins_over_the_config(empty_store, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{empty_store}")
    assert open_store(SQLITE).uri == f"sqlite:///{empty_store}"
    assert not Path("mlflow.db").exists()


def test_nothing_is_unpickled_and_nothing_is_reported():
    assert os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] == "false"
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"


# Imports once, then forks: four processes arrive within milliseconds.
FOUR = """
    import os
    from phytotron.tracking.store import open_store

    def child():
        store = open_store({settings})
        store.client.create_run("0")

    pids = []
    for _ in range(4):
        pid = os.fork()
        if pid == 0:
            try:
                child()
            except BaseException as error:
                print(repr(error), flush=True)
                os._exit(1)
            os._exit(0)
        pids.append(pid)
    codes = [os.waitpid(pid, 0)[1] for pid in pids]
    assert codes == [0] * 4, codes
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_four_processes_may_start_on_a_fresh_store_at_once():
    script = textwrap.dedent(FOUR).format(settings=SQLITE)
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)
    assert len(open_store(SQLITE).client.search_runs(["0"])) == 4


# The limit on file sizes stands for a full disk.
FULL = """
    import resource
    from phytotron.tracking.store import open_store
    from phytotron.errors import UserError

    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    try:
        open_store({settings})
    except UserError as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs RLIMIT_FSIZE")
def test_a_full_disk_is_answered_and_leaves_no_half_store():
    script = textwrap.dedent(FULL).format(settings=SQLITE)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120
    )
    assert "the MLflow store cannot be read: " in done.stdout, done.stderr
    assert [path.name for path in Path().iterdir() if path.name != "mlflow.db.lock"] == []


def test_a_store_at_an_older_schema_is_refused_untouched(tmp_path):
    file = tmp_path / "mlflow.db"
    old_database(file)
    before = digest(file)
    with pytest.raises(UserError) as error:
        open_store(SQLITE)
    assert OLDER in str(error.value)
    assert f"mlflow db upgrade sqlite:///{file.as_posix()}" in str(error.value)
    assert digest(file) == before
    (finding,) = check_store(SQLITE)
    assert "older schema" in finding.problem
    assert "mlflow db upgrade" in finding.repair


@pytest.mark.slow
def test_the_command_that_is_named_repairs_an_older_schema(tmp_path):
    old_database(tmp_path / "mlflow.db")
    with pytest.raises(UserError) as error:
        open_store(SQLITE)
    words = str(error.value).rpartition("run: ")[2].split()
    subprocess.run([sys.executable, "-m", *words], check=True, timeout=120, capture_output=True)
    open_store(SQLITE).client.create_run("0")


def test_a_store_at_a_newer_schema_is_refused_untouched(tmp_path):
    file = tmp_path / "mlflow.db"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        database.execute("INSERT INTO alembic_version VALUES ('ffffffffffff')")
    before = digest(file)
    with pytest.raises(UserError, match="newer one"):
        open_store(SQLITE)
    assert digest(file) == before


def test_another_database_is_not_filled_with_tables(tmp_path):
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        database.execute("CREATE TABLE customers (name TEXT)")
    with pytest.raises(UserError, match="no MLflow schema"):
        open_store(SQLITE)


def test_a_file_that_is_no_database_is_answered(tmp_path):
    (tmp_path / "mlflow.db").write_bytes(b"not a database" * 1000)
    with pytest.raises(UserError, match="file is not a database"):
        open_store(SQLITE)


@pytest.mark.parametrize("uri", ["mlruns", "file:///somewhere/mlruns"])
def test_a_file_store_is_refused_with_the_way_out(uri):
    with pytest.raises(UserError, match="mlflow migrate-filestore"):
        open_store(settings(uri))
    (finding,) = check_store(settings(uri))
    assert "migrate-filestore" in finding.repair
    assert not Path("mlruns").exists()


def test_a_server_that_is_away_is_answered_within_seconds():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = time.monotonic()
    with pytest.raises(UserError, match="does not answer"):
        open_store(settings(f"http://127.0.0.1:{port}"))
    assert time.monotonic() - start < 5


def test_a_server_that_says_nothing_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(store, "ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        (finding,) = check_store(settings(uri))
    assert "does not answer" in finding.problem


def test_something_else_that_answers_is_no_mlflow_server():
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(UserError, match="HTTP 404"):
            open_store(settings(f"http://127.0.0.1:{server.server_port}"))
    finally:
        server.shutdown()
        server.server_close()


def test_a_lock_that_another_process_holds_is_named(empty_store):
    shutil.copy(empty_store, ".")
    with FileLock("mlflow.db.lock"):
        (finding,) = check_store(SQLITE)
        with pytest.raises(UserError, match=r"mlflow\.db\.lock"), lock(store.store_uri(SQLITE), 0):
            pass
    assert "another process" in finding.problem
    assert check_store(SQLITE) == []


def test_artifacts_that_are_gone_are_found(empty_store, tmp_path):
    shutil.copy(empty_store, ".")
    client = open_store(SQLITE).client
    experiment = client.create_experiment("docs", artifact_location=tmp_path.as_uri() + "/gone")
    assert check_store(SQLITE) == []
    client.create_logged_model(experiment)
    (finding,) = check_store(SQLITE)
    assert "'docs' are not at" in finding.problem


def test_a_password_is_not_shown():
    assert "secret" not in schema.shown("postgresql://me:secret@db.example.org/mlflow")
