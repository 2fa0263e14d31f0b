"""Faults while fetching: each is a clear error and leaves no partial file."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from phytotron.data.sources import fetch, file_name
from phytotron.errors import UserError

CONTENT = bytes(range(256)) * 4096  # 1 MiB

posix = pytest.mark.skipif(sys.platform == "win32", reason="the client is a shell script")


class Server(ThreadingHTTPServer):
    """Serves `content` at any path, and records the requested ranges.

    Attributes:
        break_after: bytes of an answer after which the connection is cut; None: never.
        ranges: False: it sends the whole file, whatever part is asked for.
        status: what it answers.
        asked: the Range header of each request, None where there was none.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = CONTENT
        self.break_after: int | None = None
        self.ranges = True
        self.status = 200
        self.asked: list[str | None] = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers["Range"]
        self.server.asked.append(wanted)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        if start and self.server.ranges and start >= len(self.server.content):
            self.send_response(416)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if not self.server.ranges:
            start = 0
        body = self.server.content[start:]
        self.send_response(206 if start else self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.break_after])
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Silence."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def source(server) -> dict[str, str]:
    return {
        "provider": "https",
        "url": f"http://127.0.0.1:{server.server_port}/set.tgz",
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
    }


def visible(cache: Path) -> list[Path]:
    """The files of the cache without its hidden locks and partial transfers."""
    return [path for path in cache.iterdir() if not path.name.startswith(".")]


# --- a web server ------------------------------------------------------------------------------


def test_a_file_of_a_web_server_is_fetched_once(server, source, tmp_path):
    path = fetch([source], tmp_path)
    assert path.read_bytes() == CONTENT
    assert fetch([source], tmp_path) == path
    assert server.asked == [None]
    assert visible(tmp_path) == [path]


def test_a_transfer_that_breaks_off_is_reported(server, source, tmp_path):
    server.break_after = 128 << 10
    with pytest.raises(UserError, match=f"broke off after {384 << 10} bytes"):
        fetch([source], tmp_path)
    assert visible(tmp_path) == []
    assert server.asked == [None, "bytes=131072-", "bytes=262144-"]


def test_the_next_fetch_resumes_a_broken_transfer(server, source, tmp_path):
    server.break_after = 128 << 10
    with pytest.raises(UserError):
        fetch([source], tmp_path)
    server.break_after, server.asked = None, []
    assert fetch([source], tmp_path).read_bytes() == CONTENT
    assert server.asked == ["bytes=393216-"]


def test_a_server_without_ranges_sends_the_whole_file(server, source, tmp_path):
    server.ranges, server.break_after = False, len(CONTENT) // 2
    with pytest.raises(UserError, match=f"broke off after {len(CONTENT) // 2} bytes"):
        fetch([source], tmp_path)
    server.break_after = None
    assert fetch([source], tmp_path).read_bytes() == CONTENT


def test_a_part_of_another_file_is_discarded(server, source, tmp_path):
    server.content, server.break_after = b"x" * 500_000, 128 << 10
    with pytest.raises(UserError):
        fetch([source], tmp_path)
    server.content, server.break_after = CONTENT, None
    with pytest.raises(UserError, match="its SHA-256 is"):
        fetch([source], tmp_path)
    assert fetch([source], tmp_path).read_bytes() == CONTENT


def test_a_part_longer_than_the_file_is_discarded(server, source, tmp_path):
    server.content, server.break_after = CONTENT * 2, len(CONTENT) // 2
    with pytest.raises(UserError):
        fetch([source], tmp_path)
    server.content, server.break_after, server.asked = CONTENT, None, []
    assert fetch([source], tmp_path).read_bytes() == CONTENT
    assert server.asked == [f"bytes={len(CONTENT) * 3 // 2}-", None]


def test_wrong_bytes_are_refused_with_both_hashes(server, source, tmp_path):
    server.content = b"something else"
    with pytest.raises(UserError) as error:
        fetch([source], tmp_path)
    assert hashlib.sha256(b"something else").hexdigest() in str(error.value)
    assert source["sha256"] in str(error.value)
    assert visible(tmp_path) == []


def test_a_server_that_refuses_is_not_asked_again(server, source, tmp_path):
    server.status = 404
    with pytest.raises(UserError, match="404 Client Error"):
        fetch([source], tmp_path)
    assert server.asked == [None]


def test_every_reason_is_reported(server, source, tmp_path):
    server.status = 500
    other = source | {"url": "http://127.0.0.1:1/nobody-listens"}
    with pytest.raises(UserError) as error:
        fetch([source, other], tmp_path)
    assert "500 Server Error" in str(error.value)
    assert "nobody-listens: the transfer broke off after 0 bytes" in str(error.value)
    assert str(tmp_path / file_name(source)) in str(error.value)  # where one may put it by hand


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ([], "there are no sources"),
        ([{"provider": "https", "sha256": "0"}], "a source of https needs 'url'"),
        (
            [{"provider": "npm", "package": "a", "version": 1.0, "sha256": "0"}],
            "a source of npm needs 'version', a text",
        ),
    ],
)
def test_an_incomplete_source_is_reported(sources, message, tmp_path):
    with pytest.raises(UserError, match=message):
        fetch(sources, tmp_path)


# --- the disk ----------------------------------------------------------------------------------


def fetch_elsewhere(source: dict[str, str], cache: Path, limit: str = "") -> subprocess.Popen:
    """`fetch` in another process that ends as `phytotron` would."""
    code = f"""
import sys
from pathlib import Path
from phytotron.data.sources import fetch
from phytotron.errors import answer
{limit}
print("ready", flush=True)
try:
    print(fetch([{source!r}], Path({str(cache)!r})))
except Exception as error:
    text, status = answer(error)
    print(text)
    sys.exit(status)
"""
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@posix
def test_a_full_disk_is_reported_and_leaves_nothing(source, tmp_path):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))"
    process = fetch_elsewhere(source, tmp_path, limit)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2, err
    assert "the data cannot be stored" in out
    assert "the file would be larger than allowed" in out
    assert "PHYTOTRON_CACHE" in out
    assert [path.suffix for path in tmp_path.iterdir()] == [".lock"]


def test_a_cache_that_is_a_file_is_reported(source, tmp_path):
    (tmp_path / "cache").write_text("")
    with pytest.raises(UserError, match="the data cannot be stored"):
        fetch([source], tmp_path / "cache")


# --- clients of registries ---------------------------------------------------------------------


@pytest.fixture
def client(tmp_path, monkeypatch):
    """`client(name, script)`: a program that is found first."""

    def install(name: str, script: str) -> None:
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

    return install


def package(provider: str, file: Path) -> dict[str, str]:
    return {
        "provider": provider,
        "package": "some-set",
        "version": "1.0",
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
    }


@posix
def test_two_fetches_at_once_do_the_work_once(client, tmp_path):
    file, calls, go = tmp_path / "some-set-1.0.tgz", tmp_path / "calls", tmp_path / "go"
    file.write_bytes(CONTENT)
    os.mkfifo(go)  # npm waits until the test opens it
    client("npm", f'echo call >> {calls}; cat {go} > /dev/null; cp {file} "$4"')
    cache = tmp_path / "cache"
    processes = [fetch_elsewhere(package("npm", file), cache) for _ in range(3)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    go.write_text("now")
    results = {process.communicate(timeout=60)[0] for process in processes}
    assert results == {f"{cache / 'some-set-1.0'}\n"}
    assert calls.read_text() == "call\n"
    assert (cache / "some-set-1.0").read_bytes() == CONTENT


@posix
def test_half_a_file_of_a_client_is_refused(client, tmp_path):
    file = tmp_path / "some-set-1.0.tgz"
    file.write_bytes(CONTENT)
    client("npm", f'head -c 1000 {file} > "$4/some-set-1.0.tgz"')
    with pytest.raises(UserError, match="its SHA-256 is"):
        fetch([package("npm", file)], tmp_path / "cache")
    assert visible(tmp_path / "cache") == []


@posix
def test_the_partial_file_of_a_killed_client_is_discarded(client, tmp_path):
    file, cache = tmp_path / "some-set-1.0.tgz", tmp_path / "cache"
    file.write_bytes(CONTENT)
    left = cache / ".some-set-1.0.work"
    left.mkdir(parents=True)
    (left / "a.tgz").write_bytes(b"half")
    client("npm", f'cp {file} "$4"')
    assert fetch([package("npm", file)], cache).read_bytes() == CONTENT


@posix
def test_a_debian_package_comes_by_apt(client, tmp_path):
    file = tmp_path / "some-set_1.0_all.deb"
    file.write_bytes(CONTENT)
    client("apt-get", f'[ "$1 $2" = "download some-set=1.0" ] && cp {file} .')
    assert fetch([package("debian", file)], tmp_path / "cache").read_bytes() == CONTENT


@posix
def test_the_message_of_apt_is_reported(client, tmp_path):
    client("apt-get", "echo 'E: Unable to locate package some-set' >&2; exit 100")
    source = {"provider": "debian", "package": "some-set", "version": "1:1.0", "sha256": "0" * 64}
    with pytest.raises(UserError, match=r"debian some-set 1:1\.0: E: Unable to locate package"):
        fetch([source], tmp_path / "cache")


@pytest.fixture
def index(tmp_path, monkeypatch) -> Path:
    """An index of the real pip: a folder with a wheel, and a source package that must not run."""
    folder = tmp_path / "index"
    folder.mkdir()
    with zipfile.ZipFile(folder / "some_set-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("some_set/data.csv", "1,2\n")
        about = "Metadata-Version: 2.1\nName: some-set\nVersion: 1.0\nRequires-Dist: missing\n"
        wheel.writestr("some_set-1.0.dist-info/METADATA", about)
        kind = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        wheel.writestr("some_set-1.0.dist-info/WHEEL", kind)
        wheel.writestr("some_set-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_pip_fetches_a_wheel_without_its_requirements(index, tmp_path):
    wheel = index / "some_set-1.0-py3-none-any.whl"
    path = fetch([package("pypi", wheel)], tmp_path / "cache")
    assert path.read_bytes() == wheel.read_bytes()
    assert visible(tmp_path / "cache") == [path]


def test_a_source_package_is_not_run(index, tmp_path):
    wheel = index / "some_set-1.0-py3-none-any.whl"
    source = package("pypi", wheel)
    wheel.unlink()
    with zipfile.ZipFile(index / "some_set-1.0.zip", "w") as archive:
        archive.writestr("some_set-1.0/setup.py", f"open({str(tmp_path / 'run')!r}, 'w')")
    with pytest.raises(UserError, match="No matching distribution found"):
        fetch([source], tmp_path / "cache")
    assert not (tmp_path / "run").exists()
