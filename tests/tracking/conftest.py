"""Servers and databases that a store can be on."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

import pytest
import requests
from tests.fixtures.mlflow_projects import open_tracking_store


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait until another process has made a condition true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.05)


@pytest.fixture
def eventually() -> Callable[..., None]:
    """`eventually(condition, seconds=60)` waits until it is true."""
    return wait_until


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


class Server:
    """A real `mlflow server` on a loopback port; it can be stopped and started again."""

    def __init__(self, folder: Path, database: str) -> None:
        self.uri = f"http://127.0.0.1:{free_port()}"
        self.folder = folder
        self.database = database
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "mlflow", "server", "--workers", "1"]
        command += ["--host", "127.0.0.1", "--port", self.uri.rpartition(":")[2]]
        command += ["--backend-store-uri", self.database]
        command += ["--artifacts-destination", str(self.folder / "artifacts")]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, start_new_session=True, cwd=self.folder, stdout=log, stderr=log
            )
        wait_until(self.answers, seconds=120)

    def answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "server.log").read_text()
        try:
            return requests.get(f"{self.uri}/health", timeout=5).ok
        except requests.RequestException:
            return False

    def stop(self) -> None:
        """End it as a crash would, with all connections."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of a database in a separate PostgreSQL server on a loopback port."""
    pytest.importorskip("psycopg", reason="psycopg, the driver of PostgreSQL, is not installed")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        pytest.skip("no MLFLOW_TRACKING_URI, and Debian's postgresql is not installed")
    programs = found[-1].parent
    as_owner: dict[str, str] = {}
    folder = Path(tempfile.mkdtemp(prefix="phytotron-postgresql-"))
    if os.getuid() == 0:  # PostgreSQL refuses to be run by root
        as_owner = {"user": "nobody"}
        shutil.chown(folder, "nobody")
    initialise = [programs / "initdb", "-D", folder / "data", "-A", "trust", "-U", "mlflow"]
    subprocess.run(
        [*initialise, "--no-sync"], check=True, capture_output=True, cwd=folder, **as_owner
    )
    port = free_port()
    command = [programs / "postgres", "-D", folder / "data", "-p", str(port), "-F"]
    command += ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL, **as_owner)
    ready = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "mlflow"]
    try:
        wait_until(lambda: subprocess.run(ready, check=False).returncode == 0)
        yield f"postgresql://mlflow@127.0.0.1:{port}/postgres"
    finally:
        process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
        process.wait(30)
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def server_on_sqlite(tmp_path_factory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    yield from _served(folder, f"sqlite:///{folder}/server.db")


@pytest.fixture(scope="session")
def server_on_postgresql(tmp_path_factory) -> Iterator[Server]:
    with postgresql() as database:
        yield from _served(tmp_path_factory.mktemp("server"), database)


def _served(folder: Path, database: str) -> Iterator[Server]:
    server = Server(folder, database)
    try:
        server.start()
        yield server
    finally:
        server.stop()


STORES = [
    "sqlite",
    pytest.param("server", marks=pytest.mark.slow),
    pytest.param("postgresql", marks=pytest.mark.slow),
]


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory) -> Path:
    """The file of an SQLite store without runs."""
    folder = tmp_path_factory.mktemp("empty")
    with chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        open_tracking_store()
    return folder / "mlflow.db"


@pytest.fixture(params=STORES)
def uri(request, tmp_path, empty_database) -> str:
    """The address of a store: SQLite, a server on SQLite, and a server on PostgreSQL.

    The last one is that of MLFLOW_TRACKING_URI, if it names one.
    """
    if request.param == "sqlite":
        shutil.copy(empty_database, tmp_path)
        return f"sqlite:///{tmp_path}/mlflow.db"
    given = os.environ.get("MLFLOW_TRACKING_URI", "")
    if request.param == "postgresql" and given.startswith("http"):
        return given
    server: Server = request.getfixturevalue(
        "server_on_sqlite" if request.param == "server" else "server_on_postgresql"
    )
    return server.uri
