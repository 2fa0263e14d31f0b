"""`phytotron fetch`: downloads and verifies what the files in `conf/data/` name as sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from phytotron.config.experiments import CONF, load_yaml
from phytotron.data.sources import Source, cached, fetch, label
from phytotron.errors import UserError, did_you_mean
from phytotron.tables import text_table


def data_sets() -> list[str]:
    """The names of all data sets: the files in `conf/data/`."""
    return sorted(path.stem for path in (CONF / "data").glob("*.yaml"))


def list_data_sets() -> list[dict[str, Any]]:
    """All data sets, as objects with `id`, `title`, `sources` and `fetched`.

    `sources` names the first source of each file; a data set without sources is generated, or comes
    with a library. `fetched` is true where all its files are in the cache and complete.
    """
    rows = []
    for name in data_sets():
        files = sources_of(name)
        first_line = _path(name).read_text(encoding="utf-8").partition("\n")[0]
        rows.append(
            {
                "id": name,
                "title": first_line.removeprefix("# "),
                "sources": [label(sources[0]) for sources in files],
                "fetched": all(cached(sources) for sources in files),
            }
        )
    return rows


def render(rows: Sequence[Mapping[str, Any]]) -> str:
    """`list_data_sets` as text: one line for each data set."""
    return text_table([[row["id"], _state(row), row["title"]] for row in rows])


def fetch_data_sets(names: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """Fetch the files of data sets; yield each file as soon as it is there.

    If one cannot be fetched, the others are fetched nevertheless.

    Args:
        names: such as `mnist`.

    Yields:
        The name of a data set, and one of its files.

    Raises:
        UserError: there is no such data set (then nothing is fetched), or some files cannot be
            fetched.
    """
    known = data_sets()
    for name in names:
        if name not in known:
            raise UserError(
                f"no data set '{name}'",
                allowed=", ".join(known),
                hint=did_you_mean(name, known),
            )
    failed = []
    for name in names:
        for sources in sources_of(name):
            try:
                yield name, fetch(sources)
            except UserError as error:
                failed.append(f"{name}: {error}")
    if failed:
        raise UserError("\n".join(failed))


def sources_of(name: str) -> list[list[Source]]:
    """The files that a data set needs, each as the list of its sources."""
    return list(_sources(load_yaml(_path(name))))


def _sources(node: Any) -> Iterator[list[Source]]:
    """Every list in a config whose items name a provider."""
    if isinstance(node, Mapping):
        for value in node.values():
            yield from _sources(value)
    elif isinstance(node, list) and node:
        if all(isinstance(item, Mapping) and "provider" in item for item in node):
            yield node
        else:
            for item in node:
                yield from _sources(item)


def _path(name: str) -> Path:
    return CONF / "data" / f"{name}.yaml"


def _state(row: Mapping[str, Any]) -> str:
    if not row["sources"]:
        return "no download"
    return "fetched" if row["fetched"] else "not fetched"
